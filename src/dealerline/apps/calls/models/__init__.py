"""The journal and what is derived from it; what people write about calls; queues.

Event is the truth; Call, CallLeg, Recording and VoiceMessage are folded from it by logic/projector.py and could be
made again. They name stores, lines, people and queues without database constraints: a fact about a line removed long
ago must not stop the scribe.
"""

from __future__ import annotations

from dealerline.apps.calls.models.calls import Call, CallLeg, Direction, OfCall, Outcome, Participant, Transfer
from dealerline.apps.calls.models.journal import Alarm, Event, SpoolPosition
from dealerline.apps.calls.models.queues import Queue, QueueMember, QueueMemberQuerySet
from dealerline.apps.calls.models.records import CallRecord, CallRecordVersion, Choice, Matter, Result
from dealerline.apps.calls.models.sound import (
    MessageKind,
    MessageState,
    Recording,
    RecordingKind,
    RecordingState,
    Track,
    VoiceMessage,
)

__all__ = [
    "Alarm",
    "Call",
    "CallLeg",
    "CallRecord",
    "CallRecordVersion",
    "Choice",
    "Direction",
    "Event",
    "Matter",
    "MessageKind",
    "MessageState",
    "OfCall",
    "Outcome",
    "Participant",
    "Queue",
    "QueueMember",
    "QueueMemberQuerySet",
    "Recording",
    "RecordingKind",
    "RecordingState",
    "Result",
    "SpoolPosition",
    "Track",
    "Transfer",
    "VoiceMessage",
]
