"""A caller who is asked to key who he is: the digits of his plate, the end of his VIN, a card's or an order's number.

The rule of the file: as in ``walking``, a step under way is changed and given commands, nothing else. What he keys is
in no fact, and is forgotten here when he goes on. Nobody is held up: without an answer he goes on as without a hit,
and who keys nothing is not asked again; ``#`` alone leads on at once, 0 alone to a person.
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
        _anew(run, node)
    elif digit == END:
        _whole(run, node)
    else:
        run.set(number=run.state.number + digit)
        if len(run.state.number) >= LONGEST:
            _whole(run, node)
        else:
            run.collect(node.timeout)


def silence(run: Run, node: model.IdentifyNode) -> None:
    """No key: after digits their end; else he does not want to, or cannot."""
    if not run.state.number:
        run.note("flow.timeout", node=node.name)
    _whole(run, node)


def identified(run: Run, node: model.IdentifyNode, result: str) -> None:
    """The records have answered, or nobody has."""
    asked = run.state.part == "enter"
    run.set(number="", part="")
    if result == "found":
        run.enter(node.found)
    elif not asked:
        _ask(run, node)
    elif result == "several":  # the agent will ask which of them he is
        run.enter(node.not_found)
    elif result == "unanswered":  # asking him once more would not help
        run.enter(node.on_timeout or node.not_found)
    else:
        _again(run, node)


def _whole(run: Run, node: model.IdentifyNode) -> None:
    digits = run.state.number
    if len(digits) >= LEAST:
        _look(run, digits)
    elif not digits:
        _on(run, node.on_timeout or node.not_found)
    elif digits == model.PERSON_KEY and run.flow.person:
        _on(run, run.flow.person)
    else:
        run.note("flow.wrong_key", node=node.name, digits="")
        _again(run, node)


def _anew(run: Run, node: model.IdentifyNode) -> None:
    """Counted as a visit: nobody begins anew for ever."""
    if run.state.visits >= run.flow.max_visits:
        _on(run, node.on_timeout or node.not_found)
    else:
        run.set(visits=run.state.visits + 1)
        _ask(run, node)


def _look(run: Run, digits: str) -> None:
    run.set(stage="identifying")
    run.say(Identify(digits))


def _again(run: Run, node: model.IdentifyNode) -> None:
    run.set(tries=run.state.tries + 1)
    if run.state.tries >= node.tries:
        _on(run, node.not_found)
    else:
        _ask(run, node, *((node.wrong_prompt,) if node.wrong_prompt else ()))


def _on(run: Run, to: str) -> None:
    run.set(part="", number="")
    run.enter(to)


def _ask(run: Run, node: model.IdentifyNode, *before: str) -> None:
    run.set(part="enter", number="")
    run.play((*before, *node.prompts))
