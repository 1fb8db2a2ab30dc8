"""Group, stores, hours, flows, lines, numbers, carrier, phones, people, queues."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.utils import timezone

from dealerline.apps.demo.load.ledger import Ledger, table
from dealerline.apps.demo.world import layout
from dealerline.apps.setup.facade import add_flow, prompt_sound
from dealerline.settings import CHECKOUT

CARRIER = "演示运营商"
SPARE_PHONES = 4


class _QuickHasher(Argon2PasswordHasher):
    """Argon2 with little work.

    These passwords are random, and Django hashes each anew with full work at its first use.
    """

    time_cost, memory_cost, parallelism = 1, 8 * 1024, 1


@dataclass(slots=True)
class Organisation:
    """What was made, by the layout's codes."""

    stores: dict[str, Any] = field(default_factory=dict)
    brands: dict[str, Any] = field(default_factory=dict)
    hours: dict[tuple[str, str], Any] = field(default_factory=dict)
    flows: dict[str, Any] = field(default_factory=dict)
    lines: dict[tuple[str, str], Any] = field(default_factory=dict)
    group_line: Any = None
    queues: dict[tuple[str, str], Any] = field(default_factory=dict)
    people: dict[str, Any] = field(default_factory=dict)
    passwords: dict[str, str] = field(default_factory=dict)
    carrier: Any = None


def new_password() -> str:
    """Strong enough, and easy to type: four syllable groups and a number."""

    def word() -> str:
        return "".join(secrets.choice("bdfghjkmnprstvwz") + secrets.choice("aeiou") for _ in range(2))

    return f"{word()}-{word()}-{word()}-{secrets.randbelow(9000) + 1000}"


def load(ledger: Ledger) -> Organisation:
    """Everything that people would set up in the back office."""
    made = Organisation()
    _group_and_stores(ledger, made)
    _hours(ledger, made)
    _flows_and_prompts(ledger, made)
    _lines(ledger, made)
    _people(ledger, made)
    _queues(ledger, made)
    return made


def _group_and_stores(ledger: Ledger, made: Organisation) -> None:
    group = table("organisation.Group")
    if not group.objects.exists():
        ledger.add([group(name_zh=layout.GROUP_ZH, name_en=layout.GROUP_EN, setup_finished_at=timezone.now())])
    region = table("organisation.Region")
    regions = {r.code: region(code=r.code, name_zh=r.zh, name_en=r.en) for r in layout.REGIONS}
    ledger.add(list(regions.values()))
    brand = table("organisation.Brand")
    known = {b.code: b for b in brand.objects.filter(code__in=layout.BRANDS)}
    new = [brand(code=code, name_zh=zh, name_en=en) for code, (zh, en) in layout.BRANDS.items() if code not in known]
    ledger.add(new)
    made.brands = known | {b.code: b for b in new}
    store = table("organisation.Store")
    for s in layout.STORES:
        made.stores[s.code] = store(
            code=s.code,
            name_zh=s.zh,
            name_en=s.en,
            region=regions[s.region],
            city=s.city,
            address=s.address,
            retention_days=365,
        )
    ledger.add(list(made.stores.values()))
    through = store.brands.through
    ledger.add(
        [through(store_id=made.stores[s.code].pk, brand_id=made.brands[b].pk) for s in layout.STORES for b in s.brands]
    )
    carrier = table("organisation.Carrier")
    made.carrier = carrier(name=CARRIER, host="127.0.0.1", port=settings.DEALERLINE.carrier_sip_port, match="127.0.0.1")
    ledger.add([made.carrier])


