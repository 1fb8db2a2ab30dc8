"""What a customer is told by text message while a promise to him is late: that it is not forgotten.

The rules of the file:

- The words are the group's, with places in braces; a place that there is not is refused when the words are saved, and
  a brace in a name or in what was promised is only a brace.
- A promise is told of once. Once more only when a person wants it, or when the last message did not go out.
- By itself it is told of ``after`` seconds after its time (in opening hours where they are kept), in the hours in which
  customers may be disturbed, within a day: whoever turns it on does not write to everybody who was ever let down.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from dealerline.domain.promises.times import Clock

PLACES = ("customer", "store", "agent", "what", "time", "later")
WORDS: Mapping[str, str] = {
    "zh": "【{store}】{customer}您好，我们答应您{time}前{what}，没有忘记，只是会晚一些，一有结果马上联系您。",
    "en": "{store}: Hello {customer}, we promised you by {time}: {what}. We have not forgotten. It takes a little "
          "longer; you will hear from us as soon as it is done.",
}
LATER: Mapping[str, str] = {
    "zh": "【{store}】{customer}您好，我们答应您{time}前{what}，没有忘记，只是会晚一些，{later}之前一定联系您。",
    "en": "{store}: Hello {customer}, we promised you by {time}: {what}. We have not forgotten. It takes longer: "
          "you will hear from us by {later}.",
}
"""As shipped; ``LATER`` when another time is told, too."""
LONGEST = 300
NO_LONGER_AFTER = 86400.0
_PLACE = re.compile(r"\{([^{}]*)\}")


def wrong_places(words: str) -> list[str]:
    """What stands in braces and is no place."""
    return [name for name in _PLACE.findall(words) if name not in PLACES]


def filled(words: str, values: Mapping[str, str]) -> str:
    """The words with every place filled once; a place without a value becomes nothing."""
    return _PLACE.sub(lambda found: values.get(found.group(1), ""), words).strip()[:LONGEST]


def spoken(at: datetime, now: datetime, language: str) -> str:
    """A time as it is written to somebody: today only its clock, else with the day. Both in the store's zone."""
    clock = at.strftime("%H:%M")
    if at.date() == now.date():
        return clock
    return f"{at.month}月{at.day}日 {clock}" if language == "zh" else f"{at.day} {at.strftime('%b')} {clock}"


def may_tell(last: str, *, anew: bool) -> bool:
    """Whether a message may be sent after the last one: "" (none), waiting, sent, failed."""
    return anew or last in ("", "failed")


def is_due(due: float, now: float, after: float, clock: Clock) -> bool:
    """Whether it is told of by itself now."""
    return clock.after(due, after) <= now <= due + max(after, 0.0) + NO_LONGER_AFTER
