"""The Django app's name and label."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BacklogConfig(AppConfig):
    """See the package's docstring."""

    name = "dealerline.apps.backlog"
    label = "backlog"
    verbose_name = _("Work left over")

    def ready(self) -> None:
        """Hear of every new fact, and of what becomes of voice messages; tell the list of work what there is, and what
        is known of a customer here.
        """
        from dealerline.apps.backlog.logic import feeding
        from dealerline.apps.backlog.logic import personal as own
        from dealerline.apps.backlog.logic.todo import Leftover
        from dealerline.apps.calls import facade as calls
        from dealerline.apps.common import personal, todo

        calls.hear_facts(feeding.take_in)
        calls.hear_messages(feeding.message_changed)
        todo.register("leftover", {"zh": "待办回访", "en": "Left over"}, Leftover())
        personal.register("backlog", own.export, own.erase, words=own.WORDS, holds=own.holds)
        personal.register_kept(
            "left_over", {"zh": "已处理完的待办的号码和备注", "en": "Numbers and notes of work that is done with"},
            own.count_done, own.forget_done)
