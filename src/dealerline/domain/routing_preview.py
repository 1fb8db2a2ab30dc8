"""What a queue's rules will do to a caller, minute by minute, in plain words of both languages.

The rule of the file: every line is true of the rules alone; nothing is promised of how many people are free.
"""

from __future__ import annotations

from dataclasses import dataclass

from dealerline.domain.routing_rules import Need, Rules, Text, Way, seconds_in_words

STRATEGY_WORDS: dict[str, Text] = {
    "longest_idle": {"zh": "先找空闲最久的", "en": "the one longest idle first"},
    "least_busy": {"zh": "先找今天最不忙的", "en": "the one least busy today first"},
    "round_robin": {"zh": "轮流", "en": "one after the other in turn"},
    "best_skill": {"zh": "先找技能最高的", "en": "the best skilled first"},
    "ring_all": {"zh": "同时振铃所有人", "en": "all of them at once"},
    "ordered": {"zh": "按排定的顺序", "en": "in the order laid down"},
}


@dataclass(frozen=True, slots=True)
class Line:
    """``after``: seconds of waiting, None: whenever the condition in the text comes true."""

    after: float | None
    text: Text

    def words(self, language: str) -> str:
        """The line as it is read, with its time."""
        if self.after is None:
            return self.text[language]
        if not self.after:
            return {"zh": "立即：", "en": "at once: "}[language] + self.text[language]
        long = seconds_in_words(self.after)[language]
        return {"zh": f"{long}后：", "en": f"after {long}: "}[language] + self.text[language]


def preview(rules: Rules) -> tuple[Line, ...]:
    """The lines in the order in which a caller meets them; conditions that have no time come last."""
    timed = [*_first(rules), *_eased(rules), *(_timed(rules, way) for way in rules.ways if way.when == "waited")]
    if rules.max_wait_seconds:
        timed.append(
            Line(
                rules.max_wait_seconds,
                {
                    "zh": "不再等待，按流程中“等候超时”的去向继续（通常是留言）",
                    "en": "he waits no longer: the flow goes on as for a wait that is over, as a rule to a message",
                },
            )
        )
    timed = [
        line
        for line in timed
        if not rules.max_wait_seconds or line.after is None or line.after <= rules.max_wait_seconds
    ]
    timed.sort(key=lambda line: line.after or 0)
    return (*timed, *(_conditional(way) for way in rules.ways if way.when != "waited"), *_ageing(rules))


def _first(rules: Rules) -> list[Line]:
    lines = []
    if rules.sticky_seconds:
        whom = {
            "last": {"zh": "上次与他通话的人", "en": "whom he last spoke with"},
            "owner": {"zh": "负责他的人", "en": "who looks after him"},
        }[rules.sticky]
        long = seconds_in_words(rules.sticky_seconds)
        lines.append(
            Line(
                0,
                {
                    "zh": f"如果{whom['zh']}在岗，只找这个人，最多 {long['zh']}，排队位置不变；否则直接找其他人",
                    "en": f"if {whom['en']} is signed in, he alone is asked, for {long['en']} at most, and the caller "
                    "keeps his place; else the others are asked at once",
                },
            )
        )
    fit, people = rules.fit(0), len(rules.people)
    who = _whom(rules, 0)
    asked = STRATEGY_WORDS[rules.strategy]
    order_zh = f"（{'、'.join(rules.order)}）" if rules.strategy == "ordered" and rules.order else ""
    order_en = f" ({', '.join(rules.order)})" if order_zh else ""
    lines.append(
        Line(
            rules.sticky_seconds,
            {
                "zh": f"本队列 {people} 人中的 {fit} 人{who['zh']}，{asked['zh']}{order_zh}，"
                f"每人振铃 {rules.ring_seconds:g} 秒",
                "en": f"{fit} of the {people} people of this queue{who['en']}, {asked['en']}{order_en}, each rung for "
                f"{rules.ring_seconds:g} s",
            },
        )
    )
    return lines


def _wanted(need: Need, level: int) -> Text:
    return {
        "zh": f"{need.name['zh']} {level} 级以上" if level < 5 else f"{need.name['zh']} 5 级",
        "en": f"{need.name['en']} {level} or better" if level < 5 else f"{need.name['en']} 5",
    }


