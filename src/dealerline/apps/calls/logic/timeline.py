"""The story of a call, fact by fact, in words of both languages."""

from __future__ import annotations

from typing import Any

from dealerline.apps.accounts.facade import Person, names, sees_numbers
from dealerline.apps.calls.logic.menus import Walk
from dealerline.apps.calls.models import Call, Event, Queue
from dealerline.apps.organisation.facade import line_names
from dealerline.domain import numbers

NUMBERS = ("from_number", "to_number", "number")
WORDS: dict[str, tuple[str, str]] = {
    "call.arrived": ("来电：{from_number} 拨打 {to_number}（{line}）",
                     "Call from {from_number} to {to_number} ({line})"),
    "call.unknown_number": ("拨打的号码 {to_number} 没有对应线路", "The number rung, {to_number}, has no line"),
    "call.answered": ("系统应答", "The centre answers"),
    "call.ended": ("通话结束（{by}）", "The call ends ({by})"),
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
    "queue.left": ("离开队列（{reason}），等待 {waited} 秒", "Leaves the queue ({reason}) after {waited} s"),
    "offer.made": ("分配给 {agent}（{why}）", "Offered to {agent} ({why})"),
    "offer.ended": ("{agent}：{result}", "{agent}: {result}"),
    "talk.started": ("{agent} 接听", "{agent} answers"),
    "talk.ended": ("{agent} 结束通话", "{agent} ends talking"),
    "hold.started": ("{agent} 保持通话，客户听音乐", "{agent} holds the call; the caller hears music"),
    "hold.ended": ("{agent} 恢复通话", "{agent} takes the call off hold"),
    "mute.started": ("{agent} 静音", "{agent} mutes himself"),
    "mute.ended": ("{agent} 取消静音", "{agent} unmutes himself"),
    "key.sent": ("{agent} 发送按键", "{agent} sends keys"),
    "agent.state": ("{agent}：{old} → {new}", "{agent}: {old} → {new}"),
    "agent.lost": ("{agent} 的{what}断开，客户听音乐等待", "{agent}'s {what} is gone; the caller hears music"),
    "agent.back": ("{agent} 已恢复", "{agent} is back"),
    "wrap.started": ("{agent} 开始话后处理", "{agent} begins after-call work"),
    "wrap.ended": ("{agent} 完成话后处理", "{agent} ends after-call work"),
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
    "key": ("按键离开", "by key"),
    "closed": ("队列关闭", "the queue closed"), "agent_lost": ("座席断开", "the agent was lost"), "zh": ("中文",
                                                                                                         "Mandarin"),
    "en": ("英文", "English"), "longest_idle": ("空闲最久", "longest idle"), "busy": ("占线", "busy"),
}


STATES: dict[str, tuple[str, str]] = {
    "offline": ("离线", "offline"), "ready": ("示闲", "ready"), "reserved": ("已分配", "chosen"),
    "ringing": ("振铃", "ringing"), "talking": ("通话中", "talking"),
    "wrap": ("话后处理", "after-call work"), "busy": ("示忙", "busy"),
    "outbound": ("外呼", "calling out"),
}
DEVICES: dict[str, tuple[str, str]] = {"browser": ("浏览器", "browser"), "phone": ("话机", "phone")}


class _Lenient(dict[str, str]):
    """A fact may lack a word: a dash stands for it."""

    def __missing__(self, key: str) -> str:
        return "–"


def timeline(person: Person, call: Call) -> list[dict[str, Any]]:
    """The facts of a call in order, numbers masked by role."""
    events = list(Event.objects.filter(call=call.pk).order_by("seq", "at"))
    people = names({int(e.data["agent"]) for e in events if str(e.data.get("agent", "")).isdigit()})
    queues = {q.pk: q.text for q in Queue.objects.filter(pk__in={
        int(e.data["queue"]) for e in events if str(e.data.get("queue", "")).isdigit()})}
    lines = line_names({call.line_id} if call.line_id else set())
    whole = sees_numbers(person, call.store_id)
    result = []
    walk = Walk()
    for event in events:
        walk.take(event.kind, event.data)
        data = dict(event.data)
        if not whole:
            data |= {key: numbers.masked(str(data[key])) for key in NUMBERS if data.get(key)}
        data.pop("channel", None)
        menu = _menu_words(walk, event)
        text = {tongue: _text(n, event.kind, data | {key: words[tongue] for key, words in menu.items()}, people, queues,
                              lines) for n, tongue in enumerate(("zh", "en"))}
        result.append({"id": event.pk, "seq": event.seq, "at": event.at, "kind": event.kind, "data": data,
                       "text": text})
    return result


def _menu_words(walk: Walk, event: Event) -> dict[str, dict[str, str]]:
    """What a fact of the flow is called in the flow's own words, where it has some."""
    if event.kind == "flow.node":
        return {"node": walk.place} if walk.place else {}
    if event.kind not in ("flow.started", "flow.key"):
        return {}
    found = walk.name if event.kind == "flow.started" else walk.chosen(str(event.data.get("digits", "")))
    return {"words": {"zh": f"：{found['zh']}", "en": f": {found['en']}"} if found else {"zh": "", "en": ""}}


def _text(language: int, kind: str, data: dict[str, Any], people: dict[int, str], queues: dict[int, dict[str, str]],
          lines: dict[int, dict[str, str]]) -> str:
    tongue = ("zh", "en")[language]
    words = _Lenient()
    for key, value in data.items():
        text = f"{value:.0f}" if isinstance(value, float) else str(value)
        table = STATES if key in ("old", "new") else DEVICES if key == "what" and text in DEVICES else VALUES
        words[key] = table[text][language] if text in table else text
        if key == "why" and isinstance(value, dict):
            words[key] = _why(language, value)
        if str(value).isdigit():
            number = int(value)
            if key == "agent":
                words[key] = people.get(number, text)
            elif key == "queue" and number in queues:
                words[key] = queues[number][tongue]
            elif key == "line" and number in lines:
                words[key] = lines[number][tongue]
    if kind == "call.arrived" and data.get("direction") == "out":
        return (f"呼出：{words['to_number']}", f"Call out to {words['to_number']}")[language]
    template = WORDS.get(kind)
    return template[language].format_map(words) if template else kind


def _why(language: int, why: dict[str, Any]) -> str:
    """The routing's reason for an offer, as ``dealerline.domain.routing`` gives it, in words."""
    parts = [VALUES.get(str(why.get("rule")), (str(why.get("rule", "–")),) * 2)[language]]
    if isinstance(why.get("idle"), int | float):
        parts.append((f"空闲 {why['idle']:.0f} 秒", f"{why['idle']:.0f} s idle")[language])
    if why.get("returned"):
        parts.append(("回到队首的来电", "caller returned to the front")[language])
    return ("，", ", ")[language].join(parts)
