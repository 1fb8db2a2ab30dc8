"""Whether a customer may be contacted, by which channel and for what: the law's and the house's rules as one function.

The rules of the file:

- The newest word of the customer on (channel, purpose) counts; one on ("any", purpose), (channel, "any") or
  ("any", "any") counts for all it covers. A refusal that covers it wins over an older consent; of words equally new
  the refusal wins.
- Do not call: a number or a customer marked so is not rung for anything but what he asked for himself (``asked``).
- Without a word of his, ``WITHOUT`` says what holds: advertising needs consent, service does not.
- Advertising and surveys by telephone keep the quiet hours.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

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

REASONS: Mapping[str, Mapping[str, str]] = {
    "granted": {"zh": "客户已同意", "en": "he consented"},
    "refused": {"zh": "客户已拒绝", "en": "he refused"},
    "withdrawn": {"zh": "客户已撤回同意", "en": "he withdrew his consent"},
    "no_word": {"zh": "未表态，该用途无需同意", "en": "he said nothing; this purpose needs no consent"},
    "needs_consent": {"zh": "未表态，该用途需事先同意", "en": "he said nothing; this purpose needs consent"},
    "do_not_call": {"zh": "客户要求不要来电", "en": "he asked not to be called"},
    "erased": {"zh": "客户资料已按要求删除", "en": "his data were erased on his request"},
    "quiet_hours": {"zh": "现在是免打扰时段", "en": "these are the quiet hours"},
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


def effective(words: Iterable[Word], channel: str, purpose: str, at: datetime) -> Word | None:
    """The word that counts at that time; None when he said nothing about it."""
    found = [word for word in words if word.at <= at and word.channel in (channel, ANY)
             and word.purpose in (purpose, ANY)]
    return max(found, key=lambda word: (word.at, word.state != "granted"), default=None)


def may_contact(words: Iterable[Word], channel: str, purpose: str, local: datetime, *, do_not_call: bool = False,
                erased: bool = False, asked: bool = False, hours: Hours | None = None) -> tuple[bool, str]:
    """Whether, and the code of the reason (``REASONS``). ``local``: the time in the customer's zone (aware).

    Raises ValueError for a channel or purpose that there is not.
    """
    if channel not in CHANNELS or purpose not in PURPOSES:
        raise ValueError(f"no such channel or purpose: {channel}, {purpose}")
    if erased:
        return False, "erased"
    if asked and purpose == "service":
        return True, "asked"
    if do_not_call and channel == "call" and purpose != "recording":
        return False, "do_not_call"
    word, hours = effective(words, channel, purpose, local), hours or Hours()
    if word is not None and word.state != "granted":
        return False, word.state
    if word is None and not WITHOUT[purpose]:
        return False, "needs_consent"
    if purpose in QUIET and channel == "call" and not hours.hold(local):
        return False, "quiet_hours"
    return True, "granted" if word is not None else "no_word"
