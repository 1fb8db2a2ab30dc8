"""What makes two customers the same, as data; and what speaks against it, whatever else agrees.

The rule of the file: each rule that agrees gives so many points by how alike the names are; together they give more
than the best alone, never a hundred. One thing that speaks against it is enough for no.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

Text = Mapping[str, str]

SAME, ALIKE, OTHER = "same", "alike", "other"
SURE_ENOUGH = 60
"""Points from which a pair is shown to somebody."""


@dataclass(frozen=True, slots=True)
class Rule:
    """``points`` by likeness of the names; none where the likeness is not in it. ``across``: also of two stores."""

    code: str
    points: Mapping[str, int]
    across: bool
    words: Text


RULES: Mapping[str, Rule] = {rule.code: rule for rule in (
    Rule("vin", {SAME: 95, ALIKE: 85, OTHER: 55}, True, {"zh": "车架号相同", "en": "Same VIN"}),
    Rule("phone", {SAME: 92, ALIKE: 75, OTHER: 40}, False, {"zh": "电话相同", "en": "Same telephone"}),
    Rule("card", {SAME: 92, ALIKE: 80, OTHER: 60}, True, {"zh": "会员卡号相同", "en": "Same card number"}),
    Rule("key", {SAME: 90, ALIKE: 80, OTHER: 60}, True, {"zh": "外部系统编号相同", "en": "Same key of another system"}),
    Rule("plate", {SAME: 85, ALIKE: 62}, False, {"zh": "姓名和车牌相同", "en": "Same name and plate"}),
    Rule("company", {SAME: 65, ALIKE: 60}, False, {"zh": "姓名（拼音）和公司相同",
                                                   "en": "Same name (as read) and company"}),
)}

AGAINST: Mapping[str, Text] = {
    "household": {"zh": "共用一个号码，两人都已核实：一家人", "en": "One number, verified for both: a household"},
    "tied": {"zh": "两人已登记为有关系的两个人", "en": "They are entered as two people who belong together"},
    "birthday": {"zh": "生日不同", "en": "Different birthdays"},
    "kind": {"zh": "一个是个人，一个是单位", "en": "One is a person, the other a company"},
}

OTHER_SEX = 30
TWO_KEYS = 10
"""Points off: a form of address for a man and one for a woman; two keys in one outside system."""


@dataclass(frozen=True, slots=True)
class Number:
    """A telephone number of somebody; ``verified``: made sure that it is his."""

    e164: str
    verified: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rules look at. ``keys``: (outside system, its key). ``tied``: ids of those he is tied to."""

    id: int
    store: int
    name: str
    kind: str = "person"
    pinyin: str = ""
    title: str = ""
    company: str = ""
    birthday: date | None = None
    phones: tuple[Number, ...] = ()
    vins: frozenset[str] = frozenset()
    plates: frozenset[str] = frozenset()
    cards: frozenset[str] = frozenset()
    keys: frozenset[tuple[str, str]] = frozenset()
    tied: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Reason:
    """One rule that agrees: on what, and with how much."""

    rule: str
    what: str
    points: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """``reasons`` the strongest first; ``against``: codes of AGAINST."""

    score: int
    reasons: tuple[Reason, ...] = ()
    against: tuple[str, ...] = field(default=())

    @property
    def same(self) -> bool:
        """Whether somebody should look at the two."""
        return self.score >= SURE_ENOUGH and not self.against


_SPACE = re.compile(r"[\s·•・.\-_,，。]+")
_MAN, _WOMAN = ("先生", "mr"), ("女士", "小姐", "太太", "ms", "mrs", "miss")
_ADDRESS = re.compile(r"^(.{1,2}?)(先生|女士|小姐|太太|总|经理|老师|师傅|老板)$")


def folded_name(name: str) -> str:
    """Without spaces and points, in small letters: ``Li  Ming`` and ``li ming`` are one."""
    return _SPACE.sub("", name).lower()


def folded_key(number: str) -> str:
    """A card's number or a key as people mean it: ``vip-0012`` and ``VIP12`` are one."""
    text = "".join(c for c in number.upper() if c.isalnum())
    head = text.rstrip("0123456789")
    return head + (text[len(head):].lstrip("0") or "0") if len(head) < len(text) else text


def _sex(facts: Facts) -> str:
    match = _ADDRESS.match(facts.name.strip())
    for text in (facts.title.strip().lower().rstrip("."), match[2] if match else ""):
        if text in _MAN:
            return "m"
        if text in _WOMAN:
            return "w"
    return ""


def likeness(a: Facts, b: Facts) -> str:
    """How alike the names are: ``same``; ``alike`` (read the same, or 王女士 and 王芳); ``other``."""
    one, two = folded_name(a.name), folded_name(b.name)
    if one == two and one:
        return SAME
    read_a, read_b = (text.split(" ")[0] for text in (a.pinyin, b.pinyin))
    if read_a and read_a == read_b:
        return ALIKE
    for short, long in ((one, two), (two, one)):
        match = _ADDRESS.match(short)
        if match and long.startswith(match[1]) and not _ADDRESS.match(long):
            return ALIKE
        if len(short) >= 2 and long.startswith(short) and not long[len(short)].isalpha():
            return ALIKE
    return OTHER


def _company(facts: Facts) -> str:
    return folded_name(facts.company or (facts.name if facts.kind == "company" else ""))


def _agreed(a: Facts, b: Facts) -> dict[str, set[str]]:
    """On what the two agree, by rule."""
    mine, theirs = ({number.e164 for number in facts.phones} for facts in (a, b))
    company = {a.company or a.name} if _company(a) and _company(a) == _company(b) else set()
    return {
        "phone": mine & theirs, "vin": set(a.vins & b.vins), "plate": set(a.plates & b.plates),
        "card": {folded_key(card) for card in a.cards} & {folded_key(card) for card in b.cards},
        "key": {key for _, key in {(s, folded_key(k)) for s, k in a.keys} & {(s, folded_key(k)) for s, k in b.keys}},
        "company": {min(a.company or a.name, b.company or b.name)} if company else set()}


def against(a: Facts, b: Facts) -> tuple[str, ...]:
    """What says that they are two, in the order of AGAINST."""
    alike = likeness(a, b)
    verified = [{number.e164 for number in facts.phones if number.verified} for facts in (a, b)]
    found = {
        "household": alike == OTHER and bool(verified[0] & verified[1]),
        "tied": b.id in a.tied or a.id in b.tied,
        "birthday": a.birthday is not None and b.birthday is not None and a.birthday != b.birthday,
        "kind": a.kind != b.kind and alike != SAME}
    return tuple(code for code in AGAINST if found[code])


def verdict(a: Facts, b: Facts) -> Verdict:
    """Whether two files are of one customer; the same whichever of them comes first."""
    alike = likeness(a, b)
    reasons = []
    for code, agreed in _agreed(a, b).items():
        rule = RULES[code]
        if agreed and alike in rule.points and (rule.across or a.store == b.store):
            reasons.append(Reason(code, min(agreed), rule.points[alike]))
    doubt = 1.0
    for reason in sorted(reasons, key=lambda r: r.rule):
        doubt *= 1 - reason.points / 100
    score = min(99, round(100 * (1 - doubt)))
    if {_sex(a), _sex(b)} == {"m", "w"}:
        score -= OTHER_SEX
    if any(s == t and folded_key(k) != folded_key(j) for s, k in a.keys for t, j in b.keys):
        score -= TWO_KEYS
    reasons.sort(key=lambda r: (-r.points, r.rule))
    return Verdict(max(0, score) if reasons else 0, tuple(reasons), against(a, b))
