"""The demo's buttons: a simulated customer rings one of the lines; many ring, for the board to show life."""

from __future__ import annotations

import http.client
import json
from typing import Any

from django.conf import settings
from django.db.models import Q

from dealerline.apps.common.errors import NotFound, Problem
from dealerline.apps.demo.load.ledger import table
from dealerline.apps.demo.load.sounds import usual_words
from dealerline.apps.demo.world.numbers import MOBILE_PREFIX

TIMEOUT = 5.0


def ring(line: Any, keys: str, say: str, language: str, caller: str) -> dict[str, Any]:
    """Let somebody ring ``line``. ``caller``: "known", "new" or a number.

    Without ``keys`` he chooses his language and asks for a person, so that it rings soon. Returns the simulator's
    answer (id, from, to). Raises Problem when the simulator is away or refuses.
    """
    number = line.numbers.order_by("pk").values_list("number", flat=True).first()
    say = say or usual_words(line.kind, language)
    if number is None:
        raise Problem("no_number", "这条业务线没有号码。", "This line has no number.", status=409)
    if not keys and line.kind != "rescue":
        keys = ("2" if language == "en" else "1") + "0"
    body = {"to": number, "keys": keys, "language": language, "say": [say] if say else []}
    if caller == "known":
        known = _known(line, language)
        if known:
            body["from"] = known
    elif caller != "new":
        body["from"] = caller
    return _post("/ring", body)


def live(minutes: int) -> dict[str, Any]:
    """Let customers ring on all lines for some minutes, and robot agents take them. Raises Problem."""
    return _post("/life", {"minutes": minutes})


def _known(line: Any, language: str) -> str:
    """The number of a demo customer of the line's store who speaks the language, best one with something open."""
    customers = table("customers.Customer").objects.filter(
        store=line.store_id,
        kind="person",
        phones__primary=True,
        phones__e164__startswith=MOBILE_PREFIX,
    )
    foreign = Q(title__in=("Mr", "Ms"))
    customers = customers.filter(foreign if language == "en" else ~foreign)
    busy = customers.filter(Q(repairs__open=True) | Q(orders__open=True))
    found = busy.order_by("?").first() or customers.order_by("?").first()
    return str(found.phones.filter(primary=True).values_list("e164", flat=True).first()) if found else ""


def line_of(person: Any, wanted: int | str) -> Any:
    """The active line of that id, ``store:kind``, or kind (his own store's first), if the person may see it."""
    lines = table("organisation.Line").objects.visible_to(person).filter(active=True).exclude(kind="fax")
    if isinstance(wanted, int) or wanted.isdigit():
        found = lines.filter(pk=int(wanted)).first()
    else:
        store, _, kind = wanted.replace("/", ":").rpartition(":")
        lines = lines.filter(kind=kind)
        found = lines.filter(store__code=store).first() if store else (
            lines.filter(store=person.store_id).first() or lines.first())
    if found is None:
        raise NotFound
    return found


def _post(path: str, body: dict[str, Any]) -> dict[str, Any]:
    away = Problem(
        "no_simulator",
        "模拟器没有运行，请用 ./dealerline up --demo 启动。",
        "The simulator is not running: start with ./dealerline up --demo.",
        status=503,
    )
    try:
        connection = http.client.HTTPConnection("127.0.0.1", settings.DEALERLINE.simulator_port, timeout=TIMEOUT)
        try:
            connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
            response = connection.getresponse()
            answer = json.loads(response.read())
        finally:
            connection.close()
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise away from error
    if response.status not in (200, 201):
        said = answer if isinstance(answer, dict) else {}
        text = said.get("text", {"zh": "模拟器拒绝了。", "en": "The simulator refused."})
        raise Problem(str(said.get("code", "refused")), text["zh"], text["en"], status=409)
    return dict(answer)
