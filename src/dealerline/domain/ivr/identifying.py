"""A caller who is asked to key who he is: the digits of his plate, the end of his VIN, a card's or an order's number.

The rule of the file: as in ``walking``, a step under way is changed and given commands, nothing else. What he keys is
in no fact, and is forgotten when he goes on. Nobody is held up: without an answer he goes on as without a hit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dealerline.domain.ivr import model
from dealerline.domain.ivr.values import Identify

if TYPE_CHECKING:
    from dealerline.domain.ivr.walking import Run

LEAST, LONGEST = 3, 20
"""So many digits: the plate with the fewest has three, and no number of an order has more than twenty."""
END, ANEW = "#", "*"


def enter(run: Run, node: model.IdentifyNode) -> None:
    run.set(typed="", part="", number="")
    if node.ask_known:
        _ask(run, node)
    else:
        _look(run, "")


def key(run: Run, node: model.IdentifyNode, digit: str) -> None:
    """A key, while something is said or afterwards."""
    if digit == ANEW:
        _ask(run, node)
    elif digit == END:
        _whole(run, node)
    else:
        run.set(number=run.state.number + digit)
        if len(run.state.number) >= LONGEST:
            _whole(run, node)
        else:
            run.collect(node.timeout)


def silence(run: Run, node: model.IdentifyNode) -> None:
    """No key: after digits their end."""
    if run.state.number:
        _whole(run, node)
    else:
        run.note("flow.timeout", node=node.name)
        _again(run, node, node.timeout_prompt, node.on_timeout)


def identified(run: Run, node: model.IdentifyNode, result: str) -> None:
    """The records have answered, or nobody has."""
    asked = run.state.part == "enter"
    run.set(number="", part="")
    if result == "found":
        run.enter(node.found)
    elif not asked:
        _ask(run, node)
    elif result == "unanswered":  # asking him once more would not help
        run.enter(node.on_timeout or node.not_found)
    else:
        _again(run, node, node.wrong_prompt, node.not_found)


def _whole(run: Run, node: model.IdentifyNode) -> None:
    if len(run.state.number) >= LEAST:
        _look(run, run.state.number)
    else:
        run.note("flow.wrong_key", node=node.name, digits="")
        _again(run, node, node.wrong_prompt, node.not_found)


def _look(run: Run, digits: str) -> None:
    run.set(stage="identifying")
    run.say(Identify(digits))


def _again(run: Run, node: model.IdentifyNode, hint: str, to: str) -> None:
    run.set(tries=run.state.tries + 1, number="")
    if run.state.tries >= node.tries:
        run.set(part="")
        run.enter(to or node.not_found)
    else:
        _ask(run, node, *((hint,) if hint else ()))


def _ask(run: Run, node: model.IdentifyNode, *before: str) -> None:
    run.set(part="enter", number="")
    run.play((*before, *node.prompts))
