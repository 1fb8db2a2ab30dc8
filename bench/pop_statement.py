"""Inside one Django process: the pop's one statement beside the same file gathered through the object mapper."""

from __future__ import annotations

import json
import os
import random
import sys
import time
from typing import Any


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dealerline.config.settings")
    os.environ["DEALERLINE_PROCESS"] = "web"  # with the web's own connections, where the statement's plan is kept
    import django

    django.setup()
    from bench.pop_fill import number
    from bench.report import spread
    from dealerline.apps.accounts.models import Person
    from dealerline.apps.calls.models import Call
    from dealerline.apps.customers.logic.pop import pop
    from dealerline.apps.customers.models import Car, Customer, MembershipCard, Order, Repair

    count, customers = int(sys.argv[1]), int(sys.argv[2])
    person = Person.objects.get(username="group1")
    wanted = [number(random.randint(1, customers)) for _ in range(count)]

    def by_objects(e164: str) -> Any:
        customer = Customer.objects.visible_to(person).filter(phones__e164=e164).prefetch_related("phones").get()
        return [
            customer,
            list(customer.phones.all()),
            list(Car.objects.filter(customer=customer).select_related("brand")),
            list(Order.objects.visible_to(person).filter(customer=customer).order_by("-open", "-ordered_on")[:10]),
            list(Repair.objects.visible_to(person).filter(customer=customer).order_by("-open", "-received_at")[:10]),
            list(MembershipCard.objects.filter(customer=customer)[:1]),
            list(
                Call.objects.visible_to(person)
                .filter(customer=customer)
                .select_related("line", "agent")
                .order_by("-arrived_at")[:5]
            ),
        ]

    times: dict[str, list[float]] = {"one": [], "objects": []}
    pop(person, wanted[0], None, None)
    by_objects(wanted[0])
    for e164 in wanted:
        began = time.perf_counter()
        answer = pop(person, e164, None, None)
        times["one"].append(time.perf_counter() - began)
        assert '"known" : true' in answer or '"known":true' in answer.replace(" ", "")
        began = time.perf_counter()
        by_objects(e164)
        times["objects"].append(time.perf_counter() - began)
    one, objects = spread(times["one"]), spread(times["objects"])
    print(
        json.dumps(
            [
                {"P5": "by the object mapper (peer)", **objects},
                {"P5": "the pop's one statement", **one, "ratio": round(objects["median_ms"] / one["median_ms"], 1)},
            ]
        )
    )


if __name__ == "__main__":
    main()
