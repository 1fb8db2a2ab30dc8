"""A year of calls: facts from the stories, rows from the facts by the records' own fold, all by COPY."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from dealerline.apps.calls.facade import fold
from dealerline.apps.demo.load.ledger import Ledger, table
from dealerline.apps.demo.load.organisation import Organisation
from dealerline.apps.demo.world import SEED, layout
from dealerline.apps.demo.world.facts import Ids, Sound, Utterance, tell
from dealerline.apps.demo.world.history import Story
from dealerline.domain.facts import Fact

MESSAGE_OPEN_DAYS = 10  # older voice messages were dealt with


def ids_of(made: Organisation) -> Ids:
    """The layout's codes as the database's keys."""

    def flow(row: Any) -> tuple[int, int]:
        return (row.pk, row.published.version if row.published else 1)

    lines = {key: row.pk for key, row in made.lines.items()}
    flows = {row.pk: (*flow(row.open_flow), *flow(row.closed_flow or row.open_flow)) for row in made.lines.values()}
    flows[made.group_line.pk] = (*flow(made.group_line.open_flow), *flow(made.group_line.open_flow))
    return Ids(
        stores={code: row.pk for code, row in made.stores.items()},
        lines=lines,
        group_line=made.group_line.pk,
        numbers={(s.code, k.kind): layout.number_of(s, k) for s in layout.STORES for k in layout.LINES},
        group_number=layout.GROUP_NUMBER,
        queues={key: row.pk for key, row in made.queues.items()},
        people={login: row.pk for login, row in made.people.items()},
        flows=flows,
        carrier=made.carrier.pk,
    )


def _time(at: float | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(at, UTC)


class Calls:
    """Loads the stories.

    ``sounds``: story serial -> the recording it shall have; ``utterances``: what messages say, by line.
    """

    def __init__(
        self,
        ledger: Ledger,
        made: Organisation,
        customers: Mapping[int, int],
        sounds: Mapping[int, Sound],
        utterances: Mapping[str, Utterance],
        until: float,
    ) -> None:
        self.ledger, self.ids, self.customers = ledger, ids_of(made), customers
        self.sounds, self.utterances, self.until = sounds, utterances, until
        self.made = made
        self.matters = dict(table("calls.Matter").objects.values_list("code", "pk"))
        self.results = dict(table("calls.Result").objects.values_list("code", "pk"))
        self.facts: list[Fact] = []
        self.told: list[tuple[Story, Any]] = []

    def load(self, stories: Iterable[Story]) -> None:
        for story in stories:
            facts = tell(story, self.ids, self.sounds.get(story.serial), self._utterance(story))
            self.facts += facts
            self.told.append((story, fold(facts[0].call, facts)))
        self._events()
        self._calls()
        self._legs()
        self._records()
        self._messages()
        self._recordings()

    def _utterance(self, story: Story) -> Utterance | None:
        return (self.utterances.get(story.line) or self.utterances.get("sales")) if story.message else None

    def _events(self) -> None:
        self.ledger.copy(
            table("calls.Event"),
            ("id", "kind", "at", "call", "seq", "store", "person", "data"),
            (
                (f.id, f.kind, _time(f.at), f.call, f.seq, f.store or None, f.person or None, json.dumps(f.data))
                for f in self.facts
            ),
            enter=False,
        )

    def _calls(self) -> None:
        self.ledger.copy(
            table("calls.Call"),
            (
                "id",
                "direction",
                "from_number",
                "to_number",
                "customer_number",
                "carrier_id",
                "store_id",
                "line_id",
                "queue_id",
                "agent_id",
                "customer_id",
                "language",
                "path",
                "outcome",
                "ended_by",
                "cause",
                "arrived_at",
                "queued_at",
                "answered_at",
                "ended_at",
                "waited_seconds",
                "talk_seconds",
                "hold_seconds",
                "wrap_seconds",
                "offers",
                "rating",
                "rated_id",
                "seq",
            ),
            (self._call(story, r) for story, r in self.told),
        )

    def _call(self, story: Story, r: Any) -> tuple[Any, ...]:
        return (
            r.id,
            r.direction,
            r.from_number,
            r.to_number,
            story.number,
            r.carrier,
            r.store,
            r.line,
            r.queue,
            r.agent,
            self.customers.get(story.customer),
            r.language,
            json.dumps(r.path),
            r.outcome,
            r.ended_by,
            r.cause,
            _time(r.arrived_at),
            _time(r.queued_at),
            _time(r.answered_at),
            _time(r.ended_at),
            r.waited_seconds,
            r.talk_seconds,
            r.hold_seconds,
            r.wrap_seconds,
            r.offers,
            r.rating,
            r.rated,
            r.seq,
        )

    def _legs(self) -> None:
        model = table("calls.CallLeg")
        legs = [
            (
                r.id,
                n,
                leg.agent or None,
                leg.queue,
                _time(leg.offered_at),
                _time(leg.started_at),
                _time(leg.ended_at),
                leg.result,
                leg.hold_seconds,
                leg.wrap_seconds,
                leg.how,
                leg.left,
            )
            for _, r in self.told
            for n, leg in enumerate(r.legs, 1)
        ]
        keys = self.ledger.new_keys(model, len(legs))
        self.ledger.copy(
            model,
            (
                "id",
                "call_id",
                "number",
                "agent_id",
                "queue_id",
                "offered_at",
                "started_at",
                "ended_at",
                "result",
                "hold_seconds",
                "wrap_seconds",
                "how",
                "left",
            ),
            ((key, *leg) for key, leg in zip(keys, legs, strict=True)),
        )

    # -- what people wrote
    def _records(self) -> None:
        written = [(s, r, s.note) for s, r in self.told if s.note is not None]
        self.ledger.copy(
            table("calls.CallRecord"),
            (
                "id",
                "call_id",
                "matter_id",
                "result_id",
                "notes",
                "follow_up_at",
                "follow_up_note",
                "draft",
                "version",
                "author_id",
                "created_at",
                "updated_at",
            ),
            (
                (
                    r.id,  # one a call here, so that the call's number may be the record's too
                    r.id,
                    self.matters.get(note.matter),
                    self.results.get(note.result),
                    note.text,
                    self._follow_up(s),
                    "回访客户" if note.follow_up else "",
                    False,
                    1,
                    self.ids.people[s.agent],
                    _time(s.ended),
                    _time(s.ended + s.wrap),
                )
                for s, r, note in written
            ),
        )
        model = table("calls.CallRecordVersion")
        keys = self.ledger.new_keys(model, len(written))
        self.ledger.copy(
            model,
            ("id", "record_id", "version", "at", "author_id", "content"),
            (
                (
                    key,
                    r.id,
                    1,
                    _time(s.ended + s.wrap),
                    self.ids.people[s.agent],
                    json.dumps(self._content(s), ensure_ascii=False),
                )
                for key, (s, r, _) in zip(keys, written, strict=True)
            ),
        )

    def _follow_up(self, story: Story) -> datetime | None:
        if story.note is None or not story.note.follow_up:
            return None
        return datetime.fromtimestamp(story.ended, UTC) + timedelta(days=story.note.follow_up)

    def _content(self, story: Story) -> dict[str, Any]:
        assert story.note is not None
        follow_up = self._follow_up(story)
        return {
            "matter": self.matters.get(story.note.matter),
            "result": self.results.get(story.note.result),
            "notes": story.note.text,
            "follow_up_at": follow_up.isoformat() if follow_up else None,
            "follow_up_note": "回访客户" if follow_up else "",
        }

    # -- sound
    def _messages(self) -> None:
        self.ledger.copy(
            table("calls.VoiceMessage"),
            (
                "id",
                "call_id",
                "left_at",
                "path",
                "sha256",
                "seconds",
                "kind",
                "state",
                "assigned_id",
                "note",
                "done_at",
                "version",
            ),
            self._message_rows(),
        )

    def _message_rows(self) -> Iterator[tuple[Any, ...]]:
        handlers = {"east": self.ids.people["handler1"], "north": self.ids.people["handler2"]}
        region = {s.code: s.region for s in layout.STORES}
        for story, r in self.told:
            for message in r.messages:
                rng = random.Random(f"{SEED}/message/{story.serial}")
                recent = self.until - message.left_at < MESSAGE_OPEN_DAYS * 86400
                state = rng.choices(("new", "assigned", "done"), (45, 25, 30))[0] if recent else "done"
                who = None if state == "new" else handlers[region[story.store]]
                done = message.left_at + rng.uniform(3600, 60_000) if state == "done" else None
                yield (
                    message.id,
                    r.id,
                    _time(message.left_at),
                    message.path,
                    "",
                    message.seconds,
                    message.kind,
                    state,
                    who,
                    "已回电。" if done else "",
                    _time(min(done, self.until)) if done else None,
                    1,
                )

    def _recordings(self) -> None:
        found = [(r, recording) for _, r in self.told for recording in r.recordings.values()]
        self.ledger.copy(
            table("calls.Recording"),
            (
                "id",
                "call_id",
                "agent_id",
                "started_at",
                "seconds",
                "agent_path",
                "customer_path",
                "path",
                "peaks_path",
                "sha256",
                "bytes",
                "state",
                "reason",
                "kind",
                "sources",
            ),
            (
                (
                    recording.id,
                    r.id,
                    recording.agent,
                    _time(recording.started_at),
                    recording.seconds,
                    recording.agent_path,
                    recording.customer_path,
                    "",
                    "",
                    "",
                    0,
                    recording.state,
                    "",
                    "talk",
                    "[]",
                )
                for r, recording in found
            ),
        )

    def waiting_recordings(self) -> list[str]:
        """Ids of recordings whose sides are on disk and wait to be joined."""
        return [str(UUID(recording.id)) for _, r in self.told for recording in r.recordings.values()]
