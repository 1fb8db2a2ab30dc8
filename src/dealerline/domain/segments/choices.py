"""What a rule's builder can choose from: operators by kind of field, units, and the values of fields that have few."""

from __future__ import annotations

from collections.abc import Mapping

Text = Mapping[str, str]


def _choices(*rows: tuple[str, str, str]) -> dict[str, Text]:
    return {code: {"zh": zh, "en": en} for code, zh, en in rows}


OPERATORS: Mapping[str, Mapping[str, Text]] = {
    "text": _choices(
        ("contains", "包含", "contains"), ("starts", "开头是", "begins with"), ("equals", "等于", "is"),
        ("empty", "为空", "is empty"), ("filled", "不为空", "is filled in")),
    "choice": _choices(("one_of", "是", "is one of"), ("none_of", "不是", "is none of")),
    "labels": _choices(
        ("has_any", "有任一", "has any of"), ("has_all", "全部有", "has all of"),
        ("has_none", "没有", "has none of")),
    "number": _choices(
        ("at_least", "不少于", "is at least"), ("at_most", "不多于", "is at most"), ("between", "介于", "is between"),
        ("empty", "未知", "is not known"), ("filled", "已知", "is known")),
    "date": _choices(
        ("within_next", "在今后…天内", "is within the next … days"),
        ("within_last", "在最近…天内", "is within the last … days"),
        ("not_within_last", "不在最近…天内（或从未）", "is not within the last … days, or never"),
        ("before", "早于", "is before"), ("after", "晚于", "is after"), ("between", "介于", "is between"),
        ("empty", "从未 / 未知", "is never, or not known"), ("filled", "已知", "is known")),
    "yesno": _choices(("yes", "是", "yes"), ("no", "否", "no")),
}
"""kind -> operator -> its words. ``money`` has the operators of ``number``, ``time`` those of ``date``."""

OF: Mapping[str, Text] = _choices(
    ("customer", "客户", "customer"), ("car", "车辆", "car"), ("call", "通话", "call"), ("order", "订单", "order"),
    ("repair", "维修单", "repair"))
UNITS: Mapping[str, Text] = _choices(
    ("", "", ""), ("km", "公里", "km"), ("cny", "元", "CNY"), ("points", "分", "points"))
LEVELS = _choices(("normal", "普通", "Normal"), ("silver", "银卡", "Silver"), ("gold", "金卡", "Gold"),
                  ("vip", "VIP", "VIP"))
KINDS = _choices(("person", "个人", "Person"), ("company", "公司", "Company"))
ORDER_STATES = _choices(
    ("enquiry", "询价", "Enquiry"), ("deposit", "已付订金", "Deposit paid"), ("ordered", "已下单", "Ordered"),
    ("in_transit", "运输中", "On its way"), ("ready", "可交车", "Ready for delivery"),
    ("delivered", "已交车", "Delivered"), ("cancelled", "已取消", "Cancelled"))
REPAIR_STAGES = _choices(
    ("booked", "已预约", "Booked"), ("received", "已接车", "Received"), ("diagnosis", "诊断中", "Diagnosis"),
    ("parts", "等待配件", "Waiting for parts"), ("working", "维修中", "In repair"), ("check", "终检", "Final check"),
    ("ready", "可取车", "Ready to collect"), ("closed", "已取车", "Collected"))
OUTCOMES = _choices(
    ("answered", "已接听", "Answered"), ("abandoned", "等待中挂断", "Hung up while waiting"),
    ("voicemail", "已留言", "Left a message"), ("callback", "请求回拨", "Asked to be called back"),
    ("self_service", "仅自助服务", "Self-service only"), ("forwarded", "已转出", "Forwarded"),
    ("no_answer", "无人接听", "No answer"))
INTENTIONS = _choices(
    ("A", "A：一周内", "A: within a week"), ("B", "B：一个月内", "B: within a month"),
    ("C", "C：三个月内", "C: within three months"), ("D", "D：更晚", "D: later"))
PURCHASES = _choices(
    ("looking", "了解中", "Looking around"), ("comparing", "比较车型", "Comparing models"),
    ("test_driven", "已试驾", "Has driven it"), ("talking", "谈价中", "Talking about the price"),
    ("ordered", "已订车", "Has ordered"), ("owner", "已提车", "Has his car"),
    ("elsewhere", "已在别处购车", "Bought elsewhere"))
DIRECTIONS = _choices(("in", "呼入", "Incoming"), ("out", "呼出", "Outgoing"))
