"""Whether a customer may be contacted, by which channel and for what: the law's and the house's rules as one function.

The rules of the file:

- The newest word of the customer on (channel, purpose) counts; one on ("any", purpose), (channel, "any") or
  ("any", "any") counts for all it covers. A refusal that covers it wins over an older consent; of words equally new
  the refusal wins.
- Do not call: a number or a customer marked so is not rung for anything but what he asked for himself (``asked``).
- Without a word of his, ``WITHOUT`` says what holds: advertising needs consent, service does not.
- Advertising and surveys by telephone keep the quiet hours.
- Advertising comes at most so often within so many days (``Limits``), by one channel and by all together. Counted is
  what went out to him; what serves him does not count and is not held back by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

CHANNELS: Mapping[str, Mapping[str, str]] = {
    "call": {"zh": "电话", "en": "Call"}, "sms": {"zh": "短信", "en": "Text message"},
    "email": {"zh": "电子邮件", "en": "E-mail"}, "wechat": {"zh": "微信", "en": "WeChat"}}
PURPOSES: Mapping[str, Mapping[str, str]] = {
    "service": {"zh": "服务", "en": "Service"}, "marketing": {"zh": "营销", "en": "Marketing"},
    "recording": {"zh": "录音", "en": "Recording"}, "survey": {"zh": "回访调查", "en": "Survey"}}
ANY = "any"
STATES: Mapping[str, Mapping[str, str]] = {
    "granted": {"zh": "同意", "en": "Granted"}, "refused": {"zh": "拒绝", "en": "Refused"},
    "withdrawn": {"zh": "撤回同意", "en": "Withdrawn"}}
SOURCES: Mapping[str, Mapping[str, str]] = {
    "call": {"zh": "通话中", "en": "In a call"}, "paper": {"zh": "书面", "en": "On paper"},
    "store": {"zh": "到店", "en": "In the store"}, "online": {"zh": "线上", "en": "Online"},
    "import": {"zh": "导入", "en": "Import"}, "other": {"zh": "其他", "en": "Other"}}
WITHOUT: Mapping[str, bool] = {"service": True, "marketing": False, "recording": True, "survey": True}
"""purpose -> whether he may be contacted who said nothing."""
QUIET = frozenset({"marketing", "survey"})
COUNTED = "marketing"
CALLED_FOR = ("service", "marketing", "survey")
"""What somebody of ours may ring a customer for."""

UNASKED = frozenset({"referral", "old_customer"})
"""Where leads come from who did not turn to us themselves. (Who comes from a campaign answered it.)"""

REASONS: Mapping[str, Mapping[str, str]] = {
    "granted": {"zh": "客户已同意", "en": "he consented"},
    "refused": {"zh": "客户已拒绝", "en": "he refused"},
    "withdrawn": {"zh": "客户已撤回同意", "en": "he withdrew his consent"},
    "no_word": {"zh": "未表态，该用途无需同意", "en": "he said nothing; this purpose needs no consent"},
    "needs_consent": {"zh": "未表态，该用途需事先同意", "en": "he said nothing; this purpose needs consent"},
    "do_not_call": {"zh": "客户要求不要来电", "en": "he asked not to be called"},
    "erased": {"zh": "客户资料已按要求删除", "en": "his data were erased on his request"},
    "quiet_hours": {"zh": "现在是免打扰时段", "en": "these are the quiet hours"},
    "too_often": {"zh": "近期营销联系次数已到上限", "en": "he was contacted with advertising as often as is allowed"},
    "asked": {"zh": "客户自己要求联系", "en": "he asked for it himself"},
}


@dataclass(frozen=True, slots=True)
class Word:
    """What a customer said, or somebody wrote down for him. ``channel`` and ``purpose`` may be "any"."""

    channel: str
    purpose: str
    state: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Hours:
    """Minutes of the day between which advertising and surveys may reach him; local time."""

    begin: int = 9 * 60
    end: int = 20 * 60

    def hold(self, local: datetime) -> bool:
        """Whether that moment lies between them."""
        return self.begin <= local.hour * 60 + local.minute < self.end


    def next(self, local: datetime) -> datetime:
        """That moment where it lies between them, else the next one that does."""
        minute = local.hour * 60 + local.minute
        if self.hold(local) or self.begin >= self.end:
            return local
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        return midnight + timedelta(days=minute >= self.end, minutes=self.begin)


@dataclass(frozen=True, slots=True)
class Limits:
    """How often advertising may come within ``days``: by one channel, and by all. None: without a limit."""

    channel: int | None = 2
    all: int | None = 3
    days: int = 7


class Contact(NamedTuple):
    """He was contacted with advertising."""

    channel: str
    at: datetime


class Answer(NamedTuple):
    """Whether he may be contacted, the code of the reason (``REASONS``), and from when he may again, where that is
    only a matter of time.
    """

    allowed: bool
    reason: str
    again: datetime | None = None


def free_again(contacts: Iterable[Contact], channel: str, limits: Limits, now: datetime) -> datetime | None:
    """When the next advertisement may go out by that channel; None for now. It looks back ``limits.days`` only."""
    span = timedelta(days=limits.days)
    counted = sorted((one for one in contacts if now - span < one.at <= now), key=lambda one: one.at, reverse=True)
    own = [one.at for one in counted if one.channel == channel]
    free = [found[most - 1] + span for found, most in ((own, limits.channel), ([one.at for one in counted], limits.all))
            if most is not None and len(found) >= most > 0]
    return max(free, default=None)


def comes_again(contacts: Iterable[Contact], channel: str, limits: Limits, hours: Hours,
                local: datetime) -> datetime | None:
    """The same in the hours in which it may ring, where it rings; in the zone of ``local``."""
    free = free_again(contacts, channel, limits, local)
    if free is None or channel != "call":
        return free
    return hours.next(free.astimezone(local.tzinfo))


def purpose_of_lead(origin: str) -> str:
    """What somebody is rung for who may buy: what he asked for himself serves him, anything else is advertising."""
    return COUNTED if origin in UNASKED else "service"


def effective(words: Iterable[Word], channel: str, purpose: str, at: datetime) -> Word | None:
    """The word that counts at that time; None when he said nothing about it."""
    found = [word for word in words if word.at <= at and word.channel in (channel, ANY)
             and word.purpose in (purpose, ANY)]
    return max(found, key=lambda word: (word.at, word.state != "granted"), default=None)


def may_contact(words: Iterable[Word], channel: str, purpose: str, local: datetime, *, do_not_call: bool = False,
                erased: bool = False, asked: bool = False, hours: Hours | None = None,
                contacts: Iterable[Contact] = (), limits: Limits | None = None) -> Answer:
    """Whether, and why. ``local``: the time in the customer's zone (aware); ``contacts``: the advertising he had.

    Raises ValueError for a channel or purpose that there is not.
    """
    if channel not in CHANNELS or purpose not in PURPOSES:
        raise ValueError(f"no such channel or purpose: {channel}, {purpose}")
    if erased:
        return Answer(False, "erased")
    if asked and purpose == "service":
        return Answer(True, "asked")
    if do_not_call and channel == "call" and purpose != "recording":
        return Answer(False, "do_not_call")
    word, hours = effective(words, channel, purpose, local), hours or Hours()
    if word is not None and word.state != "granted":
        return Answer(False, word.state)
    if word is None and not WITHOUT[purpose]:
        return Answer(False, "needs_consent")
    if purpose == COUNTED:
        again = comes_again(contacts, channel, limits or Limits(), hours, local)
        if again is not None:
            return Answer(False, "too_often", again)
    if purpose in QUIET and channel == "call" and not hours.hold(local):
        return Answer(False, "quiet_hours", hours.next(local))
    return Answer(True, "granted" if word is not None else "no_word")
