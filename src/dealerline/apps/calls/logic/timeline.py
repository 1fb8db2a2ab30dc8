"""The story of a call, fact by fact, in words of both languages: names instead of ids, numbers masked by role."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from dealerline.apps.accounts.facade import Person, names, sees_numbers
from dealerline.apps.calls.logic.menus import Walk
from dealerline.apps.calls.logic.rows import number
from dealerline.apps.calls.logic.supervision import without_hidden
from dealerline.apps.calls.logic.timeline_words import (
    BOOTH,
    CUSTOMER,
    FIELDS,
    HANDED,
    INVITED,
    INVITES,
    PASSED,
    SIDE_ROOM,
    SOMEBODY,
    SYSTEM,
    VALUES,
    VOICE,
    WORDS,
)
from dealerline.apps.calls.models import Call, Event, Queue
from dealerline.apps.organisation.facade import line_names
from dealerline.domain import numbers

NUMBERS = ("from_number", "to_number", "number", "asked_from")
PEOPLE = ("agent", "by", "watched")
WITHHELD = ("channel", "path", "agent_path", "customer_path")
"""What a page has no use for: names of channels and files."""


class _Lenient(dict[str, str]):
    """A fact may lack a word: a dash stands for it."""

    def __missing__(self, key: str) -> str:
        return "–"


@dataclass(slots=True)
class _Names:
    """Everything of the call that has a name, in both languages; a party by what was told of it so far."""

    people: dict[int, str]
    queues: dict[int, dict[str, str]]
    lines: dict[int, dict[str, str]]
    whole: bool
    parties: dict[str, tuple[str, str]] = field(default_factory=lambda: {"customer": CUSTOMER})
    tracks: dict[str, str] = field(default_factory=dict)

    def shown(self, phone: str) -> str:
        return phone if self.whole else numbers.masked(phone)

    def person(self, value: Any) -> tuple[str, str] | None:
        name = self.people.get(number(value) or 0)
        return (name, name) if name else None

    def target(self, data: dict[str, Any]) -> tuple[str, str]:
        """Whom somebody wants to bring in."""
        kind, target = str(data.get("target_kind", "")), str(data.get("target", ""))
        if kind == "number":
            return (self.shown(target),) * 2
        if kind in ("callback", "voicemail"):
            return VALUES[kind]
        book = {"queue": self.queues, "line": self.lines}.get(kind)
        if book is not None:
            text = book.get(number(target) or 0)
            return (text["zh"], text["en"]) if text else (target, target)
        return self.person(target) or (target, target)

    def learn(self, kind: str, data: dict[str, Any]) -> None:
        """Who a party is, and whose a track."""
        party = str(data.get("party", ""))
        if kind == "invite.started" and party:
            self.parties[party] = self.target(data)
        elif kind in ("party.joined", "talk.started", "track.started") and party and party != "customer":
            role = str(data.get("role", ""))
            known = self.person(data.get("agent"))
            if known is None and data.get("number"):
                known = (self.shown(str(data["number"])),) * 2
            self.parties[party] = known or self.parties.get(party) or SOMEBODY.get(role, (party, party))
        if kind == "track.started":
            self.tracks[str(data.get("track"))] = party

    def party(self, value: Any) -> tuple[str, str]:
        return self.parties.get(str(value), SOMEBODY["agent"] if str(value)[:1] == "p" else (str(value),) * 2)


def timeline(person: Person, call: Call) -> list[dict[str, Any]]:
    """The facts of a call in order, as far as this person may know them."""
    events = without_hidden(person, call, list(Event.objects.filter(call=call.pk).order_by("seq", "at")))
    known = _names(person, call, events)
    result = []
    walk = Walk()
    for event in events:
        walk.take(event.kind, event.data)
        known.learn(event.kind, event.data)
        data = {key: value for key, value in event.data.items() if key not in WITHHELD}
        if not known.whole:
            data |= {key: numbers.masked(str(data[key])) for key in NUMBERS if data.get(key)}
            if data.get("target_kind") == "number":
                data["target"] = numbers.masked(str(data.get("target", "")))
        result.append({"id": event.pk, "seq": event.seq, "at": event.at, "kind": event.kind, "data": data,
                       "text": _texts(event.kind, data, known, _menu_words(walk, event))})
    return result


def _menu_words(walk: Walk, event: Event) -> dict[str, dict[str, str]]:
    """What a fact of the flow is called in the flow's own words, where it has some."""
    if event.kind == "flow.node":
        return {"node": walk.place} if walk.place else {}
    if event.kind not in ("flow.started", "flow.key"):
        return {}
    found = walk.name if event.kind == "flow.started" else walk.chosen(str(event.data.get("digits", "")))
    return {"words": {"zh": f"：{found['zh']}", "en": f": {found['en']}"} if found else {"zh": "", "en": ""}}


