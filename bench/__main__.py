"""``./dealerline bench NAME [--quick] [--json]``: each benchmark measures its peer in the same run."""

from __future__ import annotations

import importlib
import sys

NAMES = {
    "acd": "queue: agent free to next ring, calls a second, beside app_queue",
    "board": "the live board: a beat for 500 people and as many pages, beside the whole sent each time",
    "routing": "the routing core alone, beside a naive scan; service levels beside Erlang's formulas",
    "import": "lists of 100,000 rows in, killed half-way and gone on with, and taken back; beside saving one by one",
    "pop": "ring to pop drawn",
    "soak": "thousands of calls with hang-ups and verbs at every step: what is left afterwards",
    "verbs": "verb pressed to sound changed; processor for supervised conversations, beside a bare Asterisk",
}

MODULES = {"import": "imports"}  # Python keeps that word for itself


def main() -> int:
    if len(sys.argv) < 2 or sys.argv[1] not in NAMES:
        print("usage: ./dealerline bench NAME [--quick] [--json]")
        for name, what in NAMES.items():
            print(f"  {name:6} {what}")
        return 2
    module = importlib.import_module(f"bench.{MODULES.get(sys.argv[1], sys.argv[1])}")
    return int(module.main(sys.argv[2:]))


if __name__ == "__main__":
    sys.exit(main())
