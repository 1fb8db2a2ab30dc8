"""How well callers were served: the one formula, used by the live board, the API and the reports.

The rules of the file:

- Counted are stays in a queue: a caller who comes into a queue again counts again. A stay ends in one of ``ENDS``.
- **Service level = answered within the queue's seconds / (answered + lost after the queue's seconds).** Who gives up
  within those seconds did not wait long enough for us to fail him, and is left out. Lost is who hung up, and who was
  sent on unserved because the longest wait was over or nobody was there: else a short longest wait would make every
  figure good. Who pressed a key to do something else chose so, and is left out.
- Seconds are those of waiting, from the queue's first music to the answer: the ringing of a phone is waiting too.
"""

from __future__ import annotations

from dataclasses import dataclass, field

ENDS = ("answered", "abandoned", "timeout", "closed", "key")
LOST = frozenset({"abandoned", "timeout", "closed"})
BOUNDS = (5.0, 20.0, 60.0)
"""Upper bounds, in seconds, of the buckets of abandons; the last bucket has none."""


def bucket(waited: float) -> int:
    """Which bucket of abandons so many seconds of waiting belong to: 0-5, 5-20, 20-60, 60 and more."""
    return sum(waited >= bound for bound in BOUNDS)


def level(within: int, answered: int, lost_late: int) -> float | None:
    """The service level, 0 to 1; None while nothing counts."""
    counted = answered + lost_late
    return within / counted if counted else None


@dataclass(slots=True)
class Tally:
    """What became of a queue's callers, so far. Sums are seconds."""

    answered: int = 0
    within: int = 0
    lost_late: int = 0
    abandons: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    sent_on: int = 0  # unserved: the longest wait was over, or nobody was there
    chose: int = 0  # pressed a key
    waited: float = 0.0  # of those answered
    talks: int = 0
    talked: float = 0.0

    def left(self, reason: str, waited: float, limit: float) -> None:
        """A stay ended so, after so many seconds; ``limit``: the queue's. Other reasons (handed over) count nowhere."""
        if reason == "answered":
            self.answered += 1
            self.waited += waited
            self.within += waited <= limit
        elif reason == "abandoned":
            self.abandons[bucket(waited)] += 1
        elif reason in LOST:
            self.sent_on += 1
        elif reason == "key":
            self.chose += 1
        self.lost_late += reason in LOST and waited > limit

    def spoke(self, seconds: float) -> None:
        """An answered caller's time with people is over."""
        self.talks += 1
        self.talked += seconds

    @property
    def abandoned(self) -> int:
        return sum(self.abandons)

    @property
    def level(self) -> float | None:
        """The service level, 0 to 1."""
        return level(self.within, self.answered, self.lost_late)

    @property
    def average_wait(self) -> float | None:
        """Seconds, of those answered."""
        return self.waited / self.answered if self.answered else None

    @property
    def average_talk(self) -> float | None:
        """Seconds."""
        return self.talked / self.talks if self.talks else None
