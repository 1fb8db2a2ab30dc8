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

from dealerline.domain import conversation, presence  # noqa: E402 - found through the line above
from dealerline.domain.ivr import interpreter, values  # noqa: E402


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
        return "all" if which == conversation.ALL else ", ".join(sorted(which)) or "nobody"

    return [
        "## Who hears whom",
        "",
        "From `src/dealerline/domain/conversation.py`. A verb sets or clears a flag; the matrix follows.",
        "",
        "| verb | may be done to | sets | clears |",
        "|---|---|---|---|",
        *(f"| {n} | {roles(v.roles)} | {v.sets} | {v.clears} |" for n, v in conversation.VERBS.items()),
        "",
        "| flag | is heard by | hears | music |",
        "|---|---|---|---|",
        *(
            f"| {n} | {roles(f.speaks_to)} | {roles(f.hears)} | {'yes' if f.music else 'no'} |"
            for n, f in conversation.FLAGS.items()
        ),
        "",
    ]


def page() -> str:
    head = [
        "# States and transitions",
        "",
        "Drawn from the tables in the code by `tools/draw_states.py`. Do not edit.",
        "",
    ]
    return "\n".join([*head, *agents(), *flows(), *hearing()])


def main() -> int:
    text = page()
    if "--check" in sys.argv:
        return 0 if TARGET.exists() and TARGET.read_text(encoding="utf-8") == text else 1
    TARGET.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
