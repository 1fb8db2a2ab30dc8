"""A queue's rules as people write them, and what is wrong with them before a caller meets it.

The rule of the file: nothing here routes a call (``domain/routing`` does); rules are values, a fault is a text in both
languages. What would leave a caller going round for ever is an error; what merely does nothing is a warning.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from dealerline.domain import numbers

Text = Mapping[str, str]
LEVELS = range(1, 6)
WHENS = ("waited", "expected", "length", "nobody")
TARGETS = ("queue", "number", "callback", "voicemail")
STRATEGIES = ("longest_idle", "least_busy", "round_robin", "best_skill", "ring_all", "ordered")
_STEP = re.compile(r"([0-9]{1,5})\s*[:：]\s*([0-5])")


@dataclass(frozen=True, slots=True)
class Need:
    """A skill that callers of the queue want. ``relax``: (seconds waited, level wanted from then on; 0 ends it)."""

    skill: int
    name: Text
    level: int = 1
    must: bool = True
    relax: tuple[tuple[float, int], ...] = ()

    def at(self, waited: float) -> int:
        """The level that is wanted of somebody who has waited so long."""
        level = self.level
        for seconds, then in self.relax:
            if waited >= seconds:
                level = then
        return level


@dataclass(frozen=True, slots=True)
class Way:
    """One overflow rule. ``queue``: the other queue's id; ``served``: how many people that has.

    ``lent``: False when it is another store's, and that store lends it to nobody here. ``hours``: their name, None: at
    any time.
    """

    when: str
    value: float
    to: str
    queue: int = 0
    name: Text = field(default_factory=dict)
    served: int = 0
    lent: bool = True
    number: str = ""
    hours: Text | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """All rules of one queue. ``people``: for each, his levels by skill."""

    people: tuple[Mapping[int, int], ...] = ()
    strategy: str = "longest_idle"
    needs: tuple[Need, ...] = ()
    order: tuple[str, ...] = ()  # strategy ordered: names, the first asked first
    age_seconds: float = 0
    sticky: str = "last"
    sticky_seconds: float = 0
    ring_seconds: float = 20
    max_wait_seconds: float = 600
    ways: tuple[Way, ...] = ()

    def fit(self, waited: float) -> int:
        """How many of the queue's people have every skill that a caller must find after so long."""
        wanted = [(need.skill, need.at(waited)) for need in self.needs if need.must]
        return sum(all(levels.get(skill, 0) >= level for skill, level in wanted) for levels in self.people)


