"""What can be done in a scene one after the other: a small model of the verbs, and walks in which every pair occurs.

The model knows of a conversation what the domain knows (who hears whom is the domain's matrix), and of the rest who has
the call and who is consulted. ``walks`` looks for the shortest way to each pair of verbs that has not occurred.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from dealerline.domain import conversation as domain
from dealerline.domain.conversation import MAIN, Conversation, Party

PEOPLE = "abcd"
FAR = 8_000


def rows(talk: domain.Conversation) -> dict[str, set[str]]:
    """Listener -> whom and what he hears, as the domain's matrix wants it."""
    wanted: dict[str, set[str]] = {p.id: set() for p in talk}
    for (speaker, listener), yes in domain.matrix(talk).items():
        if yes:
            wanted[listener].add(speaker)
    for party in talk:
        if domain.place(talk, party) == domain.MUSIC:
            wanted[party.id].add("music")
    return wanted


@dataclass(frozen=True)
class State:
    """``owner``: who has the call and does everything; ``others``: everybody else but the customer, in their order."""

    talk: Conversation
    owner: str = "a"
    others: tuple[str, ...] = ()
    consulted: str = ""
    asks: str = ""  # who consults

    @property
    def key(self) -> tuple[object, ...]:
        return (*self.talk, self.talk.host, self.owner, self.others, self.consulted, self.asks)

    @property
    def speakers(self) -> list[str]:
        """Who talks beside the customer and the owner."""
        return [n for n in self.others if self.talk.parties[n].role != "lead"]

    @property
    def lead(self) -> str:
        return next((n for n in self.others if self.talk.parties[n].role == "lead"), "")

    @property
    def free(self) -> str:
        """The first of the people who is not in it."""
        return next((n for n in PEOPLE if n not in self.talk.parties), "")

    def is_(self, name: str, flag: str) -> bool:
        return flag in self.talk.parties[name].flags

    def do(self, verb: str, name: str, room: str = "", by: str = "?") -> State:
        return replace(self, talk=domain.apply(self.talk, verb, name, by=self.owner if by == "?" else by, room=room))

    def comes(self, name: str, role: str, mode: str = "") -> State:
        party = Party(name, role, mode=mode, watches=self.owner if role == "lead" else "")
        return replace(self, talk=domain.join(self.talk, party), others=(*self.others, name))

    def goes(self, name: str) -> State | None:
        """None when no agent would be left who could do anything."""
        left = replace(self, talk=domain.leave(self.talk, name), others=tuple(n for n in self.others if n != name))
        if name == self.consulted:
            left = replace(left, consulted="", asks="")
        return left if name != self.owner else left.inherited()

    def inherited(self) -> State | None:
        """The first of the agents who are left has it now."""
        heir = next((n for n in self.speakers if self.talk.parties[n].role == "agent"), "")
        if not heir:
            return None
        rest = tuple(n for n in self.others if n != heir)
        settled = replace(self, owner=heir, others=rest)
        return replace(settled, consulted="", asks="") if heir == self.consulted else settled

    def together(self) -> State:
        """Nobody is on hold any more."""
        made = self
        for name in list(self.talk.parties):
            made = made.do("unhold", name, by="") if made.is_(name, "held") else made
        return made


def _hold(s: State) -> State | None:
    return None if s.is_("customer", "held") else s.do("hold", "customer")


def _unhold(s: State) -> State | None:
    return s.do("unhold", "customer") if s.is_("customer", "held") else None


def _mute(s: State) -> State | None:
    return None if s.is_(s.owner, "muted") else s.do("mute", s.owner)


def _unmute(s: State) -> State | None:
    return s.do("unmute", s.owner) if s.is_(s.owner, "muted") else None


def _transfer(s: State) -> State | None:
    target = s.free
    if not target or s.consulted:
        return None
    if s.speakers:
        left = s.goes(s.owner)
        return left.comes(target, "agent") if left else None
    gone = replace(s, talk=domain.leave(s.talk, s.owner), owner=target).together()
    return replace(gone, talk=domain.join(gone.talk, Party(target, "agent")))


def _transfer_in_vain(s: State) -> State | None:
    if s.consulted or s.speakers:
        return None
    gone = replace(s, talk=domain.leave(s.talk, s.owner)).together()
    return replace(gone, talk=domain.join(gone.talk, Party(s.owner, "agent")))


def _consult(s: State) -> State | None:
    target = s.free
    if not target or s.consulted:
        return None
    asked = (s if s.is_("customer", "held") else s.do("hold", "customer")).comes(target, "agent")
    return replace(asked, consulted=target, asks=s.owner)


def _swap(s: State) -> State | None:
    if not s.consulted or s.consulted == s.owner:
        return None
    if s.is_("customer", "held"):
        return None if s.is_(s.consulted, "held") else s.do("hold", s.consulted).do("unhold", "customer")
    held = s.do("hold", "customer")
    return held.do("unhold", s.consulted) if held.is_(s.consulted, "held") else held


def _three_way(s: State) -> State | None:
    if s.consulted and s.asks == s.owner:
        return replace(s.together(), consulted="", asks="")
    return s.together() if any("held" in p.flags for p in s.talk) else None


def _complete(s: State) -> State | None:
    if s.consulted and s.asks == s.owner:
        return replace(s.together(), consulted="", asks="").goes(s.owner)
    return s.goes(s.owner) if s.speakers else None


