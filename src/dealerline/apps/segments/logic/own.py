"""What rules and formulas said of a customer, told and erased: how many a run changed stays."""

from __future__ import annotations

from typing import Any

from dealerline.apps.common.personal import Words
from dealerline.apps.segments.models import Mark, RunChange, Score

WORDS: dict[str, Words] = {
    "rule_marks": {"zh": "按规则打上的标签和等级", "en": "Labels and levels set by rule"},
    "rule_changes": {"zh": "按规则的改动", "en": "Changes by rule"},
    "scores": {"zh": "忠诚度和流失风险", "en": "Loyalty index and risk of loss"}}


def export(customer: int) -> dict[str, Any]:
    """His labels and levels by rule, and his indexes with what they were made of."""
    marks = Mark.objects.filter(customer_id=customer).order_by("at")
    return {"rule_marks": [{"at": row.at, "sets": row.sets, "value": row.value, "before": row.before} for row in marks],
            "rule_changes": [{"at": row.run.at, "before": row.before, "after": row.after} for row in
                             RunChange.objects.filter(customer_id=customer).select_related("run").order_by("pk")],
            "scores": [{"at": row.at, "loyalty": row.loyalty, "risk": row.risk, "measures": row.measures}
                       for row in Score.objects.filter(customer_id=customer)]}


def erase(customer: int) -> dict[str, int]:
    """They go, and what runs did to him, so that taking one back leaves him alone."""
    RunChange.objects.filter(customer_id=customer).delete()
    return {"rule_marks": Mark.objects.filter(customer_id=customer).delete()[0],
            "scores": Score.objects.filter(customer_id=customer).delete()[0]}
