"""What can be done in a conversation, by whom, to whom: a table.

The rules of the file:

- A verb is a row of ``VERBS``. Whatever it changes, it changes by that row; no verb has code of its own.
- ``by`` names the party who does it; an empty ``by`` is the switch itself, which needs no right.
- A verb that cannot be done raises IllegalVerb and changes nothing; done twice, it changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from dealerline.domain.conversation.model import (
    LIMIT,
    MAIN,
    ROLES,
    STAFF,
    Conversation,
    IllegalVerb,
    Party,
    standing,
)

ANY = ROLES


@dataclass(frozen=True, slots=True)
class Verb:
    """``by``: roles that may; ``to``: roles it may be done to. ``who``: ``self`` (to oneself only), ``host`` (the host,
    to anybody), ``self_or_host``, ``other`` (not to oneself), ``room`` (whoever is in the side room that is named, or
    the host, for that room), or ``switch`` (nobody asks for it). ``host_to``: roles to which only the host may do it.
    The rest is what it does.
    """

    by: frozenset[str]
    to: frozenset[str]
    who: str = "other"
    host_to: frozenset[str] = frozenset()
    sets: str = ""
    clears: str = ""
    room: str = ""  # "aside": into the side room that is named; "main": back
    mode: str = ""
    locks: bool | None = None
    main: bool | None = None  # whether the side room that is named hears the main one
    host: bool = False  # the one it is done to becomes host


VERBS: dict[str, Verb] = {
    "hold": Verb(STAFF, frozenset({"customer", "agent", "outside"}), sets="held"),
    "unhold": Verb(STAFF, frozenset({"customer", "agent", "outside"}), clears="held"),
    "mute": Verb(STAFF, ANY, who="self_or_host", sets="muted"),
    "unmute": Verb(STAFF, ANY, who="self_or_host", clears="muted"),
    "wait": Verb(STAFF, ANY, who="switch", sets="waiting"),
    "unwait": Verb(STAFF, ANY, who="switch", clears="waiting"),
    "aside": Verb(STAFF, ANY - {"lead"}, who="any", host_to=frozenset({"customer"}), room="aside"),
    "back": Verb(STAFF, ANY - {"lead"}, who="any", room="main"),
    "main_off": Verb(STAFF, STAFF, who="room", main=False),
    "main_on": Verb(STAFF, STAFF, who="room", main=True),
    "listen": Verb(frozenset({"lead"}), frozenset({"lead"}), who="self", mode="listen"),
    "whisper": Verb(frozenset({"lead"}), frozenset({"lead"}), who="self", mode="whisper"),
    "barge": Verb(frozenset({"lead"}), frozenset({"lead"}), who="self", mode="barge"),
    "lock": Verb(STAFF, STAFF, who="host", locks=True),
    "unlock": Verb(STAFF, STAFF, who="host", locks=False),
    "host": Verb(STAFF, frozenset({"agent"}), who="host", host=True),
}


def join(conversation: Conversation, party: Party, by: str = "") -> Conversation:
    """``party`` comes in. Raises IllegalVerb for an unknown role, an id that is there with another, a full or a locked
    conversation.
    """
    there = conversation.parties.get(party.id)
    if party.role not in ROLES or (there and there.role != party.role):
        raise IllegalVerb("bad_message", f"{party.role!r} cannot join as {party.id!r}")
    if there:
        return conversation
    may_join(conversation, by)
    host = conversation.host or (party.id if party.role == "agent" else "")
    parties = {**conversation.parties, party.id: party}
    if party.role == "agent":  # leads whose agent had left watch this one
        agents = {key for key, p in parties.items() if p.role == "agent"}
        parties = {
            key: p if p.role != "lead" or p.watches in agents else replace(p, watches=party.id)
            for key, p in parties.items()
        }
    return replace(conversation, parties=parties, host=host)


def rename(conversation: Conversation, old: str, new: str, same: bool = False) -> Conversation:
    """The same party on another channel (a page that was loaded anew): where and what it was, but not muted, unless it
    is all the ``same`` device.
    """
    party = conversation.parties[old]
    there = replace(party, id=new, flags=party.flags - (frozenset() if same else {"muted"}))
    parties = {
        new if key == old else key: there if key == old else (replace(p, watches=new) if p.watches == old else p)
        for key, p in conversation.parties.items()
    }
    host = new if conversation.host == old else conversation.host
    return replace(conversation, parties=parties, host=host)


def take_over(conversation: Conversation, lead: str) -> Conversation:
    """The lead has the conversation now: an agent like any other, host, in the room of the one he watched, who is to
    leave. Raises IllegalVerb.
    """
    party = conversation.parties.get(lead)
    watched = conversation.parties.get(party.watches) if party is not None else None
    if party is None or party.role != "lead" or watched is None or watched.role != "agent":
        raise IllegalVerb("not_now")
    parties = {**conversation.parties, lead: Party(lead, "agent", watched.room)}
    return replace(conversation, parties=parties, host=lead)


def may_join(conversation: Conversation, by: str = "") -> None:
    """Raises IllegalVerb unless ``by`` may bring somebody in now."""
    if len(conversation.parties) >= LIMIT:
        raise IllegalVerb("full")
    if conversation.locked and by and by != conversation.host:
        raise IllegalVerb("locked")


def leave(conversation: Conversation, party: str) -> Conversation:
    """That party is gone; without effect if it was not there. The next agent becomes host, and leads who watched it
    watch another; a side room that only the customer would be left in is given up.
    """
    if party not in conversation.parties:
        return conversation
    parties = {key: p for key, p in conversation.parties.items() if key != party}
    agents = [p for p in parties.values() if p.role == "agent"]
    host = conversation.host if conversation.host != party else (agents[0].id if agents else "")
    to_watch = agents[0].id if agents else next((p.id for p in parties.values() if p.role != "lead"), "")
    parties = {key: replace(p, watches=to_watch) if p.watches == party else p for key, p in parties.items()}
    locked = conversation.locked and bool(host)
    return _tidied(replace(conversation, parties=parties, host=host, locked=locked))


def _tidied(conversation: Conversation) -> Conversation:
    """A guest whom everybody left in a side room comes back to the main one; of a room left by all nothing is kept."""
    parties = conversation.parties
    staffed = {p.room for p in parties.values() if p.role == "agent"}
    stray = [p for p in parties.values() if p.room != MAIN and p.role != "agent" and p.room not in staffed]
    if stray:
        conversation = replace(conversation, parties={**parties, **{p.id: replace(p, room=MAIN) for p in stray}})
    if conversation.deaf - set(conversation.side_rooms):
        conversation = replace(conversation, deaf=conversation.deaf & set(conversation.side_rooms))
    return conversation


def apply(
    conversation: Conversation, verb: str, party: str, *, by: str = "", room: str = "", watches: str = ""
) -> Conversation:
    """The conversation after ``by`` did ``verb`` to ``party``. Raises IllegalVerb."""
    row, target = VERBS.get(verb), conversation.parties.get(party)
    if row is None or target is None or target.role not in row.to:
        raise IllegalVerb("not_now", f"{verb!r} cannot be done to {target.role if target else 'nobody'!r}")
    _check(conversation, row, target, by, room)
    if row.room == "aside" and (not room or room == MAIN):
        raise IllegalVerb("bad_message", "a side room needs a name")
    if row.main is not None and room not in conversation.side_rooms:
        raise IllegalVerb("not_now", "no such side room")
    after = replace(
        target,
        flags=(target.flags | {row.sets} if row.sets else target.flags) - {row.clears},
        room={"aside": room, "main": MAIN}.get(row.room, target.room),
        mode=row.mode or target.mode,
        watches=watches or target.watches,
    )
    if after.role == "lead" and after.watches not in conversation.parties:
        raise IllegalVerb("not_now", "nobody to watch")
    locked = conversation.locked if row.locks is None else row.locks
    host = party if row.host else conversation.host
    deaf = conversation.deaf
    if row.main is not None:
        deaf = deaf - {room} if row.main else deaf | {room}
    if (after, locked, host, deaf) == (target, conversation.locked, conversation.host, conversation.deaf):
        return conversation
    made = replace(conversation, parties={**conversation.parties, party: after}, host=host, locked=locked, deaf=deaf)
    return _tidied(made)


def _check(conversation: Conversation, row: Verb, target: Party, by: str, room: str) -> None:
    """Whether that party may. Raises IllegalVerb."""
    if not by:
        return
    actor = conversation.parties.get(by)
    if actor is None or actor.role not in row.by or row.who == "switch":
        raise IllegalVerb("forbidden")
    if actor.in_booth and (actor.id != target.id or row.who == "room"):
        raise IllegalVerb("only_watching")
    own, host = by == target.id, by == conversation.host
    inside = standing(conversation).get(by) == room
    rights = {"self": own, "host": host, "self_or_host": own or host, "other": not own, "room": inside or host}
    if not rights.get(row.who, True):
        raise IllegalVerb("not_host" if row.who in ("host", "self_or_host", "room") else "not_now")
    if target.role in row.host_to and not host:
        raise IllegalVerb("not_host")
