"""What the bench of imports does inside Django: ``python -m bench.imports_records COMMAND ...``; JSON on stdout."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any


def prepare() -> int:
    """A store and its manager."""
    from dealerline.apps.accounts.models import Person, RoleGrant
    from dealerline.apps.organisation.models import Region, Store

    store = Store.objects.create(code="bench", name_zh="测试店", region=Region.objects.create(code="b", name_zh="区"))
    person = Person.objects.create_user("bench", name="Bench", store=store)
    RoleGrant.objects.create(person=person, role="store_manager", scope="store", store=store)
    return int(store.pk)


def upload(file: str) -> int:
    """A list as its sender drops it, planned as guessed: the worker checks it."""
    from dealerline.apps.accounts.models import Person
    from dealerline.apps.exchange.logic import runs

    person = Person.objects.get(username="bench")
    with Path(file).open("rb") as source:
        path, size, sha256 = runs.keep_file(iter(lambda: source.read(1 << 20), b""), file)
    _as_the_worker(path)
    run = runs.create(path, file, size, sha256, store=int(person.store_id or 0), person=person)
    runs.plan(person, run, {"kind": run.kind, "store": run.store_id, "mapping": run.mapping, "existing": "update",
                            "alike": "phone_name", "owners": "make"})  # fmt: skip
    return int(run.pk)


def _as_the_worker(path: Path) -> None:
    """In the product the web takes files in, under the account that the worker has; here root does."""
    if os.geteuid() == 0:
        account = (settings().data / "media").stat()
        for place in (path.parent, path):
            os.chown(place, account.st_uid, account.st_gid)


def settings() -> Any:
    """The product's own."""
    from django.conf import settings as django_settings

    return django_settings.DEALERLINE


def start(run: str) -> bool:
    """Bring it in."""
    from dealerline.apps.exchange.logic import runs
    from dealerline.apps.exchange.models import ImportRun

    runs.start(ImportRun.objects.get(pk=int(run)))
    return True


def undo(run: str) -> bool:
    """Take it back."""
    from dealerline.apps.exchange.logic import runs
    from dealerline.apps.exchange.models import ImportRun

    runs.take_back(ImportRun.objects.get(pk=int(run)))
    return True


def subscribe() -> bool:
    """An address that wants every change; nobody answers there, so what is measured is only the telling."""
    from dealerline.apps.exchange.models import WebHook

    WebHook.objects.create(name="bench", url="http://127.0.0.1:9/", secret="bench", kinds=["customer.*"])
    return True


def plain(count: str) -> float:
    """The peer: seconds for so many customers saved one by one, each looked for by number and name before."""
    from dealerline.apps.customers.models import Customer, CustomerPhone
    from dealerline.apps.organisation.models import Store

    store = Store.objects.get(code="bench")
    began = time.monotonic()
    for n in range(int(count)):
        name, number = f"张三{n}", f"+8617{n:09d}"
        if Customer.objects.filter(store=store, name=name, phones__e164=number).exists():
            continue
        customer = Customer(store=store, name=name, level="gold", labels=["老客户"])
        customer.save()
        CustomerPhone.objects.create(customer=customer, e164=number, raw=number, primary=True)
    return time.monotonic() - began


def main() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dealerline.config.settings")
    django.setup()
    commands: dict[str, Any] = {"prepare": prepare, "upload": upload, "start": start, "undo": undo, "plain": plain,
                                "subscribe": subscribe}
    print(json.dumps(commands[sys.argv[1]](*sys.argv[2:])))


if __name__ == "__main__":
    main()