class BadSteps(ValueError):
    """What was written as steps of relaxation is none. ``text``: why, in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.text: Text = {"zh": zh, "en": en}


def steps(written: str, level: int = 5) -> tuple[tuple[float, int], ...]:
    """``30:3, 60:1, 120:0`` as (seconds, level) in order of time. Raises BadSteps.

    Each step comes later than the one before, and asks for less.
    """
    found: list[tuple[float, int]] = []
    for part in re.split(r"[,，;；\s]+(?=[0-9])", written.strip()) if written.strip() else []:
        match = _STEP.fullmatch(part.strip(" ,，;；"))
        if match is None:
            raise BadSteps(
                f"看不懂“{part}”：请写成“秒数:等级”，例如 30:3, 60:1",
                f"“{part}” cannot be read: write seconds:level, as 30:3, 60:1",
            )
        seconds, then = float(match[1]), int(match[2])
        if seconds <= (found[-1][0] if found else 0):
            raise BadSteps("每一步的秒数必须比前一步大", "each step must come later than the one before")
        if then >= (found[-1][1] if found else level):
            raise BadSteps("每一步的等级必须比前一步低", "each step must ask for less than the one before")
        found.append((seconds, then))
    return tuple(found)


def written(relax: Sequence[tuple[float, int]]) -> str:
    """The steps as ``steps`` reads them."""
    return ", ".join(f"{seconds:g}:{level}" for seconds, level in relax)


# --- loops ---


@dataclass(frozen=True, slots=True)
class Lead:
    """Where a queue's rule leads. ``to``: a queue, 0: out of all queues (a number, a call-back, a voice message).

    ``always``: not only within certain hours.
    """

    of: int
    to: int
    always: bool = True


def endless(leads: Iterable[Lead]) -> tuple[int, ...] | None:
    """The first circle of queues that no rule leads out of at every hour, as the way round (A, B, A); else None.

    A rule that holds within hours only is no way out, since it ends nothing in the night.
    """
    ways: dict[int, list[Lead]] = {}
    for lead in leads:
        ways.setdefault(lead.of, []).append(lead)
    for start in ways:
        round_ = _way_back(start, ways)
        if round_ is None:
            continue
        inside = _together(start, ways)
        if not any(lead.always and lead.to not in inside for queue in inside for lead in ways.get(queue, ())):
            return round_
    return None


def _reached(start: int, ways: Mapping[int, Sequence[Lead]]) -> dict[int, int]:
    """Every queue that rules lead to from ``start``, each with the one it was reached from first."""
    before: dict[int, int] = {}
    todo = [start]
    while todo:
        queue = todo.pop(0)
        for lead in ways.get(queue, ()):
            if lead.to and lead.to not in before:
                before[lead.to] = queue
                todo.append(lead.to)
    return before


def _way_back(start: int, ways: Mapping[int, Sequence[Lead]]) -> tuple[int, ...] | None:
    before = _reached(start, ways)
    if start not in before:
        return None
    trail = [start]
    while trail[-1] != start or len(trail) == 1:
        trail.append(before[trail[-1]])
    return tuple(reversed(trail))


def _together(start: int, ways: Mapping[int, Sequence[Lead]]) -> set[int]:
    """The queues from which rules lead back to ``start``, and ``start``."""
    return {start} | {queue for queue in _reached(start, ways) if start in _reached(queue, ways)}


# --- warnings ---


def warnings(rules: Rules, ours: Collection[str] = ()) -> tuple[Text, ...]:
    """What of these rules will not do what their author may hope. ``ours``: our own published numbers."""
    return (*_of_needs(rules), *(text for way in rules.ways for text in _of_way(rules, way, ours)), *_of_order(rules))


def _of_needs(rules: Rules) -> Iterable[Text]:
    if not rules.people:
        yield _text(
            "这个队列没有成员：来电只能等待或溢出。",
            "Nobody is a member of this queue: callers only wait, or overflow.",
        )
        return
    lacking = False
    for need in rules.needs:
        best = max((levels.get(need.skill, 0) for levels in rules.people), default=0)
        if best >= need.level:
            continue
        zh, en = f"“{need.name['zh']}”{need.level} 级", f"{need.name['en']} at level {need.level}"
        if not need.must:
            yield _text(
                f"队列成员都没有{zh}，“最好有”的要求不起作用。",
                f"Nobody of this queue has {en}: to prefer it does nothing.",
            )
            continue
        lacking = True
        yield _text(
            f"队列成员都没有{zh}，" + _until(rules, need, best, "zh"),
            f"Nobody of this queue has {en}: " + _until(rules, need, best, "en"),
        )
    if not lacking and rules.needs and not rules.fit(0):
        yield _text(
            "没有一个成员同时具备全部必备技能，来电一开始无人可接。",
            "No member has all the skills together that callers must find: at first nobody is rung.",
        )


def _until(rules: Rules, need: Need, best: int, language: str) -> str:
    eased = next((seconds for seconds, level in need.relax if level <= best), None)
    if eased is None:
        return {"zh": "来电永远不会接到本队列成员。", "en": "nobody of it is ever rung."}[language]
    return {
        "zh": f"前 {seconds_in_words(eased)['zh']}无人可接。",
        "en": f"nobody of it is rung in the first {seconds_in_words(eased)['en']}.",
    }[language]


def _of_way(rules: Rules, way: Way, ours: Collection[str]) -> Iterable[Text]:
    if way.to == "queue" and not way.served:
        yield _text(
            f"溢出到“{way.name['zh']}”：该队列没有成员。", f"Overflow to “{way.name['en']}”: nobody is a member of it."
        )
    if way.to == "queue" and not way.lent:
        yield _text(
            f"溢出到“{way.name['zh']}”：对方门店没有把它借给本店，规则不起作用。",
            f"Overflow to “{way.name['en']}”: its store does not lend it here, so the rule does nothing.",
        )
    if way.to == "number":
        if numbers.significant(way.number) in {numbers.significant(number) for number in ours}:
            yield _text(
                f"{way.number} 是集团自己的号码：来电会重新进线。",
                f"{way.number} is one of our own numbers: the caller would come in anew.",
            )
        elif not numbers.in_plan(way.number):
            yield _text(
                f"{way.number} 不在编号计划内，可能打不通。",
                f"{way.number} is not in the numbering plan: it may not be reached.",
            )
    if way.when == "waited" and rules.max_wait_seconds and way.value >= rules.max_wait_seconds:
        longest = seconds_in_words(rules.max_wait_seconds)
        yield _text(
            f"等待 {seconds_in_words(way.value)['zh']}后的规则不会生效：最长等待为 {longest['zh']}。",
            f"The rule after {seconds_in_words(way.value)['en']} never comes: the longest wait is {longest['en']}.",
        )


def _of_order(rules: Rules) -> Iterable[Text]:
    if rules.strategy == "ordered" and not rules.order:
        yield _text("选择了“按顺序”，但没有排顺序。", "People are asked in order, but no order is given.")


# --- words ---


def _text(zh: str, en: str) -> Text:
    return {"zh": zh, "en": en}


def seconds_in_words(seconds: float) -> Text:
    """``90`` as 1 分 30 秒, 1 min 30 s."""
    minutes, rest = divmod(round(seconds), 60)
    zh = (f"{minutes} 分{'' if rest else '钟'}" if minutes else "") + (
        f"{' ' if minutes else ''}{rest} 秒" if rest else ""
    )
    en = " ".join(part for part in (f"{minutes} min" if minutes else "", f"{rest} s" if rest else "") if part)
    return _text(zh or "0 秒", en or "0 s")
