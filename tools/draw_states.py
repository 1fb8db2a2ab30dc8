"""Draws the domain's transition tables into docs/reference/states.md, as Mermaid diagrams.

python tools/draw_states.py          # writes the page
python tools/draw_states.py --check  # says whether it is up to date (exit 1 if not)
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs/reference/states.md"
sys.path[:0] = [str(ROOT / "src"), str(ROOT)]

from dealerline.domain import callbacks, consent, presence  # noqa: E402 - found through the line above
from dealerline.domain.conversation import model, transfer, verbs  # noqa: E402
from dealerline.domain.duplicates import states as pairs  # noqa: E402
from dealerline.domain.exchange import states as imports  # noqa: E402
from dealerline.domain.ivr import interpreter, values  # noqa: E402
from dealerline.domain.leads import moves  # noqa: E402
from dealerline.domain.promises import states  # noqa: E402


def diagram(edges: Iterable[tuple[str, str, str]], start: str) -> list[str]:
    """Lines of a state diagram; events between the same two states share an arrow."""
    arrows: dict[tuple[str, str], list[str]] = defaultdict(list)
    for source, target, event in edges:
        if event not in arrows[(source, target)]:
            arrows[(source, target)].append(event)
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {start}"]
    lines += [f"    {a} --> {b}: {', '.join(events)}" for (a, b), events in arrows.items()]
    return [*lines, "```", ""]


def agents() -> list[str]:
    edges = [(s, to, e.__name__) for (s, e), change in presence.TABLE.items() for to in change.to if to != s]
    waits = sorted({e.__name__ for (s, e), change in presence.TABLE.items() if change.to == (s,)})
    return [
        "## An agent",
        "",
        "From `src/dealerline/domain/presence.py`. An event that has no row here cannot happen in that state: it",
        f"raises and changes nothing. Events that may leave the state as it is: {', '.join(waits)}.",
        "",
        *diagram(edges, "offline"),
        "| state | event | becomes |",
        "|---|---|---|",
        *(f"| {s} | {e.__name__} | {', '.join(c.to)} |" for (s, e), c in presence.TABLE.items()),
        "",
    ]


def requests() -> list[str]:
    edges = [("asked", to, event) for event, to in consent.TABLE.items()]
    return [
        "## A break that a lead has to consent to",
        "",
        "From `src/dealerline/domain/consent.py`. While it is asked for, the agent is what he was; granted during a",
        "call, it is his wish for afterwards. One may ask while " + ", ".join(sorted(consent.MAY_ASK)) + ".",
        "",
        *diagram(edges, "asked"),
    ]


def flows() -> list[str]:
    rows = [(s, e.__name__, r) for (s, e), r in interpreter.TABLE.items() if r.to != frozenset({s})]
    lines = [
        "## A caller in a flow",
        "",
        "From `src/dealerline/domain/ivr/interpreter.py`. Where an event leads depends on the nodes that follow, and a",
        "step may pass several; `any` stands for every stage a node can begin with. A caller may hang up in any",
        "stage (`CallerGone`, then `ended`); after a restart (`Resumed`) the node begins anew; queues, talks go on.",
        "",
        "| stage | event | may lead to |",
        "|---|---|---|",
    ]
    for stage in values.STAGES:
        for source, event, rule in rows:
            if source == stage and event not in ("CallerGone", "Resumed"):
                to = "any" if rule.to == interpreter.ANY_STAGE else ", ".join(sorted(rule.to))
                lines.append(f"| {stage} | {event} | {to} |")
    return [*lines, ""]


def hearing() -> list[str]:
    def roles(which: frozenset[str]) -> str:
        return "all" if which == model.ROLES else ", ".join(sorted(which)) or "nobody"

    def does(verb: verbs.Verb) -> str:
        lock = {True: "locks", False: "unlocks", None: ""}[verb.locks]
        main = {True: "the room hears the main one", False: "the room does not hear the main one", None: ""}[verb.main]
        found = (verb.sets and f"sets {verb.sets}", verb.clears and f"clears {verb.clears}", verb.mode, lock, main)
        room = {"aside": "into a side room", "main": "into the main room", "": ""}[verb.room]
        return ", ".join(word for word in (*found, room, "makes host" if verb.host else "") if word)

    return [
        "## Who may do what in a conversation",
        "",
        "From `src/dealerline/domain/conversation/verbs.py`. Who hears whom follows (`model.py`), and how bridges,",
        "music and ears must change for it, and in which order (`layout.py`).",
        "",
        "| verb | done by | to | whom | only by the host to | does |",
        "|---|---|---|---|---|---|",
        *(
            f"| {n} | {roles(v.by)} | {roles(v.to)} | {v.who} | {roles(v.host_to) if v.host_to else ''} | {does(v)} |"
            for n, v in verbs.VERBS.items()
        ),
        "",
    ]


def attempts() -> list[str]:
    edges = [(s.value, to.value, e.value) for (s, e), (to, _) in transfer.TABLE.items()]
    return [
        "## Bringing somebody in",
        "",
        "From `src/dealerline/domain/conversation/transfer.py`. Whatever fails goes one step back, so that the",
        "customer always has somebody or music.",
        "",
        *diagram(edges, "asking"),
        "| state | event | becomes | to be done |",
        "|---|---|---|---|",
        *(
            f"| {s.value} | {e.value} | {to.value} | {', '.join(d.value for d in do)} |"
            for (s, e), (to, do) in transfer.TABLE.items()
        ),
        "",
    ]


def promises() -> list[str]:
    edges = [(s.value, to.value, on.value) for (s, on), change in callbacks.TABLE.items() for to in change.to]
    return [
        "## A promised call-back",
        "",
        "From `src/dealerline/domain/callbacks.py`. Wherever several states may follow, opening hours and the tries",
        "that are left decide. `spoke` (he spoke with somebody, in another call than ours) and `cancel` end it in",
        "every state.",
        "",
        *diagram([e for e in edges if e[2] not in ("spoke", "cancel") and e[0] != e[1]], "promised"),
        "| state | event | becomes |",
        "|---|---|---|",
        *(
            f"| {s.value} | {on.value} | {', '.join(to.value for to in change.to)} |"
            for (s, on), change in callbacks.TABLE.items()
        ),
        "",
    ]


def ledger() -> list[str]:
    edges = [(s.value, to.value, on.value) for (s, on), to in states.TABLE.items()]
    return [
        "## What one of ours promised a customer",
        "",
        "From `src/dealerline/domain/promises/states.py`. Being late is no state: it is still owed. A word on how, or",
        "why, is asked for " + ", ".join(sorted(on.value for on in states.NEEDS_NOTE)) + ".",
        "",
        *diagram(edges, "open"),
    ]


def lists() -> list[str]:
    edges = [(state, to, event) for state, steps in imports.STEPS.items() for event, to in steps.items()]
    return [
        "## A list that comes in",
        "",
        "From `src/dealerline/domain/exchange/states.py`. A job works while it is " + ", ".join(imports.AT_WORK) + ";",
        "one that dies is followed by another, which goes on where it was.",
        "",
        *diagram(edges, "uploaded"),
    ]


def leads() -> list[str]:
    who = {(s, m): ", ".join(sorted(by)) for (s, m), (_, by) in moves.TABLE.items()}
    edges = [(s.value, to.value, m.value) for (s, m), (to, _) in moves.TABLE.items() if s is not to]
    return [
        "## A lead",
        "",
        "From `src/dealerline/domain/leads/moves.py`. Stages between first contact and signature are each group's own;",
        "what moving to one means follows from its kind (open, won, lost). `lead` is who may assign leads there.",
        "",
        *diagram(edges, "waiting"),
        "| state | event | becomes | by |",
        "|---|---|---|---|",
        *(f"| {s.value} | {m.value} | {to.value} | {who[s, m]} |" for (s, m), (to, _) in moves.TABLE.items()),
        "",
    ]


def duplicates() -> list[str]:
    return [
        "## A pair of duplicates",
        "",
        "From `src/dealerline/domain/duplicates/states.py`. The finder makes pairs, and lets go of those in `found`",
        "that are no longer alike; all else somebody decides.",
        "",
        *diagram([(s, to, event) for (s, event), to in pairs.TABLE.items()], pairs.FOUND),
    ]


def page() -> str:
    head = [
        "# States and transitions",
        "",
        "Drawn from the tables in the code by `tools/draw_states.py`. Do not edit.",
        "",
    ]
    parts = (agents, requests, flows, hearing, attempts, promises, ledger, leads, lists, duplicates)
    return "\n".join([*head, *(line for part in parts for line in part())])


def main() -> int:
    text = page()
    if "--check" in sys.argv:
        return 0 if TARGET.exists() and TARGET.read_text(encoding="utf-8") == text else 1
    TARGET.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
