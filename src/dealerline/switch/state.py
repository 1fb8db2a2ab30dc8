"""What of a call outlives the switch: packed small, put on the customer's channel, read back by the next switch.

The rule of the file: only what Asterisk itself cannot tell is packed; keys are short, since a channel variable has to
hold it. Reading raises ValueError, KeyError or TypeError for what cannot be understood.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dealerline.domain import ivr
from dealerline.domain.conversation import Conversation, Ear, Party, transfer
from dealerline.switch.model import AgentLeg, Attempt, Call, FlowRun, Lines, Recording, Track
from dealerline.switch.ports import Known


def pack(call: Call) -> dict[str, Any]:
    """A call as JSON values."""
    run = call.flow
    return {
        "dir": call.direction,
        "ph": call.phase.value,
        "ln": call.line,
        "st": call.store,
        "ca": call.carrier,
        "fr": call.from_number,
        "to": call.to_number,
        "ar": round(call.arrived, 3),
        "lg": call.language,
        "q": call.queue,
        "qd": round(call.queued, 3),
        "dl": round(call.deadline, 3),
        "we": call.wait_when_empty,
        "pr": call.priority,
        "ft": call.front,
        "le": list(call.lent),
        "sp": call.spent,
        "kn": _known(call.known),
        "pl0": round(call.place, 3),
        "cb": call.promise,
        "ra": [call.rates, call.marked],
        "p": call.person,
        "an": round(call.answered, 3),
        "ts": round(call.talk_started, 3),
        "h": round(call.held_since, 3),
        "hb": call.held_by,
        "as": [call.aside.label, round(call.aside.joined, 3)] if call.aside is not None else None,
        "n": call.recordings,
        "lc": call.legs,
        "lb": call.labels,
        "pl": call.plays,
        "so": call.announcing or (call.flow.playback if call.flow is not None else ""),
        "fw": call.forward_number,
        "fl": [run.flow, run.version, run.state.dump()] if run is not None else None,
        "rc": [
            call.recording.id,
            call.recording.channel,
            call.recording.agent_path,
            call.recording.customer_path,
            round(call.recording.started, 3),
        ]
        if call.recording
        else None,
        "bt": call.by_tracks,
        "tr": {
            c: [t.id, t.room, t.audience, round(t.started, 3), call.track_paths.get(c, "")]
            for c, t in call.tracks.items()
        },
        "pd": call.paused is not None,
        "cv": _talk(call),
        "er": {
            channel: [room, ear.on, ear.whisper, ear.hears, ear.company] for channel, (room, ear) in call.ears.items()
        },
        "ok": _own_keys(call),
        "pa": call.path,
        "lf": sorted(call.left),
        "rt": [call.returned.by, call.returned.target, call.returned.reason] if call.returned is not None else None,
    }


def _known(known: Known | None) -> list[Any] | None:
    if known is None:
        return None
    return [
        *(known.customer, known.level, known.owner, known.last),
        *(list(known.named), known.standing, known.by, known.car),
        *(list(known.among), known.tried),
    ]


def _own_keys(call: Call) -> dict[str, Any]:
    """channel -> [somebody else muted him, his desk phone holds, he is muted by that, its two calls]."""
    return {
        leg.channel: [
            leg.silenced,
            leg.holds,
            leg.hold_mutes,
            [x.first, x.second, x.partner, sorted(x.held)] if (x := leg.lines) is not None else None,
        ]
        for leg in call.legs_all
        if leg.silenced or leg.holds or leg.hold_mutes or leg.lines is not None
    }


def _talk(call: Call) -> Any:
    if not call.talk.parties:
        return None
    parties = [[p.id, p.role, p.room, sorted(p.flags), p.mode, p.watches] for p in call.talk]
    legs = [
        [
            leg.channel,
            leg.person,
            leg.role,
            leg.label,
            leg.name,
            leg.number,
            round(leg.joined, 3),
            leg.mode,
            leg.watches,
        ]
        for leg in call.legs_all
        if leg.answered
    ]
    attempts = [
        [leg.channel, a.state.value, a.how, a.by, a.kind, a.target, a.name, a.ringback]
        for leg in call.others.values()
        if (a := leg.attempt) is not None
    ]
    deaf = sorted(call.talk.deaf)
    return [parties, call.talk.host, call.talk.locked, legs, attempts, deaf, sorted(call.soft), call.talk.company]


def unpack(call_id: str, channel: str, s: dict[str, Any], seq: int) -> Call:
    """The call that was packed. Its conversation is in it as it was wanted; nothing is said of who is still there."""
    call = Call(call_id, channel, s["dir"], s["fr"], s["to"], s["ar"])
    call.line, call.store, call.carrier, call.language = s["ln"], s["st"], s["ca"], s["lg"]
    call.queue, call.queued, call.deadline, call.wait_when_empty = s["q"], s["qd"], s["dl"], s["we"]
    call.priority, call.person, call.answered, call.talk_started = s["pr"], s["p"], s["an"], s["ts"]
    call.front, call.lent, call.spent = bool(s.get("ft")), tuple(s.get("le", ())), bool(s.get("sp"))
    if s.get("kn"):
        customer, level, owner, last, named, *more = s["kn"]  # fewer from an older switch
        call.known = Known(customer, level, owner, last, tuple(named), *more[:3])
        if len(more) > 3:
            call.known = replace(call.known, among=tuple(more[3]), tried=more[4])
    call.held_since, call.held_by, call.recordings, call.legs = s["h"], s["hb"], s["n"], s["lc"] + 5
    call.plays, call.forward_number, call.path, call.labels = s["pl"] + 50, s["fw"], s["pa"], s["lb"] + 5
    call.rates, call.marked = s.get("ra", (0, 0))
    call.place, call.promise = s.get("pl0", 0.0), s.get("cb", "")
    call.up, call.seq, call.by_tracks = True, max(int(s["sq"]), seq), s["bt"]
    if s.get("as"):
        call.aside = AgentLeg("", call.person, "", 0.0, 0.0, label=s["as"][0], joined=s["as"][1])
    if s["fl"]:
        flow, version, position = s["fl"]
        call.flow = FlowRun(flow, version, ivr.State.load(position))
        call.flow.node = call.flow.state.node
    if s["rc"]:
        identifier, leg, agent_path, customer_path, started = s["rc"]
        call.recording = Recording(identifier, leg, call.person, agent_path, customer_path, started)
        call.recording_state = "on"
    for channel_of, (track, room, audience, started, path) in s["tr"].items():
        call.tracks[channel_of] = Track(track, room, audience, started)
        call.track_paths[channel_of] = path
        call.recording_state = "on"
    if s["cv"]:
        parties, host, locked = s["cv"][:3]
        made = [
            Party(i, role, room, frozenset(flags), mode, watches) for i, role, room, flags, mode, watches in parties
        ]
        deaf, soft, company = s["cv"][5:]
        call.talk = Conversation({p.id: p for p in made}, host, locked, frozenset(deaf), company)
        call.soft = set(soft)
    call.ears = {channel: (room, Ear(on, *how)) for channel, (room, on, *how) in s["er"].items()}
    call.left = set(s.get("lf", ()))
    if s.get("rt"):
        by, queue, reason = s["rt"]
        call.returned = Attempt(transfer.State.WAITING, "lead", by, "queue", queue, reason=reason)
    return call


def legs_of(s: dict[str, Any]) -> dict[str, AgentLeg]:
    """Every leg that had answered when the state was packed, by channel."""
    made = {}
    for channel, person, role, label, name, number, joined, mode, watches in s["cv"][3] if s["cv"] else ():
        leg = AgentLeg(
            channel, person, "", joined, 0.0, answered=joined, role=role, label=label, name=name, number=number
        )
        leg.joined, leg.mode, leg.watches = joined, mode, watches
        leg.silenced, leg.holds, leg.hold_mutes, lines = s.get("ok", {}).get(channel, (False, False, False, None))
        if lines:
            first, second, partner, held = lines
            leg.lines = Lines(first, second, partner, set(held))
        made[channel] = leg
    return made


def attempts_of(s: dict[str, Any]) -> list[list[Any]]:
    """[channel, state, how, by, kind, target, name, ringback] of everybody who was being brought in, or consulted."""
    return list(s["cv"][4]) if s["cv"] else []