def _cancel(s: State) -> State | None:
    if not s.consulted or s.owner not in (s.asks, s.talk.host):
        return None
    left = s.goes(s.consulted)
    return left.together() if left else None


def _invite(s: State) -> State | None:
    return s.comes(s.free, "agent") if s.free else None


def _invite_number(s: State) -> State | None:
    return None if "out" in s.talk.parties else s.comes("out", "outside")


def last(s: State) -> str:
    """Whom remove and aside are about."""
    return s.speakers[-1] if s.speakers else ""


def _remove(s: State) -> State | None:
    name = last(s)
    if not name or s.talk.host != s.owner:
        return None
    left = s.goes(name)
    if left is None:
        return None
    over = name in (s.consulted, s.asks)  # a consultation, if there was one
    return replace(left.together(), consulted="", asks="") if over and s.consulted else left


def _aside(s: State) -> State | None:
    name = last(s)
    if not name or s.talk.parties[s.owner].room != MAIN or s.talk.parties[name].room != MAIN:
        return None
    return s.do("aside", s.owner, "s1").do("aside", name, "s1")


def _back(s: State) -> State | None:
    room = s.talk.parties[s.owner].room
    if room == MAIN:
        return None
    inside = [p.id for p in s.talk if p.room == room]
    made = s
    for name in sorted(inside, key=lambda n: s.talk.parties[n].role == "agent"):
        made = made.do("back", name)
    return made


def _supervised(mode: str) -> Callable[[State], State | None]:
    def verb(s: State) -> State | None:
        if s.lead:
            return s.do(mode, s.lead, by=s.lead)
        return s.comes(s.free, "lead", mode) if s.free else None

    return verb


def _take_over(s: State) -> State | None:
    lead = s.lead
    watched = s.talk.parties[s.talk.parties[lead].watches] if lead else None
    if watched is None or watched.role != "agent":
        return None
    before = (s.owner,) if s.owner != watched.id else ()
    others = (*before, *(n for n in s.others if n not in (lead, watched.id)))
    made = replace(s, talk=domain.leave(domain.take_over(s.talk, lead), watched.id), owner=lead, others=others)
    made = replace(made, consulted="", asks="") if watched.id == s.consulted else made
    return made.do("unhold", "customer", by="") if made.is_("customer", "held") else made


VERBS: dict[str, Callable[[State], State | None]] = {
    "hold": _hold, "unhold": _unhold, "mute": _mute, "unmute": _unmute, "transfer": _transfer,
    "transfer in vain": _transfer_in_vain, "consult": _consult, "swap": _swap, "three_way": _three_way,
    "complete": _complete, "cancel": _cancel, "invite": _invite, "invite number": _invite_number, "remove": _remove,
    "aside": _aside, "back": _back, "listen": _supervised("listen"), "whisper": _supervised("whisper"),
    "barge": _supervised("barge"), "take_over": _take_over,
}
Pair = tuple[str, str]
Steps = list[tuple[str, State]]


def start() -> State:
    """The customer talks with ``a``."""
    talk = domain.join(domain.join(Conversation(), Party("customer", "customer")), Party("a", "agent"))
    return State(talk)


def after(state: State) -> Steps:
    """Every verb that can be done, and what is then."""
    found = ((name, verb(state)) for name, verb in VERBS.items())
    return [(name, made) for name, made in found if made is not None]


def possible() -> dict[Pair, Steps]:
    """All pairs of verbs that can follow one another at all, and a way from the start to each."""
    found: dict[Pair, Steps] = {}
    seen: set[tuple[object, ...]] = {start().key}
    waiting: deque[tuple[State, Steps]] = deque([(start(), [])])
    while waiting and len(seen) < FAR:
        state, way = waiting.popleft()
        for first, between in after(state):
            for second, there in after(between):
                found.setdefault((first, second), [*way, (first, between), (second, there)])
            if between.key not in seen:
                seen.add(between.key)
                waiting.append((between, [*way, (first, between)]))
    return found


def _nearest(state: State, came_by: str, missing: set[Pair]) -> Steps:
    """The shortest way on that ends with a pair that is missing."""
    seen: set[tuple[object, ...]] = {(came_by, state.key)}
    waiting: deque[tuple[str, State, Steps]] = deque([(came_by, state, [])])
    while waiting and len(seen) < FAR:
        verb, here, way = waiting.popleft()
        for following, there in after(here):
            steps = [*way, (following, there)]
            if (verb, following) in missing:
                return steps
            if (following, there.key) not in seen:
                seen.add((following, there.key))
                waiting.append((following, there, steps))
    return []


def pairs(walk: Steps) -> set[Pair]:
    """Each verb with the one after it."""
    return set(itertools.pairwise([name for name, _ in walk]))


def walks(longest: int) -> list[Steps]:
    """Conversations of about so many verbs each, in which together every possible pair occurs."""
    ways = possible()
    missing, made = set(ways), []
    while missing:
        walk: Steps = []
        state, verb = start(), ""
        while missing and len(walk) < longest:
            steps = _nearest(state, verb, missing) or ([] if walk else ways[min(missing)])
            if not steps:
                break
            walk += steps
            verb, state = steps[-1]
            missing -= pairs(walk)
        made.append(walk)
    return made
