"""The switch's catalogue: everything it tells a person, Chinese and English side by side.

The pages show these as they are; so each says what happened and, where somebody can do something, what.
"""

from __future__ import annotations

from dealerline.switch.directory import Text

ERRORS: dict[str, Text] = {
    "bad_message": {"zh": "收到无法识别的消息，请刷新页面。", "en": "The message was not understood. Reload the page."},
    "bad_ticket": {"zh": "登录凭证无效，请重新登录。", "en": "The sign-in ticket is not valid. Sign in again."},
    "old_ticket": {
        "zh": "登录凭证已过期，正在重新获取。",
        "en": "The sign-in ticket is too old. A new one is being fetched.",
    },
    "hello_first": {"zh": "请先登录再操作。", "en": "Sign in first."},
    "no_person": {
        "zh": "您的账号还不能接听电话：请管理员在后台为您设置门店和分机。",
        "en": "Your account cannot take calls yet: ask the administrator to set your store and extension.",
    },
    "no_call": {"zh": "这个通话已经结束。", "en": "This call has ended already."},
    "not_now": {"zh": "当前通话状态下不能这样做。", "en": "This is not possible at this point of the call."},
    "in_call": {"zh": "通话中不能这样做，请先结束通话。", "en": "Not during a call. End the call first."},
    "bad_state": {"zh": "当前状态下不能切换。", "en": "This change of state is not possible now."},
    "bad_reason": {"zh": "请选择一个示忙原因。", "en": "Choose a reason for being busy."},
    "no_phone": {
        "zh": "电话未就绪：请检查麦克风权限和网络，或刷新页面。",
        "en": "The phone is not ready: check the microphone permission and the network, or reload the page.",
    },
    "bad_digits": {"zh": "只能发送 0-9、* 和 #。", "en": "Only 0-9, * and # can be sent."},
    "bad_number": {
        "zh": "号码不正确，请检查后重拨。",
        "en": "This is not a number that can be dialled. Check it and dial again.",
    },
    "no_permit": {
        "zh": "没有拨打营销或回访电话的许可，或许可已过期：请重新查询该客户是否允许来电后再拨。",
        "en": "There is no permission for a marketing or survey call to this number, or it is too old: ask again "
        "whether the customer may be rung.",
    },
    "no_line": {"zh": "没有可用于外呼的线路，请联系管理员。", "en": "No line to call out on. Ask the administrator."},
    "media_away": {
        "zh": "话务引擎暂时不可用，正在恢复，请稍候。",
        "en": "The telephone engine is away and being brought back. Please wait a moment.",
    },
    "watch_only": {"zh": "此页面只用于查看。", "en": "This page only watches."},
    "disk_full": {"zh": "磁盘空间不足。", "en": "The disk is full."},
}

ERRORS |= {
    "forbidden": {"zh": "您没有这样做的权限。", "en": "You are not allowed to do this."},
    "not_host": {"zh": "只有主持人可以这样做。", "en": "Only the host can do this."},
    "only_watching": {
        "zh": "监听或耳语时不能这样做，请先强插或接管。",
        "en": "Not while you only watch: barge in or take over first.",
    },
    "full": {"zh": "通话人数已达上限（32 人）。", "en": "The call is full: 32 people at most."},
    "locked": {
        "zh": "会议已锁定，只有主持人可以邀请。",
        "en": "The conference is locked: only the host can bring people in.",
    },
    "attempt_running": {
        "zh": "已有一个转接或咨询正在进行，请先完成或取消。",
        "en": "A transfer or consultation is under way already. Complete or cancel it first.",
    },
    "only_transfer": {
        "zh": "热线只能转接，不能咨询或邀请。",
        "en": "A line can only be transferred to.",
    },
    "oneself": {"zh": "不能选择自己。", "en": "That is yourself."},
    "in_it_already": {"zh": "对方已在通话中。", "en": "That person is on this call already."},
    "target_away": {
        "zh": "对方不在线或电话未就绪，请选择其他人。",
        "en": "That colleague is not there, or his phone is not ready. Choose somebody else.",
    },
    "target_busy": {
        "zh": "对方正忙，请选择其他人或稍后再试。",
        "en": "That colleague is busy. Try somebody else.",
    },
    "nobody_free": {"zh": "该队列目前没有空闲的座席。", "en": "Nobody of that queue is free just now."},
    "own_number": {
        "zh": "这是本集团的号码，请从列表中选择门店热线。",
        "en": "This is one of our own numbers. Choose the store's line from the list.",
    },
    "too_many_calls": {
        "zh": "您的通话数已达集团规定的上限，请先结束其中一个。",
        "en": "You have as many calls as the group allows at a time. End one of them first.",
    },
    "not_alone": {
        "zh": "通话中还有其他人，请先请他们离开，或直接退出通话。",
        "en": "Others are on the call. Let them leave first, or just leave it yourself.",
    },
    "phone_holds": {
        "zh": "是您的话机在保持通话，请在话机上取消保持。",
        "en": "Your desk phone holds the call itself: take it back there.",
    },
    "attended": {
        "zh": "咨询已经结束，没有转给任何人。",
        "en": "The consultation was over already, so nobody was there to hand over to.",
    },
    "hold_first": {
        "zh": "请先在话机上保持客户，再拨第二个电话。",
        "en": "Put the customer on hold at your desk phone first, then dial the second number.",
    },
    "two_lines": {
        "zh": "您的话机已有两个通话。",
        "en": "Your desk phone has two calls already.",
    },
    "no_request": {
        "zh": "该申请已撤回或已被处理。",
        "en": "This request was taken back, or answered already.",
    },
    "ask_later": {"zh": "离线时不能申请，请先示闲。", "en": "Not while you are offline: go ready first."},
    "wall_ended": {
        "zh": "此大屏链接已失效，请在后台重新获取。",
        "en": "This wall display's link is not valid any more. Get a new one in the back office.",
    },
    "no_talk": {"zh": "对方目前没有通话。", "en": "That person is not on a call just now."},
}

