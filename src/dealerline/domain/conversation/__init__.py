"""Conversations: who takes part, who hears whom, what can be done, and how to make it so.

Read in this order: ``model`` (parties, rooms, the hearing matrix), ``verbs`` (what can be done, as a table),
``layout`` (bridges, music and ears, and the safe way from one to the other), ``transfer`` (bringing somebody else in).
"""

from dealerline.domain.conversation.layout import Command, Ear, Layout, plan, wanted
from dealerline.domain.conversation.model import (
    LIMIT,
    MAIN,
    MUSIC,
    ROLES,
    STAFF,
    Conversation,
    IllegalVerb,
    Party,
    audience,
    booth,
    heard,
    matrix,
    place,
    standing,
    talkers,
)
from dealerline.domain.conversation.verbs import VERBS, apply, join, leave, may_join, rename, take_over

__all__ = [
    "LIMIT",
    "MAIN",
    "MUSIC",
    "ROLES",
    "STAFF",
    "VERBS",
    "Command",
    "Conversation",
    "Ear",
    "IllegalVerb",
    "Layout",
    "Party",
    "apply",
    "audience",
    "booth",
    "heard",
    "join",
    "leave",
    "matrix",
    "may_join",
    "place",
    "plan",
    "rename",
    "standing",
    "take_over",
    "talkers",
    "wanted",
]
