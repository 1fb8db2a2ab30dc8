"""A caller who wants to be rung back: his number told or keyed, confirmed, and the promise.

The rule of the file: as in ``walking``, a step under way is changed and given commands, nothing else. The number is
told digit by digit and is in no fact of a key; only he who confirms with 1 is promised anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dealerline.domain import callbacks
from dealerline.domain.ivr import model
from dealerline.domain.ivr.values import AskNumber, Promise

if TYPE_CHECKING:
    from dealerline.domain.ivr.walking import Run

LONGEST = 15  # digits
RIGHT, OTHER, END, ANEW = "1", "2", "#", "*"


def enter(run: Run, node: model.CallbackNode) -> None:
    run.set(typed="", part="", number="", stage="asking")
    run.say(AskNumber())


def number_is(run: Run, node: model.CallbackNode, number: str) -> None:
    """What he rings from is known now."""
    if number:
        _tell(run, number, *node.prompts)
    else:
        _ask(run, *node.prompts)


def key(run: Run, node: model.CallbackNode, digit: str) -> None:
    """A key, while something is said or afterwards."""
    if run.state.part == "enter":
        _entered(run, node, digit)
        return
    run.note("flow.key", digits=digit, node=node.name)
    if digit == RIGHT:
        _promise(run, node)
    elif digit == OTHER:
        _ask(run)
    else:
        run.note("flow.wrong_key", node=node.name, digits=digit)
        _again(run, node, "wrong_key")


def silence(run: Run, node: model.CallbackNode) -> None:
    """No key: of a number that he keys this is its end."""
    if run.state.part == "enter" and run.state.number:
        _whole(run, node)
    else:
        run.note("flow.timeout", node=node.name)
        _again(run, node, "")


def promised(run: Run, node: model.CallbackNode, ok: bool, prompts: tuple[str, ...]) -> None:
    """It is a promise, or cannot be one."""
    if ok:
        run.play(("callback.promised", *prompts), "closing", interruptible=False)
    else:
        run.note("flow.error", node=node.name, reason="no_callback")
        run.set(part="failed")
        run.play(("callback.failed", *prompts), interruptible=False)


def _entered(run: Run, node: model.CallbackNode, digit: str) -> None:
    if digit == ANEW:
        _ask(run)
    elif digit == END:
        _whole(run, node)
    else:
        run.set(number=run.state.number + digit)
        if len(run.state.number) >= LONGEST:
            _whole(run, node)
        else:
            run.collect(node.timeout)


def _whole(run: Run, node: model.CallbackNode) -> None:
    number = callbacks.accepted(run.state.number)
    if number:
        _tell(run, number)
    else:
        run.note("flow.wrong_key", node=node.name, digits="")
        _again(run, node, "callback.bad_number")


def _again(run: Run, node: model.CallbackNode, hint: str) -> None:
    tries = run.state.tries + 1
    run.set(tries=tries)
    before = (hint,) if hint else ()
    if tries >= node.tries:
        run.enter(node.on_fail)
    elif run.state.part == "enter":
        _ask(run, *before)
    else:
        _tell(run, run.state.number, *before)


def _ask(run: Run, *before: str) -> None:
    run.set(part="enter", number="")
    run.play((*before, "callback.enter"))


def _tell(run: Run, number: str, *before: str) -> None:
    run.set(part="confirm", number=number)
    run.play((*before, "callback.number", *(f"digit.{d}" for d in callbacks.digits(number)), "callback.confirm"))


def _promise(run: Run, node: model.CallbackNode) -> None:
    came = run.flow.nodes.get(run.state.queue)
    waited = came if isinstance(came, model.QueueNode) else None
    queue = node.queue or (waited.queue if waited else "")
    if not queue:
        promised(run, node, False, ())
        return
    run.set(stage="promising")
    run.say(Promise(queue, run.state.number, waited.priority if waited and waited.queue == queue else 0))