def _clock(minute: int) -> time:
    return time(minute // 60 % 24, minute % 60)


def _hours(ledger: Ledger, made: Organisation) -> None:
    hours, interval = table("organisation.Hours"), table("organisation.HoursInterval")
    for store in made.stores.values():
        for code, (zh, en, _) in layout.HOURS.items():
            if code != "always":  # a line without hours is open day and night
                made.hours[store.code, code] = hours(store=store, name_zh=zh, name_en=en)
    ledger.add(list(made.hours.values()))
    ledger.add(
        [
            interval(hours=row, weekday=day, opens=_clock(start), closes=_clock(end))
            for (_, code), row in made.hours.items()
            for day, start, end in layout.HOURS[code][2]
        ]
    )


def _flows_and_prompts(ledger: Ledger, made: Organisation) -> None:
    flow, version = table("flows.Flow"), table("flows.FlowVersion")
    made.flows = {f.code: f for f in flow.objects.all()}
    for path in sorted(Path(CHECKOUT / "assets" / "flows" / "demo").glob("*.yaml")):
        row = add_flow(path.stem, path.read_text(encoding="utf-8"))
        made.flows[row.code] = row
        ledger.remember(flow, [row.pk])
        ledger.remember(version, version.objects.filter(flow=row).values_list("pk", flat=True))
    prompt, audio = table("flows.Prompt"), table("flows.PromptAudio")
    for store in made.stores.values():  # each store greets with its own name on its two busiest lines
        shipped = prompt_sound(f"welcome.store.{store.code}")
        if shipped is None:
            continue
        for key in ("welcome.sales", "welcome.repair"):
            row = prompt(key=key, store=store, text_zh=shipped["zh"].text, text_en=shipped["en"].text)
            ledger.add([row])
            ledger.add(
                [
                    audio(
                        prompt=row,
                        language=language,
                        source="shipped",
                        path=sound.path,
                        text_sha256=sound.text_sha256,
                        sha256=sound.sha256,
                        seconds=sound.seconds,
                    )
                    for language, sound in shipped.items()
                    if sound.path
                ]
            )


def _lines(ledger: Ledger, made: Organisation) -> None:
    line, number = table("organisation.Line"), table("organisation.Number")
    numbers: list[tuple[Any, str, str]] = []
    for s in layout.STORES:
        store = made.stores[s.code]
        for kind in layout.LINES:
            published = layout.number_of(s, kind)
            closed = "repair-night-binhai" if (s.code, kind.kind) == ("binhai", "repair") else kind.closed_flow
            made.lines[s.code, kind.kind] = row = line(
                store=store,
                kind=kind.kind,
                name_zh=kind.zh,
                name_en=kind.en,
                hours=made.hours.get((s.code, kind.hours)),
                open_flow=made.flows[kind.open_flow],
                closed_flow=made.flows[closed],
                holiday_flow=made.flows["rescue" if kind.kind == "rescue" else "holiday"],
                carrier=made.carrier,
                caller_id=published,
                priority=kind.priority,
            )
            numbers.append((row, published, ""))
        fax = line(store=store, kind="fax", name_zh="传真", name_en="Fax", open_flow=made.flows["store"], active=False)
        made.lines[s.code, "fax"] = fax
        numbers.append((fax, layout.fax_of(s), "传真功能启用前，来电会听到号码未开通。"))
    made.group_line = line(
        store=made.stores["pudong"],
        kind="group",
        name_zh="集团 400 总机",
        name_en="Group number 400",
        open_flow=made.flows["group-400"],
        carrier=made.carrier,
        caller_id=layout.GROUP_NUMBER,
    )
    numbers.append((made.group_line, layout.GROUP_NUMBER, ""))
    ledger.add([*made.lines.values(), made.group_line])
    ledger.add([number(line=row, number=text, carrier=made.carrier, note=note) for row, text, note in numbers])


def _people(ledger: Ledger, made: Organisation) -> None:
    person, phone = table("accounts.Person"), table("organisation.DeskPhone")
    phones = {
        p.login: phone(store=made.stores[p.store], name=f"{p.name}的话机", username=f"desk-{p.extension}")
        for p in layout.PEOPLE
        if p.phone
    }
    spare = [
        phone(store=store, name="备用话机", username=f"desk-89{n:02d}")
        for n, store in enumerate(list(made.stores.values())[:SPARE_PHONES])
    ]
    ledger.add([*phones.values(), *spare])
    hasher = _QuickHasher()
    for p in layout.PEOPLE:
        made.passwords[p.login] = new_password()
        office = all(scope == "group" for _, scope in p.roles) and not p.queues
        made.people[p.login] = person(
            username=p.login,
            name=p.name,
            store=None if office else made.stores[p.store],
            extension=p.extension,
            mobile=layout.staff_mobile(p),
            desk_phone=phones.get(p.login),
            password=hasher.encode(made.passwords[p.login], hasher.salt()),
        )
    ledger.add(list(made.people.values()))
    grant = table("accounts.RoleGrant")
    regions = {r.code: r for r in table("organisation.Region").objects.all()}
    grants = []
    for p in layout.PEOPLE:
        for role, scope in p.roles:
            kind, _, code = scope.partition(":")
            grants.append(
                grant(
                    person=made.people[p.login],
                    role=role,
                    scope=kind,
                    store=made.stores[code] if kind == "store" else None,
                    region=regions[code] if kind == "region" else None,
                )
            )
    ledger.add(grants)


def _queues(ledger: Ledger, made: Organisation) -> None:
    queue, member = table("calls.Queue"), table("calls.QueueMember")
    for s in layout.STORES:
        for q in layout.QUEUES:
            if q.code == "rescue" and s.code != "pudong":
                continue  # one rescue desk serves all stores
            made.queues[s.code, q.code] = queue(
                store=made.stores[s.code],
                code=q.code,
                name_zh=q.zh,
                name_en=q.en,
                ring_seconds=q.ring,
                wrap_seconds=q.wrap,
                max_wait_seconds=q.max_wait,
                service_seconds=q.service,
                priority=q.priority,
            )
    ledger.add(list(made.queues.values()))
    ledger.add(
        [
            member(queue=made.queues[store, code], person=made.people[p.login])
            for p in layout.PEOPLE
            for store in p.serves
            for code in p.queues
            if (store, code) in made.queues
        ]
    )


def sign_ins_file() -> Path:
    """Where the demo's sign-ins are."""
    path: Path = settings.DEALERLINE.secrets / "sign-ins.txt"
    return path


def renew_passwords() -> dict[str, str]:
    """New passwords for the demo's people, for when the file was lost."""
    hasher, made = _QuickHasher(), {}
    logins = [p.login for p in layout.PEOPLE]
    for person in table("accounts.Person").objects.filter(username__in=logins, is_active=True):
        made[person.username] = new_password()
        person.password = hasher.encode(made[person.username], hasher.salt())
        person.save(update_fields=["password"])
    return {p.login: made[p.login] for p in layout.PEOPLE if p.login in made}


def write_sign_ins(passwords: dict[str, str]) -> Path:
    """The demo's sign-ins, readable by the owner of the data folder only. Returns the file."""
    path = sign_ins_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    roles = {p.login: ", ".join(dict.fromkeys(role for role, _ in p.roles)) for p in layout.PEOPLE}
    lines = [f"# Dealerline demo sign-ins, made {datetime.now(tz=timezone.get_current_timezone()):%Y-%m-%d %H:%M}\n"]
    lines += [f"{login:<12} {password:<22} {roles[login]}\n" for login, password in passwords.items()]
    temporary = path.with_suffix(".part")
    temporary.touch(mode=0o600)
    temporary.write_text("".join(lines), encoding="utf-8")
    temporary.chmod(0o600)
    temporary.replace(path)
    return path
