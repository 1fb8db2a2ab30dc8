"""What a rule's builder can choose from: operators by kind of field, units, and the values of fields that have few."""

from __future__ import annotations

from collections.abc import Mapping

Text = Mapping[str, str]

OPERATORS: Mapping[str, Mapping[str, Text]] = {
    "text": {
        "contains": {"zh": "包含", "en": "contains"},
        "starts": {"zh": "开头是", "en": "begins with"},
        "equals": {"zh": "等于", "en": "is"},
        "empty": {"zh": "为空", "en": "is empty"},
        "filled": {"zh": "不为空", "en": "is filled in"},
    },
    "choice": {
        "one_of": {"zh": "是", "en": "is one of"},
        "none_of": {"zh": "不是", "en": "is none of"},
    },
    "labels": {
        "has_any": {"zh": "有任一", "en": "has any of"},
        "has_all": {"zh": "全部有", "en": "has all of"},
        "has_none": {"zh": "没有", "en": "has none of"},
    },
    "number": {
        "at_least": {"zh": "不少于", "en": "is at least"},
        "at_most": {"zh": "不多于", "en": "is at most"},
        "between": {"zh": "介于", "en": "is between"},
        "empty": {"zh": "未知", "en": "is not known"},
        "filled": {"zh": "已知", "en": "is known"},
    },
    "date": {
        "within_next": {"zh": "在今后…天内", "en": "is within the next … days"},
        "within_last": {"zh": "在最近…天内", "en": "is within the last … days"},
        "not_within_last": {"zh": "不在最近…天内（或从未）", "en": "is not within the last … days, or never"},
        "before": {"zh": "早于", "en": "is before"},
        "after": {"zh": "晚于", "en": "is after"},
        "between": {"zh": "介于", "en": "is between"},
        "empty": {"zh": "从未 / 未知", "en": "is never, or not known"},
        "filled": {"zh": "已知", "en": "is known"},
    },
    "yesno": {
        "yes": {"zh": "是", "en": "yes"},
        "no": {"zh": "否", "en": "no"},
    },
}
"""kind -> operator -> its words. ``money`` has the operators of ``number``, ``time`` those of ``date``."""

OF: Mapping[str, Text] = {
    "customer": {"zh": "客户", "en": "customer"},
    "car": {"zh": "车辆", "en": "car"},
    "call": {"zh": "通话", "en": "call"},
    "order": {"zh": "订单", "en": "order"},
    "repair": {"zh": "维修单", "en": "repair"},
}
UNITS: Mapping[str, Text] = {
    "": {"zh": "", "en": ""}, "km": {"zh": "公里", "en": "km"}, "cny": {"zh": "元", "en": "CNY"},
    "points": {"zh": "分", "en": "points"}}


def _choices(*rows: tuple[str, str, str]) -> dict[str, Text]:
    return {code: {"zh": zh, "en": en} for code, zh, en in rows}


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
