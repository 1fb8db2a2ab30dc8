"""Groups of customers by rule: which fields there are, what a rule says, whether a customer fits. Pure.

A rule is data, so that pages build it, the database keeps it and an import can bring it:

- a condition is ``{"field": "car.insurance_until", "op": "within_next", "value": 30}``;
- a group is ``{"how": "all", "of": [...]}``. ``all``, ``any`` and ``none`` join what is in them; ``one_car``,
  ``one_call``, ``one_order`` and ``one_repair`` mean: one and the same car (call, order, repair) meets all of it.

A condition about a car that stands outside ``one_car`` is met when any of the customer's cars meets it.
"""

from dealerline.domain.segments.fields import Field, field_of, known_fields, register
from dealerline.domain.segments.plain import matches
from dealerline.domain.segments.rule import Condition, Group, Rule, RuleError, dump, parse
from dealerline.domain.segments.words import describe

__all__ = ["Condition", "Field", "Group", "Rule", "RuleError", "describe", "dump", "field_of", "known_fields",
           "matches", "parse", "register"]
