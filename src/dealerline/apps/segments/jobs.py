"""Jobs about groups, run by the worker."""

from __future__ import annotations

from procrastinate.contrib.django import app


@app.task(name="run_label_rule", pass_context=False)
def run_label_rule(rule: int, person: int) -> None:
    """A rule that somebody let run and that reaches too many customers to wait for."""
    from django.contrib.auth import get_user_model

    from dealerline.apps.segments.logic import labels
    from dealerline.apps.segments.models import LabelRule

    row = LabelRule.objects.select_related("segment").filter(pk=rule).first()
    if row is not None:
        labels.run(row, get_user_model()._default_manager.filter(pk=person).first())


@app.periodic(cron="10 3 * * *")
@app.task(name="score_customers", pass_context=False, queueing_lock="score_customers")
def score_customers(timestamp: int) -> None:
    """Every customer's loyalty index and risk of loss; then labels and levels, whose rules may ask for them."""
    from dealerline.apps.audit.facade import record
    from dealerline.apps.segments.logic import labels, scores

    scores.recompute_all()
    changed = labels.run_all()
    if any(changed.values()):
        record(None, "segment", object_type="label_rule", detail={"night": True, "changed": changed})
