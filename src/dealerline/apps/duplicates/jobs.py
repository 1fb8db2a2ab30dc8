"""Jobs about duplicates, run by the worker."""

from __future__ import annotations

from procrastinate.contrib.django import app


@app.periodic(cron="*/5 * * * *")
@app.task(name="find_new_duplicates", pass_context=False, queueing_lock="find_new_duplicates")
def find_new_duplicates(timestamp: int) -> None:
    """Among those who came or were changed in the last minutes."""
    from dealerline.apps.duplicates.logic import finding

    finding.run_part()


@app.periodic(cron="40 2 * * *")
@app.task(name="find_all_duplicates", pass_context=False, queueing_lock="find_all_duplicates")
def find_all_duplicates(timestamp: int) -> None:
    """Among all."""
    from dealerline.apps.duplicates.logic import finding

    finding.run_whole()
