"""The Django app's name and label."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PromisesConfig(AppConfig):
    """See the package's docstring."""

    name = "dealerline.apps.promises"
    label = "promises"
    verbose_name = _("Promises and tasks")

    def ready(self) -> None:
        """Hear of every new fact; tell the list of work, the timeline and the pop what there is."""
        from dealerline.apps.calls import facade as calls
        from dealerline.apps.common import personal, texting, timeline, todo, warnings
        from dealerline.apps.promises.logic import keeping, showing, sources, telling
        from dealerline.apps.promises.logic import personal as own

        calls.hear_facts(keeping.take_in)
        texting.hear(telling.PURPOSE, telling.heard)
        personal.register("promises", own.export, own.erase, words=own.WORDS, holds=own.holds)
        personal.register_kept("promises", {"zh": "已了结的承诺和任务里的文字和号码",
                                            "en": "Words and numbers of promises and tasks that ended"},
                               own.count_old, own.forget_old)
        timeline.register("promise", {"zh": "承诺", "en": "Promise"}, showing.entries)
        warnings.register("promise", showing.warned)
        todo.register("promise", {"zh": "承诺", "en": "Promise"}, sources.Promises())
        todo.register("task", {"zh": "任务", "en": "Task"}, sources.Tasks())
