"""The table of fields that a rule can ask about. Other areas add theirs with ``register`` when they start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dealerline.domain.segments.choices import (
    DIRECTIONS,
    INTENTIONS,
    KINDS,
    LEVELS,
    OF,
    OPERATORS,
    ORDER_STATES,
    OUTCOMES,
    PURCHASES,
    REPAIR_STAGES,
    Text,
)


@dataclass(frozen=True, slots=True)
class Field:
    """Something a rule can ask about.

    ``kind``: text, choice, labels, number, money, date, time, yesno. ``of``: whose it is (keys of ``OF``).
    ``choices``: code -> words; None with ``lookup`` when the records know them ("stores", "brands"), as ids.
    """

    code: str
    kind: str
    zh: str
    en: str
    of: str = "customer"
    choices: Mapping[str, Text] | None = None
    lookup: str = ""
    unit: str = ""

    @property
    def words(self) -> Text:
        """Its name in both languages."""
        return {"zh": self.zh, "en": self.en}

    @property
    def operators(self) -> Mapping[str, Text]:
        """operator -> words."""
        return OPERATORS[{"money": "number", "time": "date"}.get(self.kind, self.kind)]


_TABLE: tuple[Field, ...] = (
    Field("name", "text", "姓名", "name"),
    Field("kind", "choice", "个人或公司", "person or company", choices=KINDS),
    Field("company", "text", "公司", "company"),
    Field("store", "choice", "门店", "store", lookup="stores"),
    Field("level", "choice", "级别", "level", choices=LEVELS),
    Field("labels", "labels", "标签", "labels"),
    Field("need", "text", "最初需求", "what he asked for first"),
    Field("intention", "choice", "购车意向", "intention", choices=INTENTIONS),
    Field("purchase_status", "choice", "购车状态", "purchase status", choices=PURCHASES),
    Field("wants_model", "text", "想买的车型", "model he wants"),
    Field("budget", "money", "预算上限", "budget up to", unit="cny"),
    Field("buys_by", "date", "计划购车日期", "wants to buy by"),
    Field("created", "time", "建档日期", "on file since"),
    Field("phones", "number", "电话号码个数", "number of telephone numbers"),
    Field("cars", "number", "车辆数", "number of cars"),
    Field("last_contact", "time", "最近联系", "last contact (a call that was answered)"),
    Field("last_visit", "time", "最近进店维修", "last visit to the workshop"),
    Field("last_seen", "time", "最近一次联系、进店或下单", "last seen (call, workshop or order)"),
    Field("calls_year", "number", "近 365 天通话次数", "calls in the last 365 days"),
    Field("lost_year", "number", "近 365 天未接通次数", "calls lost in the last 365 days"),
    Field("rating", "number", "平均评分（1–5）", "mean mark (1 to 5)"),
    Field("complaints_year", "number", "近 365 天投诉次数", "complaints in the last 365 days"),
    Field("spent", "money", "累计消费", "spent in all", unit="cny"),
    Field("spent_year", "money", "近 365 天消费", "spent in the last 365 days", unit="cny"),
    Field("open_repair", "yesno", "有未完成的维修", "has a repair that is not finished"),
    Field("open_order", "yesno", "有未完成的订单", "has an order that is not finished"),
    Field("card", "yesno", "有会员卡", "has a membership card"),
    Field("points", "number", "会员积分", "card points", unit="points"),
    Field("balance", "money", "会员卡余额", "card balance", unit="cny"),
    Field("card_until", "date", "会员卡有效期", "card valid until"),
    Field("loyalty", "number", "忠诚度（0–100）", "loyalty index (0 to 100)"),
    Field("risk", "number", "流失风险（0–100）", "loss risk (0 to 100)"),
    Field("car.brand", "choice", "品牌", "brand", of="car", lookup="brands"),
    Field("car.model", "text", "车型", "model", of="car"),
    Field("car.plate", "text", "车牌", "plate", of="car"),
    Field("car.year", "number", "年款", "year", of="car"),
    Field("car.mileage", "number", "里程", "mileage", of="car", unit="km"),
    Field("car.bought", "date", "购车日期", "bought on", of="car"),
    Field("car.insurance_until", "date", "保险到期", "insured until", of="car"),
    Field("car.inspection_until", "date", "年检到期", "inspection until", of="car"),
    Field("car.warranty_until", "date", "质保到期", "warranty until", of="car"),
    Field("car.next_service", "date", "下次保养", "next service", of="car"),
    Field("car.recall", "text", "未处理的召回", "open recall", of="car"),
    Field("car.gone", "yesno", "已出售或报废", "sold or scrapped", of="car"),
    Field("call.at", "time", "通话时间", "time", of="call"),
    Field("call.direction", "choice", "呼入或呼出", "direction", of="call", choices=DIRECTIONS),
    Field("call.outcome", "choice", "通话结果", "outcome", of="call", choices=OUTCOMES),
    Field("call.seconds", "number", "通话秒数", "seconds talked", of="call"),
    Field("call.rating", "number", "评分", "mark", of="call"),
    Field("order.status", "choice", "订单状态", "status", of="order", choices=ORDER_STATES),
    Field("order.model", "text", "订购车型", "model", of="order"),
    Field("order.amount", "money", "订单金额", "amount", of="order", unit="cny"),
    Field("order.ordered", "date", "下单日期", "ordered on", of="order"),
    Field("order.expected", "date", "预计到车", "expected on", of="order"),
    Field("order.open", "yesno", "未完成", "not finished", of="order"),
    Field("repair.stage", "choice", "维修阶段", "stage", of="repair", choices=REPAIR_STAGES),
    Field("repair.work", "text", "维修内容", "work", of="repair"),
    Field("repair.amount", "money", "维修金额", "amount", of="repair", unit="cny"),
    Field("repair.received", "time", "接车时间", "received", of="repair"),
    Field("repair.promised", "time", "承诺时间", "promised", of="repair"),
    Field("repair.open", "yesno", "未完成", "not finished", of="repair"),
)
_fields: dict[str, Field] = {field.code: field for field in _TABLE}


def register(field: Field) -> None:
    """Add a field of another area. The same code twice with another meaning is a mistake in the code: ValueError."""
    if field.of not in OF or _fields.get(field.code, field) != field:
        raise ValueError(f"field {field.code} cannot be registered")
    _fields[field.code] = field


def known_fields() -> tuple[Field, ...]:
    """Every field, in the order pages show them."""
    return tuple(_fields.values())


def field_of(code: str) -> Field | None:
    """The field of that code."""
    return _fields.get(code)
