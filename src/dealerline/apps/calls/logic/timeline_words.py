"""The words of the timeline: each kind of fact in Chinese and English, and the words of its values."""

from __future__ import annotations

WORDS: dict[str, tuple[str, str]] = {
    "call.arrived": ("来电：{from_number} 拨打 {to_number}（{line}）",
                     "Call from {from_number} to {to_number} ({line})"),
    "call.unknown_number": ("拨打的号码 {to_number} 没有对应线路", "The number rung, {to_number}, has no line"),
    "call.answered": ("系统应答", "The centre answers"),
    "call.ended": ("通话结束（{by}）", "The call ends ({by})"),
    "caller.listed": ("来电号码在名单中：{standing}", "The caller's number is listed as {standing}"),
    "caller.identified": ("按客户输入的数字查找：{result}{way}", "Looked for by the digits he keyed: {result}{way}"),
    "flow.started": ("进入语音流程{words}", "The flow begins{words}"),
    "flow.node": ("流程节点：{node}", "Flow node: {node}"),
    "flow.prompt": ("播放提示音", "A prompt is played"),
    "flow.key": ("客户按键 {digits}{words}", "The caller keys {digits}{words}"),
    "flow.timeout": ("客户没有按键", "The caller keys nothing"),
    "flow.wrong_key": ("客户按错键 {digits}", "The caller keys {digits}, which is no choice"),
    "flow.language": ("选择语言：{language}", "Language: {language}"),
    "flow.error": ("流程出错：{reason}", "The flow fails: {reason}"),
    "flow.ended": ("语音流程结束", "The flow ends"),
    "forward.started": ("转接到 {number}", "Forwarding to {number}"),
    "forward.ended": ("转接结果：{result}", "Forwarding: {result}"),
    "voicemail.started": ("开始录制留言", "A message is being left"),
    "voicemail.recorded": ("留言 {seconds} 秒", "A message of {seconds} s was left"),
    "queue.entered": ("进入队列 {queue}，第 {position} 位", "Enters queue {queue} as number {position}"),
    "queue.announced": ("播报：第 {position} 位", "Is told: number {position}"),
    "queue.returned": ("回到队列最前（{reason}）", "Back in front of the queue ({reason})"),
    "queue.kept": ("优先等待 {agent}", "Waits for {agent} first"),
    "queue.overflow": ("队列 {queue} 溢出（{rule}）：{target}", "Overflows from {queue} ({rule}) to {target}"),
    "queue.left": ("离开队列（{reason}），等待 {waited} 秒", "Leaves the queue ({reason}) after {waited} s"),
    "callback.promised": ("承诺回电 {number}", "Is promised a call on {number}"),
    "callback.tried": ("第 {tries} 次回电未成：{result}", "Call-back {tries} came to nothing: {result}"),
    "callback.returned": ("已承诺回电的客户自己来电，保留原位置",
                          "Was promised a call and rings himself, in his old place"),
    "callback.kept": ("承诺的回电已兑现（{how}）", "The promised call-back is kept ({how})"),
    "callback.unreached": ("回电未能接通：{reason}", "Could not be reached: {reason}"),
    "callback.cancelled": ("回电已由 {by} 取消", "{by} takes the call-back back"),
    "offer.made": ("分配给 {agent}（{why}）", "Offered to {agent} ({why})"),
    "offer.ended": ("{agent}：{result}", "{agent}: {result}"),
    "talk.started": ("{agent} 接听", "{agent} answers"),
    "talk.ended": ("{agent} 结束通话", "{agent} ends talking"),
    "hold.started": ("{agent} 保持通话，客户听音乐", "{agent} holds the call; the caller hears music"),
    "hold.ended": ("{agent} 恢复通话", "{agent} takes the call off hold"),
    "mute.started": ("{agent} 静音", "{agent} mutes himself"),
    "mute.ended": ("{agent} 取消静音", "{agent} is not muted any more"),
    "key.sent": ("{agent} 发送按键", "{agent} sends keys"),
    "agent.state": ("{agent}：{old} → {new}", "{agent}: {old} → {new}"),
    "agent.lost": ("{agent} 的{what}断开，客户听音乐等待", "{agent}'s {what} is gone; the caller hears music"),
    "agent.back": ("{agent} 已恢复", "{agent} is back"),
    "wrap.started": ("{agent} 开始话后处理", "{agent} begins after-call work"),
    "wrap.ended": ("{agent} 完成话后处理", "{agent} ends after-call work"),
    "party.joined": ("{party}加入通话", "{party} joins"),
    "party.left": ("{party}离开通话（{reason}），共 {seconds} 秒", "{party} leaves after {seconds} s ({reason})"),
    "party.held": ("{agent} 让{party}听音乐等待", "{agent} puts {party} on hold"),
    "party.unheld": ("{agent} 请{party}回来", "{agent} takes {party} off hold"),
    "party.muted": ("{agent} 将{party}静音", "{agent} mutes {party}"),
    "party.unmuted": ("{agent} 取消{party}的静音", "{agent} unmutes {party}"),
    "room.entered": ("{party}进入{room}", "{party}: to {room}"),
    "room.volume": ("{agent} 将{room}听到主会议室的音量设为{level}", "{agent}: {room} hears the main room {level}"),
    "host.changed": ("{party}成为主持人", "{party} is host now"),
    "conference.locked": ("{agent} 锁定会议，他人不能再加入", "{agent} locks the conference: nobody else comes in"),
    "conference.unlocked": ("{agent} 解除会议锁定", "{agent} unlocks the conference"),
    "supervision.started": ("{agent} 开始{mode}（{watched}）", "{agent} begins to {mode} ({watched})"),
    "supervision.changed": ("{agent} 改为{mode}", "{agent} changes to {mode}"),
    "supervision.ended": ("{agent} 结束监听（{reason}）", "{agent} ends supervision ({reason})"),
    "taken_over": ("{agent} 从 {watched} 抢接通话", "{agent} takes the call over from {watched}"),
    "hand.raised": ("{agent} 举手求助", "{agent} raises a hand for help"),
    "hand.lowered": ("举手已由 {by} 放下", "{by} lowers the hand"),
    "agent.forced": ("{by} 对 {agent} 强制{what}", "{by} forces {agent}: {what}"),
    "track.started": ("{party}单独录音开始（{audience}）", "{party} is recorded apart ({audience})"),
    "track.stopped": ("{track}单独录音结束，{seconds} 秒", "{track}: recording apart ends after {seconds} s"),
    "track.failed": ("{track}单独录音失败：{reason}", "{track}: recording apart failed: {reason}"),
    "rating.asked": ("请客户为 {agent} 评分", "The caller is asked for a mark for {agent}"),
    "rating.given": ("客户为 {agent} 打 {mark} 分", "The caller gives {agent} {mark} of 5"),
    "recording.paused": ("{agent} 暂停录音", "{agent} pauses recording"),
    "recording.resumed": ("恢复录音", "Recording goes on"),
    "recording.started": ("开始录音", "Recording begins"),
    "recording.stopped": ("录音结束，{seconds} 秒", "Recording ends after {seconds} s"),
    "recording.failed": ("录音失败：{reason}", "Recording failed: {reason}"),
    "repair.made": ("系统纠正了状态：{what}", "State was repaired: {what}"),
}
VALUES: dict[str, tuple[str, str]] = {
    "customer": ("客户挂断", "by the customer"), "agent": ("座席挂断", "by the agent"), "centre": ("系统挂断",
                                                                                                   "by the centre"),
    "carrier": ("运营商断开", "by the carrier"), "asterisk": ("媒体服务中断", "by a fault of the media engine"),
    "repair": ("系统纠正", "by repair"), "answered": ("已接听", "answered"), "no_answer": ("无人接听", "no answer"),
    "refused": ("拒接", "refused"), "device_lost": ("设备断开", "device lost"), "caller_gone": ("客户已挂断",
                                                                                                "the caller hung up"),
    "failed": ("失败", "failed"), "abandoned": ("客户放弃", "abandoned"), "timeout": ("超时", "timed out"),
    "key": ("按键离开", "by key"), "overflow": ("溢出", "overflow"), "taken": ("他人已接听", "another was faster"),
    "overflow_failed": ("溢出未接通", "nobody answered outside"),
    "least_busy": ("今日通话最少", "least busy today"), "round_robin": ("轮流", "in turn"),
    "best_skill": ("技能最高", "best skilled"), "ring_all": ("同时振铃", "all ring"),
    "ordered": ("按顺序", "in fixed order"), "sticky": ("熟悉的座席", "the person he knows"),
    "callback": ("回拨", "a call back"), "voicemail": ("语音留言", "a voice message"),
    "blocked": ("黑名单", "blocked"),
    "closed": ("队列关闭", "the queue closed"), "agent_lost": ("座席断开", "the agent was lost"), "zh": ("中文",
                                                                                                         "Mandarin"),
    "en": ("英文", "English"), "longest_idle": ("空闲最久", "longest idle"), "busy": ("占线", "busy"),
}