CAUSES: dict[str, Text] = {
    "no_answer": {
        "zh": "来电未接听，已自动示忙。准备好后请切换为示闲。",
        "en": "A call was not answered, so you were set to busy. Go ready when you can take calls.",
    },
    "refused": {
        "zh": "您拒接了来电，已自动示忙。准备好后请切换为示闲。",
        "en": "You refused a call, so you were set to busy. Go ready when you can take calls.",
    },
    "device_lost": {
        "zh": "您的电话断开了，客户已排到队首。电话恢复后请切换为示闲。",
        "en": "Your phone lost its connection; the customer went back to the front. Go ready once the phone is back.",
    },
    "microphone": {
        "zh": "无法使用麦克风，已自动示忙。请在浏览器中允许使用麦克风。",
        "en": "The microphone cannot be used, so you were set to busy. Allow it in the browser's address bar.",
    },
    "phone_away": {
        "zh": "您的电话断开了，已自动示忙，以免来电无人接听。电话恢复后请切换为示闲。",
        "en": "Your phone is away, so you were set to busy before a caller noticed. Go ready once it is back.",
    },
    "socket_lost": {
        "zh": "页面与服务器断开过，已自动离线，以免来电无人接听。准备好后请切换为示闲。",
        "en": "This page had lost the server, so you were set offline before a caller noticed. Go ready again.",
    },
    "asleep": {
        "zh": "您的页面没有响应（标签页休眠或电脑待机），已自动设为离开；页面恢复后会自动示闲。",
        "en": "Your page is not heard of (its tab or computer sleeps), so you are away; ready when it wakes up.",
    },
    "idle": {
        "zh": "页面长时间无人操作，已自动设为离开。动一下鼠标或按任意键即恢复示闲。",
        "en": "Nobody has touched this page for long, so you are away. Touch it, or press any key, and you are ready.",
    },
    "locked": {
        "zh": "电脑已锁屏，已自动设为离开；解锁后自动示闲。",
        "en": "Your screen is locked, so you are away; ready again when you unlock it.",
    },
    "failed": {
        "zh": "呼叫您的电话失败，已自动示忙。请刷新页面或检查话机。",
        "en": "Your phone could not be rung, so you were set to busy. Reload the page or check the phone.",
    },
}

OUTCOMES: dict[str, Text] = {
    "busy": {"zh": "对方忙。", "en": "The number is busy."},
    "no_answer": {"zh": "对方无人接听。", "en": "Nobody answered."},
    "rejected": {"zh": "对方拒接。", "en": "The call was refused."},
    "unallocated": {"zh": "空号，请核对号码。", "en": "This number does not exist. Check it."},
    "failed": {
        "zh": "呼叫失败，请稍后重试；若持续失败请联系管理员检查线路。",
        "en": "The call failed. Try again; if it keeps failing, ask the administrator to check the line.",
    },
    "agent_no_answer": {
        "zh": "您的电话没有应答，请检查耳机或刷新页面。",
        "en": "Your own phone did not answer. Check the headset or reload the page.",
    },
}

