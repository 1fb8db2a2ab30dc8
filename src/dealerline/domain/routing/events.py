"""What the router is told and what it answers: values, nothing else."""

from __future__ import annotations

from dataclasses import dataclass

from dealerline.domain.routing.rules import Need, Overflow


class IllegalRouting(ValueError):
    """An event about a call, agent or queue that is not where the event says. Nothing has changed."""


# --- events ---


@dataclass(frozen=True, slots=True)
class QueueIs:
    """A queue is there, or its people or rules changed.

    ``strategy``: which of the free agents is rung (``rules.STRATEGIES``). ``order``: (agent, place) for the strategy
    ordered; who is not in it comes last. ``age_seconds``: so much waiting counts as much as one step of priority, for
    all alike, so that nobody starves; 0: a higher priority always goes first, whatever the others have waited, and
    before callers of all queues that age.
    """

    queue: int
    agents: tuple[int, ...]
    priority: int = 0
    strategy: str = "longest_idle"
    needs: tuple[Need, ...] = ()
    order: tuple[tuple[int, int], ...] = ()
    age_seconds: float = 0.0
    overflow: tuple[Overflow, ...] = ()


@dataclass(frozen=True, slots=True)
class QueueGone:
    queue: int


@dataclass(frozen=True, slots=True)
class AgentHas:
    """What an agent can do: ``skills`` (skill, level), ``capacity`` (kind of work, how many at a time)."""

    agent: int
    skills: tuple[tuple[int, int], ...] = ()
    capacity: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class AgentIs:
    """``present``: signed in, whatever he does. ``free_since``: free to be offered work since then; None: not free.

    ``load``: seconds of talk today, for the strategy least_busy. ``doing``: a word for explanations; "busy" is a break
    of his, in which nobody is kept for him. ``work``: (kind, how many) that he has at hand besides and that leaves him
    free for more.
    """

    agent: int
    present: bool
    free_since: float | None = None
    load: float = 0.0
    doing: str = ""
    work: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class AgentGone:
    """He is no longer an agent at all."""

    agent: int


@dataclass(frozen=True, slots=True)
class CallEntered:
    """Somebody waits. ``arrived``: when he came, for his place; ``since``: when he began to wait, for needs, overflow
    and patience (epoch seconds; now). ``front``: before all others.

    ``keep``: the people he knows, the first choice first: only they are offered him until he has waited ``patience``
    seconds, as long as one of them is there. ``lent``: queues he was lent to before a restart. ``spent``: a rule took
    him elsewhere in vain, so none does again.
    """

    call: str
    queue: int
    priority: int = 0
    arrived: float | None = None
    front: bool = False
    kind: str = "call"
    since: float | None = None
    keep: tuple[int, ...] = ()
    patience: float = 0.0
    lent: tuple[int, ...] = ()
    spent: bool = False


@dataclass(frozen=True, slots=True)
class CallKnown:
    """Only now it is known who he is: ``priority`` is added to his, and he is kept as in CallEntered."""

    call: str
    priority: int = 0
    keep: tuple[int, ...] = ()
    patience: float = 0.0


@dataclass(frozen=True, slots=True)
class CallReturned:
    """The offer failed, or the agent was lost in mid-call: the caller waits again, in front, and is kept for nobody."""

    call: str
    queue: int
    priority: int = 0
    arrived: float | None = None
    since: float | None = None


@dataclass(frozen=True, slots=True)
class CallLeft:
    """Hung up, timed out or pressed a key, while waiting or while being offered."""

    call: str


@dataclass(frozen=True, slots=True)
class Answered:
    """An agent took the offered call; nobody else is offered it any more."""

    call: str


@dataclass(frozen=True, slots=True)
class Declined:
    """One of several who are offered the call is out of it; others still are. The last one's end is CallReturned."""

    call: str
    agent: int


@dataclass(frozen=True, slots=True)
class Handled:
    """A call of this queue is over, after-call work included: ``seconds`` of an agent's time."""

    queue: int
    seconds: float


@dataclass(frozen=True, slots=True)
class TimePassed:
    """Something about a waiting caller may be due (``Router.due``): a need relaxes, patience ends, an overflow."""


Event = (
    QueueIs
    | QueueGone
    | AgentHas
    | AgentIs
    | AgentGone
    | CallEntered
    | CallKnown
    | CallReturned
    | CallLeft
    | Answered
    | Declined
    | Handled
    | TimePassed
)

# --- decisions ---


@dataclass(frozen=True, slots=True)
class Offer:
    """Ring ``agent`` for ``call``. ``why``: machine-readable reasons for the journal; ``explain.passed`` tells of the
    others.
    """

    call: str
    agent: int
    queue: int
    waited: float
    why: dict[str, object]


@dataclass(frozen=True, slots=True)
class Orphaned:
    """The queue of ``call`` is gone; the call must go on elsewhere."""

    call: str
    queue: int


@dataclass(frozen=True, slots=True)
class Overflowed:
    """A rule came true for a waiting call. To another queue: done, he is lent to it and waits in his own as well. To
    anywhere else: the switch takes him there, and says CallLeft when it does.
    """

    call: str
    queue: int
    rule: Overflow
    waited: float


Decision = Offer | Orphaned | Overflowed
