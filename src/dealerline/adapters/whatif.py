"""``./dealerline simulate --day DATE --rules FILE``: a day's calls once more under changed rules, without telephones.

Three times the same day: as it was, played again under the rules of now (how far the play is from the truth), and
under the changed rules. What cannot be understood in the file is said before anything is played.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import django
import msgspec
import yaml

from dealerline.domain import whatif, whatif_day
from dealerline.domain.routing import STRATEGIES, AgentHas
from dealerline.switch import lookup
from dealerline.switch.directory import Need, Overflow, Person, Queue, Snapshot
from dealerline.switch.queueing import rules_of

Text = dict[str, str]
COLUMNS: dict[str, Text] = {
    "queue": {"zh": "队列", "en": "queue"},
    "which": {"zh": "情形", "en": "which"},
    "calls": {"zh": "来电", "en": "calls"},
    "level": {"zh": "服务水平 %", "en": "service level %"},
    "mean": {"zh": "平均等待 秒", "en": "mean wait s"},
    "p90": {"zh": "九成等待 秒", "en": "p90 wait s"},
    "abandoned": {"zh": "放弃 %", "en": "abandoned %"},
    "overflowed": {"zh": "溢出 %", "en": "overflowed %"},
    "left": {"zh": "流程带走 %", "en": "left by flow %"},
    "use": {"zh": "人员利用 %", "en": "use of people %"},
}
WHICH: dict[str, Text] = {
    "real": {"zh": "实际", "en": "real"},
    "same": {"zh": "现行规则重放", "en": "played, same rules"},
    "changed": {"zh": "新规则", "en": "played, changed rules"},
}
ALL: Text = {"zh": "全部", "en": "all"}
WORDS: dict[str, Text] = {
    "no_calls": {"zh": "这一天没有排队的来电。", "en": "Nobody waited in a queue on that day."},
    "no_file": {"zh": "读不了规则文件：{why}", "en": "The rules cannot be read: {why}"},
    "bad_rules": {"zh": "规则有误：{why}", "en": "The rules are wrong: {why}"},
}


class BadRules(ValueError):
    """The file asks for something that is not there or cannot be."""


def _queue(snapshot: Snapshot, name: Any) -> Queue:
    """A queue by its number, or by store code/queue code."""
    codes = {store.id: store.code for store in snapshot.stores}
    for queue in snapshot.queues:
        if str(name) in (str(queue.id), f"{codes.get(queue.store)}/{queue.code}"):
            return queue
    raise BadRules(f"there is no queue {name!r}: use its number, or store code/queue code")


def _person(snapshot: Snapshot, extension: Any) -> Person:
    found = next((person for person in snapshot.people if person.extension == str(extension)), None)
    if found is None:
        raise BadRules(f"nobody has the extension {extension!r}")
    return found


def _skill(snapshot: Snapshot, name: Any) -> int:
    for number, text in snapshot.skills:
        if name == number or name in text.values():
            return number
    if isinstance(name, int):
        return name  # one that is only thought of
    raise BadRules(f"there is no skill {name!r}")


def _fields(of: str, given: Any, known: Sequence[str]) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise BadRules(f"{of} needs named values")
    unknown = [str(key) for key in given if key not in known]
    if unknown:
        raise BadRules(f"{of} has {', '.join(unknown)}, known are {', '.join(known)}")
    return given


def _value(of: str, value: Any, kind: Any) -> Any:
    try:
        return msgspec.convert(value, type=kind)
    except msgspec.ValidationError as error:
        raise BadRules(f"{of}: {error}") from error


QUEUE_FIELDS = ("agents", "strategy", "priority", "age_seconds", "needs", "order", "overflow")


def _changed_queue(snapshot: Snapshot, queue: Queue, given: dict[str, Any]) -> Queue:
    of, new = f"queue {queue.id}", dict[str, Any]()
    for key, value in _fields(of, given, QUEUE_FIELDS).items():
        at = f"{of} {key}"
        if key == "strategy" and value not in STRATEGIES:
            raise BadRules(f"{at} is one of {', '.join(STRATEGIES)}")
        if key == "agents":
            new[key] = tuple(_person(snapshot, each).id for each in _value(at, value, list[Any]))
        elif key == "order":
            ordered = _value(at, value, list[Any])
            new[key] = tuple((_person(snapshot, each).id, place) for place, each in enumerate(ordered, 1))
        elif key == "needs":
            wanted = _value(at, value, list[dict[str, Any]])
            wanted = [each | {"skill": _skill(snapshot, each.get("skill"))} for each in wanted]
            new[key] = _value(at, wanted, tuple[Need, ...])
        elif key == "overflow":
            rules = _value(at, value, list[dict[str, Any]])
            named = [r | ({"queue": _queue(snapshot, r["queue"]).id} if "queue" in r else {}) for r in rules]
            new[key] = _value(at, named, tuple[Overflow, ...])
        else:
            new[key] = _value(at, value, {"strategy": str, "priority": int, "age_seconds": float}[key])
    return replace(queue, **new)


def changed(snapshot: Snapshot, document: Any) -> Snapshot:
    """The configuration with what the file changes: ``queues`` by store/code or number, ``people`` by extension.

    Raises BadRules.
    """
    document = _fields("the file", document or {}, ("queues", "people"))
    queues = {queue.id: queue for queue in snapshot.queues}
    people = {person.id: person for person in snapshot.people}
    for name, given in (document.get("queues") or {}).items():
        queue = _queue(snapshot, name)
        queues[queue.id] = _changed_queue(snapshot, queue, given)
    for extension, given in (document.get("people") or {}).items():
        person = _person(snapshot, extension)
        skills = _fields(f"extension {extension}", given, ("skills",)).get("skills") or {}
        levels = _value(f"extension {extension}", skills, dict[Any, int])
        people[person.id] = replace(
            person, skills=tuple((_skill(snapshot, name), level) for name, level in levels.items())
        )
    return replace(snapshot, queues=tuple(queues.values()), people=tuple(people.values()))


def play(day: whatif_day.Played, snapshot: Snapshot) -> whatif.Day:
    """The day under that configuration; callers of queues that are no more are left out by the caller."""
    rules = [rules_of(queue) for queue in snapshot.queues]
    skills = [AgentHas(p.id, p.skills, p.capacity) for p in snapshot.people if p.skills or p.capacity]
    hours = lookup.build(replace(snapshot, flows=()))
    return whatif.run(rules, day.callers, day.shifts, skills, day.ring, hours.open)


def _percent(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 1)


def rows(days: dict[str, whatif.Day], snapshot: Snapshot, lang: str) -> list[dict[str, Any]]:
    """A row for each queue that was called, and for all together, and each of the three days."""
    seconds = {queue.id: float(queue.service_seconds) for queue in snapshot.queues}
    names = {queue.id: queue.name.get(lang, queue.code) for queue in snapshot.queues}
    called = sorted({o.caller.queue for o in days["real"].outcomes})
    made = []
    for queue in (*called, 0):
        for which, day in days.items():
            mine = [o for o in day.outcomes if queue in (0, o.caller.queue)]
            soon = sum(o.how == "answered" and o.waited <= seconds.get(o.caller.queue, 20.0) for o in mine)
            waits = day.waits(queue)
            made.append(
                {
                    "queue": names.get(queue, str(queue)) if queue else ALL[lang],
                    "which": WHICH[which][lang],
                    "calls": len(mine),
                    "level": _percent(soon / len(mine) if mine else None),
                    "mean": round(sum(waits) / len(waits), 1) if waits else None,
                    "p90": round(waits[int(0.9 * (len(waits) - 1))], 1) if waits else None,
                    "abandoned": _percent(day.share("abandoned", queue)),
                    "overflowed": _percent(day.share("overflowed", queue)),
                    "left": _percent(day.share("left", queue)),
                    "use": None if queue else _percent(day.use()),
                }
            )
    return made


def compare(
    facts: Sequence[whatif_day.Seen], begin: float, end: float, now: Snapshot, then: Snapshot
) -> dict[str, whatif.Day]:
    """real, same and changed: the three days. Calls of queues that are not there any more are left out."""
    there = {queue.id for queue in now.queues}
    day = whatif_day.day_of(facts, begin, end)
    day.callers = [caller for caller in day.callers if caller.queue in there]
    day.real.outcomes = [o for o in day.real.outcomes if o.caller.queue in there]
    return {"real": day.real, "same": play(day, now), "changed": play(day, then)}


def _width(text: str) -> int:
    """Columns on a terminal: a Chinese character takes two."""
    return sum(2 if ord(char) > 0x2E80 else 1 for char in text)


def _table(made: list[dict[str, Any]], lang: str) -> str:
    cells = [[COLUMNS[key][lang] for key in COLUMNS]]
    cells += [["" if row[key] is None else str(row[key]) for key in COLUMNS] for row in made]
    widths = [max(_width(row[n]) for row in cells) for n in range(len(COLUMNS))]
    return "\n".join(
        "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    )


def main(arguments: list[str]) -> int:
    """0 when it was played, 2 when the rules cannot be used."""
    from dealerline.runtime.texts import language

    parser = argparse.ArgumentParser(prog="./dealerline simulate", allow_abbrev=False)
    parser.add_argument("--day", required=True, type=date.fromisoformat)
    parser.add_argument("--rules", required=True, type=Path)
    parser.add_argument("--timezone", default="Asia/Shanghai")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--lang", default="")
    given = parser.parse_args(arguments)
    lang = language(given.lang)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dealerline.config.settings")
    django.setup()
    from dealerline.adapters import snapshot as directory
    from dealerline.apps.calls import facade

    try:
        document = yaml.safe_load(given.rules.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        sys.stderr.write(WORDS["no_file"][lang].format(why=error) + "\n")
        return 2
    now = directory.build()
    try:
        then = changed(now, document)
    except BadRules as error:
        sys.stderr.write(WORDS["bad_rules"][lang].format(why=error) + "\n")
        return 2
    begin = datetime.combine(given.day, time(), ZoneInfo(given.timezone))
    end = begin + timedelta(days=1)
    facts = [whatif_day.Seen(*row) for row in facade.facts_between(begin, end, whatif_day.KINDS)]
    days = compare(facts, begin.timestamp(), end.timestamp(), now, then)
    if not days["real"].outcomes:
        sys.stderr.write(WORDS["no_calls"][lang] + "\n")
        return 0
    made = rows(days, now, lang)
    sys.stdout.write((json.dumps(made, ensure_ascii=False) if given.json else _table(made, lang)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