ALARMS: dict[str, Text] = {
    "media_lost": {
        "zh": "话务引擎连接中断，正在恢复；进行中的通话不受影响。",
        "en": "The telephone engine cannot be reached and is being restored; conversations go on.",
    },
    "media_died": {
        "zh": "话务引擎重启，进行中的通话已中断。请在通话列表中回拨这些客户。",
        "en": "The telephone engine restarted and calls were cut. Ring these customers back from the call list.",
    },
    "recording_failed": {
        "zh": "录音未能进行：请检查磁盘空间和录音目录。",
        "en": "A recording could not be made: check the free disk space and the recordings folder.",
    },
    "disk_low": {
        "zh": "磁盘空间不足，新的通话不再录音。请清理磁盘或缩短录音保留期。",
        "en": "The disk is nearly full, new calls are not recorded. Free some space or keep recordings shorter.",
    },
    "journal": {
        "zh": "通话日志无法写入磁盘，暂存在内存中。请立即检查磁盘。",
        "en": "The journal cannot be written and is kept in memory. Check the disk now.",
    },
    "prompt_missing": {
        "zh": "有语音提示缺失，客户听到的是提示音。请在后台检查语音。",
        "en": "A prompt has no sound and callers hear a tone instead. Check the prompts in the back office.",
    },
    "flow_broken": {
        "zh": "有流程无法使用，正在运行它的上一个版本。请在后台检查流程。",
        "en": "A flow cannot be used; its last good version runs instead. Check the flows in the back office.",
    },
    "directory": {
        "zh": "配置文件无法读取，正在使用上一份配置。",
        "en": "The configuration cannot be read; the last good one is used.",
    },
    "repair": {
        "zh": "发现并修正了一处不一致，请告知管理员。",
        "en": "Something did not agree and was repaired. Tell the administrator.",
    },
}


MISSED: dict[str, Text] = {
    "no_answer": {"zh": "同事呼叫您，您没有接听。", "en": "A colleague rang you and you did not answer."},
    "unreachable": {
        "zh": "同事呼叫您，您的电话无法接通。",
        "en": "A colleague rang you in vain: your phone was away.",
    },
    "cancelled": {"zh": "同事取消了呼叫。", "en": "The colleague gave it up."},
    "caller_gone": {"zh": "客户已挂断。", "en": "The customer hung up."},
}

RESULTS: dict[str, tuple[str, str]] = {
    "busy": ("{0}忙线。", "{0} is busy."),
    "no_answer": ("{0}没有接听。", "{0} did not answer."),
    "refused": ("{0}没有接受。", "{0} refused."),
    "unreachable": ("{0}无法接通。", "{0} could not be reached."),
    "unallocated": ("{0}是空号，请核对。", "{0} does not exist. Check the number."),
    "cancelled": ("已取消呼叫{0}。", "{0} is not being rung any more."),
    "left": ("{0}离开了，客户回到您这里。", "{0} has left; the customer is with you again."),
    "": ("呼叫{0}没有成功。", "{0} could not be brought in."),
}

TOLD: dict[str, tuple[str, str]] = {
    "taken_over": ("班长{0}已接管此通话。", "{0} has taken this call over."),
    "forced_ready": ("{0}将您设为示闲。", "{0} set you to ready."),
    "forced_busy": ("{0}将您设为示忙。", "{0} set you to busy."),
    "forced_offline": ("{0}让您签退。", "{0} signed you out."),
    "forced_hangup": ("{0}结束了您的通话。", "{0} ended your call."),
    "removed": ("{0}请您离开了会议。", "{0} asked you to leave the conference."),
    "lost": ("{0}掉线了。", "{0} was cut off."),
    "granted": ("{0}已批准您的申请。", "{0} has granted your request."),
    "refused": ("{0}没有批准您的申请，请继续接听。", "{0} has not granted your request. Please go on taking calls."),
}

WITHDRAWN: dict[str, Text] = {
    "call_offered": {
        "zh": "有来电分配给您，示忙申请已撤回；通话中可以再次申请。",
        "en": "A call came for you, so your request was taken back. You can ask again during the call.",
    },
    "taken_out": {"zh": "您已示忙，申请已撤回。", "en": "You are busy already, so your request was taken back."},
    "reason_gone": {
        "zh": "该示忙原因已更改，申请已撤回，请重新选择。",
        "en": "This reason was changed, so your request was taken back. Choose again.",
    },
}
BACK: tuple[str, str] = (
    "页面休眠了 {0}，期间未分配来电；您现在已恢复示闲。",
    "This page slept for {0}; no calls were offered meanwhile. You are ready again.",
)


def _filled(row: tuple[str, str], name: str) -> Text:
    zh, en = (text.format(name) for text in row)
    return {"zh": zh, "en": en}


def came_back(result: str, name: str) -> Text:
    """Why somebody could not be brought in, for the one who asked."""
    return _filled(RESULTS.get(result, RESULTS[""]), name)


def told(code: str, name: str) -> Text:
    """Something that ``name`` did, for the one whom it concerns."""
    return _filled(TOLD[code], name)


def woke(seconds: float) -> Text:
    """For a page that is heard of again."""
    whole = max(1, round(seconds))
    zh = f"{whole // 60} 分 {whole % 60} 秒" if whole >= 60 else f"{whole} 秒"
    en = f"{whole // 60} min {whole % 60} s" if whole >= 60 else f"{whole} s"
    return {"zh": BACK[0].format(zh), "en": BACK[1].format(en)}


def error(code: str) -> Text:
    """The words for an error; a general one for a code that has none."""
    return ERRORS.get(code, ERRORS["bad_message"])