def _texts(kind: str, data: dict[str, Any], known: _Names, menu: dict[str, dict[str, str]]) -> dict[str, str]:
    return {tongue: _text(n, kind, data | {key: words[tongue] for key, words in menu.items()}, known)
            for n, tongue in enumerate(("zh", "en"))}


def _names(person: Person, call: Call, events: list[Event]) -> _Names:
    """The names that the events need, looked up once."""

    def ids(kind: str, *keys: str) -> set[int]:
        found = {number(event.data.get(key)) for event in events for key in keys}
        found |= {number(event.data.get("target")) for event in events if event.data.get("target_kind") == kind}
        return {key for key in found if key}

    queues = {q.pk: q.text for q in Queue.objects.filter(pk__in=ids("queue", "queue"))}
    lines = line_names(ids("line", "line") | ({call.line_id} if call.line_id else set()))
    return _Names(names(ids("person", *PEOPLE)), queues, lines, sees_numbers(person, call.store_id))


def _text(language: int, kind: str, data: dict[str, Any], known: _Names) -> str:
    words = _Lenient({key: _word(language, key, value, known) for key, value in data.items()})
    if "target_kind" in data:  # a number is masked already
        words["target"] = (str(data.get("target", "–")) if data["target_kind"] == "number"
                           else known.target(data)[language])
    if kind == "call.arrived" and data.get("direction") == "out":
        return (f"呼出：{words['to_number']}", f"Call out to {words['to_number']}")[language]
    how = str(data.get("how", ""))
    templates = {"invite.started": INVITES.get(how, INVITES["invite"]), "transfer.done": HANDED,
                 "invite.ended": INVITED.get(how, INVITED["invite"])}
    template = templates.get(kind) or WORDS.get(kind)
    sentence = template[language].format_map(words) if template else kind
    if language and template and template[1].startswith(("{party}", "{track}")):
        return sentence[:1].upper() + sentence[1:]  # "the customer joins" begins a sentence
    return sentence


def _word(language: int, key: str, value: Any, known: _Names) -> str:
    """One value of a fact, in words."""
    tongue = ("zh", "en")[language]
    text = f"{value:.0f}" if isinstance(value, float) else str(value)
    if key == "why" and isinstance(value, dict):
        return _why(language, value)
    if key == "party":
        return known.party(value)[language]
    if key == "track":
        return known.party(known.tracks[text])[language] if text in known.tracks else VOICE[language]
    if key == "room":
        return _room(language, text)
    if key in PEOPLE and text in ("", "0"):
        return SYSTEM[language]
    if key in PEOPLE and number(value):
        found = known.person(value)
        return found[language] if found else text
    if key in ("queue", "line") and number(value):
        book = known.queues if key == "queue" else known.lines
        return book.get(number(value) or 0, {}).get(tongue, text)
    table = FIELDS.get(key, {})
    return table[text][language] if text in table else VALUES[text][language] if text in VALUES else text


def _room(language: int, room: str) -> str:
    if room in FIELDS["room"]:
        return FIELDS["room"][room][language]
    if room.startswith("booth-"):
        return BOOTH[language]
    return SIDE_ROOM[language].format(n=room.removeprefix("s"))


def _why(language: int, why: dict[str, Any]) -> str:
    """The routing's reason for an offer, as ``dealerline.domain.routing`` gives it, in words."""
    parts = [VALUES.get(str(why.get("rule")), (str(why.get("rule", "–")),) * 2)[language]]
    if isinstance(why.get("idle"), int | float):
        parts.append((f"空闲 {why['idle']:.0f} 秒", f"{why['idle']:.0f} s idle")[language])
    if why.get("returned"):
        parts.append(("回到队首的来电", "caller returned to the front")[language])
    if why.get("lent"):
        parts.append(("来自其他队列", "lent from another queue")[language])
    passed = why.get("passed")
    counts = passed.get("counts", {}) if isinstance(passed, dict) else {}
    parts += [PASSED[reason][language].format(n=n) for reason, n in counts.items() if reason in PASSED]
    return ("，", ", ")[language].join(parts)