def _whom(rules: Rules, waited: float) -> Text:
    """What is asked of them, as an addition to "n people"."""
    found: dict[str, list[str]] = {"zh": [], "en": []}
    for must, zh, en in ((True, "须有 ", " with "), (False, "最好有 ", " preferably with ")):
        wanted = [_wanted(need, need.at(waited)) for need in rules.needs if need.must is must and need.at(waited)]
        if wanted:
            found["zh"].append(zh + "、".join(text["zh"] for text in wanted))
            found["en"].append(en + " and ".join(text["en"] for text in wanted))
    return {"zh": f"（{'，'.join(found['zh'])}）" if found["zh"] else "", "en": ",".join(found["en"])}


def _eased(rules: Rules) -> list[Line]:
    lines = []
    for moment in sorted({seconds for need in rules.needs for seconds, _ in need.relax}):
        changed = [need for need in rules.needs if any(seconds == moment for seconds, _ in need.relax)]
        zh, en = [], []
        for need in changed:
            level = need.at(moment)
            wanted = _wanted(need, level)
            zh.append(f"{wanted['zh']}即可" if level else f"不再要求 {need.name['zh']}")
            en.append(f"{wanted['en']} is enough" if level else f"{need.name['en']} is no longer asked for")
        fit = rules.fit(moment)
        lines.append(
            Line(
                moment,
                {
                    "zh": f"{'，'.join(zh)}；本队列可接的有 {fit} 人",
                    "en": f"{', '.join(en)}; {fit} people of this queue may be rung",
                },
            )
        )
    return lines


def _goes(way: Way) -> Text:
    within = (
        {"zh": f"，仅在“{way.hours['zh']}”内", "en": f", only within “{way.hours['en']}”"} if way.hours else _NOTHING
    )
    off = _NOTHING if way.lent else {"zh": "（未被借出，不起作用）", "en": " (not lent: does nothing)"}
    words = {
        "queue": {
            "zh": f"同时找“{way.name.get('zh', '')}”的 {way.served} 人，原队列位置保留",
            "en": f"also the {way.served} people of “{way.name.get('en', '')}”; he keeps his place here",
        },
        "number": {"zh": f"转到外线 {way.number}", "en": f"he is put through to {way.number}"},
        "callback": {"zh": "请他选择回拨，保留位置", "en": "he is offered to be called back at his turn"},
        "voicemail": {"zh": "请他留言", "en": "he is asked for a voice message"},
    }[way.to]
    return {"zh": words["zh"] + within["zh"] + off["zh"], "en": words["en"] + within["en"] + off["en"]}


_NOTHING: Text = {"zh": "", "en": ""}


def _timed(rules: Rules, way: Way) -> Line:
    return Line(way.value, _goes(way))


def _conditional(way: Way) -> Line:
    long = seconds_in_words(way.value)
    when = {
        "expected": {
            "zh": f"预计等待超过 {long['zh']}时：",
            "en": f"when he would have to wait for more than {long['en']}: ",
        },
        "length": {"zh": f"前面已有 {way.value:g} 人在等时：", "en": f"when {way.value:g} callers are before him: "},
        "nobody": {"zh": "本队列无人登录时：", "en": "when nobody of this queue is signed in: "},
    }[way.when]
    goes = _goes(way)
    return Line(None, {"zh": when["zh"] + goes["zh"], "en": when["en"] + goes["en"]})


def _ageing(rules: Rules) -> list[Line]:
    if not rules.age_seconds:
        return [
            Line(
                None,
                {
                    "zh": "等待时间不会提高优先级：优先级更高的来电总在前面。",
                    "en": "Waiting does not raise his priority: callers of a higher one always come first.",
                },
            )
        ]
    long = seconds_in_words(rules.age_seconds)
    return [
        Line(
            None,
            {
                "zh": f"每等待 {long['zh']}，优先级提高一级，所以没有人会一直等下去。",
                "en": f"Each {long['en']} of waiting count as one step of priority, so that nobody waits for ever.",
            },
        )
    ]
