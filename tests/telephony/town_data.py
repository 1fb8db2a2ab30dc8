"""The rows of a small centre: ``python -m tests.telephony.town_data N`` in a centre's environment; prints the people.

One store, open at all hours; lines that lead into a queue at once, through a menu, to a voice message, and to a queue
of a single agent; N people, each with a desk phone; the simulator's carrier.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import django

BYE = {"type": "hangup", "prompts": "goodbye"}
MESSAGE = {"type": "voicemail", "prompts": "voicemail.leave", "kind": "other", "next": "bye", "max_seconds": 20}


def _documents() -> dict[str, dict[str, dict[str, Any]]]:
    """Flow code -> nodes, the first one first; see docs/reference/flows.md."""
    wait = {"type": "queue", "queue": "sales", "on_timeout": "bye", "on_empty": "wait"}
    return {
        "town-queue": {"line": wait, "bye": BYE},
        "town-menu": {
            "hello": {"type": "play", "prompts": "welcome.sales", "next": "menu"},
            "menu": {"type": "menu", "prompts": "menu.sales", "keys": {"1": "line", "2": "message"}, "timeout": 5,
                     "tries": 3, "on_timeout": "bye", "on_wrong": "bye"},
            "line": wait, "message": MESSAGE, "bye": BYE},
        "town-voicemail": {"message": MESSAGE, "bye": BYE},
        "town-solo": {"line": {"type": "queue", "queue": "solo", "on_timeout": "bye", "on_empty": "wait"}, "bye": BYE},
    }


def main(agents: int) -> list[int]:
    """Make it all; the people's ids."""
    from django.db import transaction

    from dealerline.apps.accounts.models import Person, RoleGrant
    from dealerline.apps.calls.models import Queue, QueueMember
    from dealerline.apps.organisation.models import DeskPhone, Group, Region, Store

    with transaction.atomic():
        Group.objects.first() or Group.objects.create(name_zh="小镇", name_en="Town")
        region = Region.objects.create(code="r", name_zh="区", name_en="Region")
        store = Store.objects.create(code="town", name_zh="小镇店", name_en="Town", region=region)
        queues = {code: Queue.objects.create(store=store, code=code, name_zh=code, name_en=code, ring_seconds=6,
                                             wrap_seconds=10, announce_seconds=30, max_wait_seconds=600)
                  for code in ("sales", "solo")}
        people = []
        for number in range(1, agents + 1):
            phone = DeskPhone.objects.create(store=store, name=f"phone {number}", username=f"phone-{number}")
            person = Person.objects.create(username=f"agent{number}", name=f"Agent {number}", store=store,
                                           extension=str(800 + number), desk_phone=phone)
            RoleGrant.objects.create(person=person, role="agent", scope="store", store=store)
            QueueMember.objects.create(queue=queues["sales"], person=person)
            people.append(person.pk)
        QueueMember.objects.create(queue=queues["solo"], person_id=people[-1])
        _lines(store)
    return people


def _lines(store: Any) -> None:
    from django.conf import settings

    from dealerline.apps.flows.models import Flow, FlowVersion
    from dealerline.apps.organisation.models import Carrier, Hours, HoursInterval, Line, Number

    hours = Hours.objects.create(store=store, name_zh="全天", name_en="Always")
    for day in range(7):
        HoursInterval.objects.create(hours=hours, weekday=day, opens="00:00", closes="00:00")
    carrier = Carrier.objects.create(name="outside", host="127.0.0.1", port=settings.DEALERLINE.carrier_sip_port,
                                     match="127.0.0.1")
    rows = (("town-queue", "sales", "02388880001"), ("town-menu", "new_car", "02388880003"),
            ("town-voicemail", "complaints", "02388880004"), ("town-solo", "rescue", "02388880006"))
    documents = _documents()
    for code, kind, number in rows:
        nodes = documents[code]
        document = {"title": {"zh": code, "en": code}, "start": next(iter(nodes)), "nodes": nodes}
        flow = Flow.objects.create(code=code, name_zh=code, name_en=code)
        flow.published = FlowVersion.objects.create(flow=flow, version=1, text=json.dumps(document), document=document)
        flow.save()
        line = Line.objects.create(store=store, kind=kind, name_zh=kind, name_en=kind, hours=hours, open_flow=flow,
                                   carrier=carrier)
        Number.objects.create(number=number, line=line, carrier=carrier)


if __name__ == "__main__":
    django.setup()
    print(json.dumps(main(int(sys.argv[1]))))
