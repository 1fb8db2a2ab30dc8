"""The loyalty index and the risk of loss: a table of weights that anybody can read and change.

The rule of the file: each part takes one measure of a customer, turns it into a share between 0 and 1 (``zero`` gives
0, ``full`` gives 1, straight between them, never beyond), and weighs it. The index is the weighed mean of the shares
that are known, times 100. A measure that is not known counts for nothing, neither for him nor against him.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MEASURES: Mapping[str, Mapping[str, str]] = {
    "recency": {"zh": "距最近一次联系、进店或下单的天数", "en": "days since last seen (call, workshop or order)"},
    "visits": {"zh": "近 24 个月进店次数", "en": "workshop visits in the last 24 months"},
    "calls": {"zh": "近 12 个月通话次数", "en": "calls answered in the last 12 months"},
    "spent": {"zh": "近 24 个月消费（元）", "en": "spent in the last 24 months (CNY)"},
    "tenure": {"zh": "成为客户的月数", "en": "months since he became a customer"},
    "on_time": {"zh": "按时保养的比例（%）", "en": "services on time (%)"},
    "complaints": {"zh": "近 12 个月投诉次数", "en": "complaints in the last 12 months"},
    "rating": {"zh": "平均评分（1–5）", "en": "mean mark (1 to 5)"},
}
INDEXES: Mapping[str, Mapping[str, str]] = {
    "loyalty": {"zh": "忠诚度", "en": "Loyalty index"}, "risk": {"zh": "流失风险", "en": "Risk of loss"}}
WEIGHT_AT_MOST = 100.0
BUCKETS = 10


class FormulaError(ValueError):
    """What is wrong with a formula; ``part``: its number from 0, or None."""

    def __init__(self, part: int | None, zh: str, en: str) -> None:
        super().__init__(en)
        self.part, self.text = part, {"zh": zh, "en": en}


@dataclass(frozen=True, slots=True)
class Part:
    """``zero``: the measure's value that gives nothing; ``full``: the one that gives all. Either may be greater."""

    measure: str
    weight: float
    zero: float
    full: float


@dataclass(frozen=True, slots=True)
class Share:
    """One part of a customer's index. ``points`` add up to the index; None: not known."""

    measure: str
    value: float | None
    weight: float
    points: float | None


@dataclass(frozen=True, slots=True)
class Index:
    """``value``: 0 to 100, None when nothing is known of him."""

    value: int | None
    shares: tuple[Share, ...]


DEFAULTS: Mapping[str, tuple[Part, ...]] = {
    "loyalty": (Part("recency", 25, 540, 60), Part("visits", 20, 0, 4), Part("spent", 15, 0, 20000),
                Part("tenure", 10, 0, 60), Part("on_time", 15, 0, 100), Part("complaints", 5, 3, 0),
                Part("rating", 10, 1, 5)),
    "risk": (Part("recency", 45, 120, 540), Part("on_time", 20, 100, 0), Part("complaints", 15, 0, 3),
             Part("rating", 10, 5, 1), Part("visits", 10, 3, 0)),
}


def parse(data: Any) -> tuple[Part, ...]:
    """The formula in ``data``: a list of {measure, weight, zero, full}. Raises FormulaError."""
    if not isinstance(data, Sequence) or isinstance(data, str) or not data:
        raise FormulaError(None, "公式至少要有一项。", "A formula needs at least one part.")
    parts: list[Part] = []
    for at, row in enumerate(data):
        measure = str(row.get("measure", "")) if isinstance(row, Mapping) else ""
        if measure not in MEASURES:
            raise FormulaError(at, "请选择指标。", "Choose a measure.")
        if any(part.measure == measure for part in parts):
            raise FormulaError(at, f"指标“{MEASURES[measure]['zh']}”出现了两次。",
                               f"The measure “{MEASURES[measure]['en']}” stands there twice.")
        numbers = [_number(row.get(name)) for name in ("weight", "zero", "full")]
        if None in numbers:
            raise FormulaError(at, "权重、零分值和满分值都要填写数字。", "Weight, zero and full have to be numbers.")
        weight, zero, full = (float(number or 0) for number in numbers)
        if not 0 < weight <= WEIGHT_AT_MOST:
            raise FormulaError(at, "权重要大于 0，不超过 100。", "A weight is more than 0 and at most 100.")
        if zero == full:
            raise FormulaError(at, "零分值和满分值不能相同。", "Zero and full cannot be the same.")
        parts.append(Part(measure, weight, zero, full))
    return tuple(parts)


def _number(value: Any) -> float | None:
    good = isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= 1e9
    return float(value) if good else None


def index(formula: Sequence[Part], measures: Mapping[str, float | None]) -> Index:
    """A customer's index with its parts."""
    known = {part.measure: value for part in formula if (value := measures.get(part.measure)) is not None}
    total = sum(part.weight for part in formula if part.measure in known)
    shares = []
    for part in formula:
        value = known.get(part.measure)
        if value is None:
            shares.append(Share(part.measure, None, part.weight, None))
            continue
        share = min(1.0, max(0.0, (value - part.zero) / (part.full - part.zero)))
        shares.append(Share(part.measure, value, part.weight, round(100 * part.weight * share / total, 2)))
    points = [share.points for share in shares if share.points is not None]
    return Index(round(min(100.0, sum(points))) if points else None, tuple(shares))


def spread(values: Sequence[int | None]) -> list[int]:
    """How many lie in 0-9, 10-19, ... 90-100; who has no index is not counted."""
    counts = [0] * BUCKETS
    for value in values:
        if value is not None:
            counts[min(BUCKETS - 1, value * BUCKETS // 100)] += 1
    return counts


def in_words(formula: Sequence[Part]) -> dict[str, str]:
    """The formula as a line in each language."""
    total = sum(part.weight for part in formula)
    zh = [f"{MEASURES[part.measure]['zh']}占 {part.weight / total:.0%}（{part.zero:g} 得零分，{part.full:g} 得满分）"
          for part in formula]
    en = [f"{part.weight / total:.0%} {MEASURES[part.measure]['en']} ({part.zero:g} gives nothing, {part.full:g} all)"
          for part in formula]
    return {"zh": "；".join(zh) + "。", "en": "; ".join(en) + "."}