STATES: dict[str, tuple[str, str]] = {
    "offline": ("离线", "offline"), "ready": ("示闲", "ready"), "reserved": ("已分配", "chosen"),
    "ringing": ("振铃", "ringing"), "talking": ("通话中", "talking"),
    "supervising": ("监听中", "supervising"), "wrap": ("话后处理", "after-call work"), "busy": ("示忙", "busy"),
    "outbound": ("外呼", "calling out"),
}
DEVICES: dict[str, tuple[str, str]] = {"browser": ("浏览器", "browser"), "phone": ("话机", "phone"),
                                      "outside": ("外部电话", "outside phone")}
# One meaning in one field only, where the same word means another thing elsewhere.
FIELDS: dict[str, dict[str, tuple[str, str]]] = {
    "rule": {
        "waited": ("等待时间", "time waited"), "expected": ("预计等待", "expected wait"),
        "length": ("排队长度", "length"), "nobody": ("无人签入", "nobody signed in"),
    },
    "old": STATES,
    "new": STATES,
    "what": DEVICES | {
        "ready": ("示闲", "ready"), "busy": ("示忙", "busy"), "offline": ("签出", "signed out"),
        "hangup": ("挂断通话", "hung up"), "channel": ("线路", "line"), "microphone": ("麦克风", "microphone"),
    },
    "mode": {"listen": ("监听", "listen"), "whisper": ("耳语", "whisper"), "barge": ("插话", "barge in")},
    "audience": {"customer": ("客户可听到", "heard by the customer"), "inside": ("仅内部", "inside only")},
    "room": {"main": ("主会议室", "the main room")},
    "standing": {"vip": ("VIP", "VIP"), "blocked": ("黑名单", "blocked"), "nuisance": ("骚扰", "a known nuisance")},
    "level": {"normal": ("正常", "as loud as it is"), "soft": ("轻", "softly"), "off": ("关闭", "not at all")},
    "reason": {
        "left": ("已退出", "left"), "took_over": ("已抢接", "took over"), "call_ended": ("通话结束", "the call ended"),
        "lost": ("连接中断", "connection lost"), "hung_up": ("挂断", "hung up"), "hangup": ("挂断", "hung up"),
        "removed": ("被主持人请出", "sent out by the host"), "transfer": ("转出", "transferred"),
        "transferred": ("转出", "transferred"), "taken_over": ("被抢接", "taken over"),
        "cancelled": ("取消", "cancelled"), "forced": ("强制挂断", "forced"),
        "disk_full": ("磁盘已满", "the disk is full"), "device_lost": ("设备断开", "device lost"),
    },
    "way": {
        "": ("", ""), "plate": ("（车牌）", " (plate)"), "vin_end": ("（车架号后六位）", " (end of the VIN)"),
        "card": ("（会员卡）", " (card)"), "order": ("（订单号）", " (order)"),
        "repair": ("（工单号）", " (repair order)"),
    },
    "how": {
        "dialled": ("系统回拨", "we rang him"), "own_call": ("客户自己来电", "he rang himself"),
        "agent": ("座席主动拨打", "an agent rang him"),
    },
    "result": {
        "answered": ("已接听", "answered"), "busy": ("占线", "busy"), "unreachable": ("无法接通", "unreachable"),
        "cancelled": ("已取消", "taken back"), "gone": ("已离开", "gone"),
        "found": ("找到客户", "found"), "not_found": ("没有找到", "nobody has them"),
        "several": ("不止一位客户", "several customers have them"), "unanswered": ("没有及时答复", "no answer in time"),
        "caller_gone": ("客户已挂断", "the caller hung up"),
    },
}
# Why people were passed over for an offer, as dealerline.domain.routing.explain counts them.
PASSED: dict[str, tuple[str, str]] = {
    "busy": ("{n} 人忙", "{n} busy"), "lacks": ("{n} 人缺技能", "{n} lack a skill"),
    "later": ("{n} 人顺序在后", "{n} come later"), "kept": ("{n} 人不是客户熟悉的座席", "{n} he does not know"),
    "full": ("{n} 人已满负荷", "{n} have no room"), "offline": ("{n} 人未签入", "{n} not signed in"),
}
# invite.started, by how it is done: {agent} asks, {target} is asked.
INVITES: dict[str, tuple[str, str]] = {
    "transfer": ("{agent} 转接给{target}", "{agent} transfers to {target}"),
    "consult": ("{agent} 咨询{target}，客户听音乐", "{agent} consults {target}; the caller hears music"),
    "invite": ("{agent} 邀请{target}加入通话", "{agent} invites {target}"),
    "return": ("转接未成，重新振铃{target}", "Not taken: {target} is rung again"),
    "lead": ("无人接听，振铃班长{target}", "Not taken: shift lead {target} is rung"),
    "rejoin": ("{agent} 要求回到通话", "{agent} wants to come back into the call"),
}
INVITED: dict[str, tuple[str, str]] = {
    "transfer": ("转接{party}：{result}", "Transfer to {party}: {result}"),
    "consult": ("咨询{party}：{result}", "Consulting {party}: {result}"),
    "invite": ("邀请{party}：{result}", "Inviting {party}: {result}"),
    "return": ("回振{party}：{result}", "Ringing {party} again: {result}"),
    "lead": ("振铃班长{party}：{result}", "Ringing shift lead {party}: {result}"),
    "rejoin": ("{party}回到通话：{result}", "{party} comes back into the call: {result}"),
}
HANDED = ("{agent} 把客户交给{target}", "{agent} hands the caller over to {target}")
CUSTOMER = ("客户", "the customer")
SOMEBODY = {"outside": ("外线", "outside line"), "agent": ("座席", "an agent"), "lead": ("班长", "a shift lead"),
            "customer": CUSTOMER}
VOICE = ("有一方", "a voice")
SYSTEM = ("系统", "the centre")
SIDE_ROOM = ("会中会 {n}", "side room {n}")
BOOTH = ("监听位", "a listening post")
