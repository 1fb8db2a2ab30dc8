"""The back office: nobody rises above himself, two editors are told, wrong flows and files are refused in words."""

from __future__ import annotations

from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from dealerline.adapters import snapshot
from dealerline.apps.accounts.models import Person, RoleGrant
from dealerline.apps.audit.models import AuditEntry
from dealerline.apps.flows.models import Flow, Prompt, PromptAudio
from dealerline.apps.organisation.models import Carrier, Holiday, Hours, HoursInterval, Store
from dealerline.settings import Settings
from tests.integration.records.conftest import Browser, World
from tests.unit.apps.test_sounds import tone, wav

pytestmark = pytest.mark.django_db


def submit(browser: Browser, path: str, **fields: Any) -> str:
    """Open the form, change some fields, send it. "" when it was saved, else the page."""
    page = browser.get(path, headers={"Accept-Language": "en"})
    assert page.status_code == 200, path
    data: dict[str, Any] = {}
    form = page.context["adminform"].form
    for name, field in form.fields.items():
        value = form.get_initial_for_field(field, name)
        value = getattr(value, "pk", value)
        if value is True:
            data[name] = "on"
        elif isinstance(value, (list, tuple)):
            data[name] = [getattr(item, "pk", item) for item in value]
        elif value is not None and value is not False:
            data[name] = value
    for inline in page.context["inline_admin_formsets"]:
        for key, value in inline.formset.management_form.initial.items():
            data[f"{inline.formset.prefix}-{key}"] = value
        for part in inline.formset.initial_forms:
            for name, field in part.fields.items():
                value = part.get_initial_for_field(field, name)
                data[f"{part.prefix}-{name}"] = "" if value in (None, False) else getattr(value, "pk", value)
    data |= fields
    data["csrfmiddlewaretoken"] = browser.token
    answer = browser.post(path, {k: v for k, v in data.items() if v is not None}, headers={"Accept-Language": "en"})
    return "" if answer.status_code == 302 else unescape(answer.content.decode())


def grant(n: int, role: str, scope: str, store: Any = "") -> dict[str, Any]:
    return {
        "grants-TOTAL_FORMS": n + 1,
        f"grants-{n}-role": role,
        f"grants-{n}-scope": scope,
        f"grants-{n}-store": store,
    }


def test_tones_of_a_conference_are_chosen_for_the_group_in_words_and_reach_the_switch(
    world: World, product: Settings
) -> None:
    ada, path = world.browser("ada"), f"/admin/organisation/group/{world.group.pk}/change/"
    page = ada.get(path, headers={"Accept-Language": "zh-hans"}).content.decode()
    for words in ("进出提示音", "有人加入时提示", "有人加入或离开时提示", "谁能听到提示音", "仅内部人员"):
        assert words in page
    assert "每名座席同时可有的通话数" in page
    assert submit(ada, path, conference_tones="entry", conference_tones_for="everybody", calls_per_desk=2) == ""
    assert "less than or equal to 9" in submit(ada, path, calls_per_desk=10)
    snapshot.publish(product.run)
    read = snapshot.read(product.run / "directory.json")
    assert read is not None
    assert (read.conference_tones, read.conference_tones_for) == ("entry", "everybody")
    assert read.calls_per_desk == 2


def test_a_manager_makes_a_person_of_his_store_who_must_change_the_password(world: World) -> None:
    page = submit(
        world.browser("max"),
        "/admin/accounts/person/add/",
        username="dora",
        name="Dora",
        store=world.east.pk,
        new_password="first words 99",
        **grant(0, "agent", "store", world.east.pk),
    )
    assert page == ""
    dora = Person.objects.get(username="dora")
    assert dora.must_change_password
    assert dora.check_password("first words 99")
    assert dora.can("desk.use", world.east.pk)


def test_an_outside_phone_is_kept_as_it_is_dialled_and_nonsense_is_refused(world: World) -> None:
    max_, path = world.browser("max"), f"/admin/accounts/person/{world.alice.pk}/change/"
    assert submit(max_, path, mobile="138-1234 5678") == ""
    assert Person.objects.get(pk=world.alice.pk).mobile == "+8613812345678"
    assert "This is no telephone number" in submit(max_, path, mobile="ask Bob")
    assert Person.objects.get(pk=world.alice.pk).mobile == "+8613812345678"
    assert submit(max_, path, mobile="") == ""
    assert Person.objects.get(pk=world.alice.pk).mobile == ""


@pytest.mark.parametrize(
    ("role", "scope", "where"),
    [
        ("administrator", "store", "east"),
        ("store_manager", "group", None),
        ("agent", "store", "west"),
        ("group_manager", "group", None),
    ],
)
def test_nobody_gives_rights_he_does_not_hold(world: World, role: str, scope: str, where: str | None) -> None:
    store = getattr(world, where).pk if where else ""
    page = submit(
        world.browser("max"), f"/admin/accounts/person/{world.bob.pk}/change/", **grant(1, role, scope, store)
    )
    assert page != ""
    assert RoleGrant.objects.filter(person=world.bob).count() == 1


def test_a_manager_cannot_touch_somebody_above_him(world: World) -> None:
    ada = world.ada
    Person.objects.filter(pk=ada.pk).update(store=world.east)
    answer = world.browser("max").post(f"/admin/accounts/person/{ada.pk}/change/", {"new_password": "taken over 123"})
    assert answer.status_code == 403
    assert not Person.objects.get(pk=ada.pk).check_password("taken over 123")


def test_a_manager_cannot_move_a_line_into_another_store(world: World) -> None:
    line = world.east.lines.get()
    page = submit(world.browser("max"), f"/admin/organisation/line/{line.pk}/change/", store=world.west.pk)
    assert page != ""
    line.refresh_from_db()
    assert line.store == world.east


def test_of_two_who_edit_one_row_the_second_is_told_and_overwrites_nothing(world: World) -> None:
    path = f"/admin/organisation/store/{world.east.pk}/change/"
    max_ = world.browser("max")
    seen = max_.get(path).context["adminform"].form.fields["seen"].initial
    assert submit(world.browser("ada"), path, city="上海") == ""
    page = submit(max_, path, city="苏州", seen=seen)
    assert "Somebody changed this just now" in page
    assert Store.objects.get(pk=world.east.pk).city == "上海"


def test_changes_are_audited_with_who_what_and_which_fields(world: World) -> None:
    submit(world.browser("max"), f"/admin/organisation/store/{world.east.pk}/change/", city="上海")
    entry = AuditEntry.objects.get(action="settings")
    assert (entry.person_id, entry.object_type, entry.object_id) == (world.max.pk, "store", str(world.east.pk))
    assert entry.store_id == world.east.pk


def test_a_carriers_password_is_sealed_never_shown_and_kept_when_left_empty(world: World) -> None:
    ada = world.browser("ada")
    fields = {"name": "Telco", "host": "sip.example.com", "register": "on", "username": "u", "password": "top secret"}
    assert submit(ada, "/admin/organisation/carrier/add/", **fields) == ""
    carrier = Carrier.objects.get()
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT password FROM organisation_carrier")
        assert "top secret" not in str(cursor.fetchall())
    path = f"/admin/organisation/carrier/{carrier.pk}/change/"
    assert "top secret" not in ada.get(path).content.decode()
    assert submit(ada, path, port="5080", password="") == ""
    carrier.refresh_from_db()
    assert (carrier.port, carrier.password) == (5080, "top secret")
    assert world.browser("max").get(path).status_code == 403


FLOW = "nodes:\n  bye: {type: hangup}\n"


def test_a_flow_is_checked_told_with_lines_saved_as_a_version_and_put_back(world: World) -> None:
    ada = world.browser("ada")
    flow = Flow.objects.get(code="plain")
    path = f"/admin/flows/flow/{flow.pk}/change/"
    wrong = submit(ada, path, text=FLOW.replace("hangup}", "hangup, next: x}"))
    assert "line 2" in wrong
    assert not flow.versions.exists()
    checked = submit(ada, path, text=FLOW, _check="1")
    assert "Nothing was saved yet" in checked
    assert not flow.versions.exists()
    assert submit(ada, path, text=FLOW) == ""
    assert submit(ada, path, text=FLOW + "# again\n") == ""
    flow.refresh_from_db()
    assert flow.published is not None
    assert flow.published.version == 2
    first = flow.versions.get(version=1)
    ada.post(
        "/admin/flows/flowversion/",
        {"action": "put_in_force", "_selected_action": first.pk, "csrfmiddlewaretoken": ada.token},
    )
    flow.refresh_from_db()
    assert flow.published == first


def test_a_flow_kept_as_a_version_only_is_not_heard(world: World) -> None:
    flow = Flow.objects.get(code="plain")
    assert submit(world.browser("ada"), f"/admin/flows/flow/{flow.pk}/change/", text=FLOW, publish=None) == ""
    flow.refresh_from_db()
    assert flow.published is None


def test_an_upload_wins_until_it_is_taken_back_and_a_wrong_file_is_refused_in_words(
    world: World, product: Settings
) -> None:
    prompt = Prompt.objects.create(key="welcome.x", text_zh="您好", text_en="Hello")
    shipped = product.media / "old.wav"
    shipped.write_bytes(wav(tone(300, 1)))
    from dealerline.apps.flows.logic.prompts import text_sha256

    PromptAudio.objects.create(
        prompt=prompt,
        language="zh",
        source="shipped",
        path="media:old.wav",
        sha256="0",
        text_sha256=text_sha256("您好"),
    )
    ada = world.browser("ada")
    path = f"/admin/flows/prompt/{prompt.pk}/change/"

    def in_force() -> str:
        return next((p.path for p in snapshot.build().prompts if (p.key, p.language) == ("welcome.x", "zh")), "")

    assert in_force() == str(product.media / "old")
    page = submit(ada, path, upload_zh=SimpleUploadedFile("song.mp3", b"ID3 no wav at all" * 20))
    assert "no WAV file" in page
    assert submit(ada, path, upload_zh=SimpleUploadedFile("own.wav", wav(tone(440, 1, 44100), 44100))) == ""
    assert in_force().startswith(str(product.media / "prompts"))
    heard = ada.get(f"/admin/flows/prompt/{prompt.pk}/sound/zh/")
    assert heard.content[:4] == b"RIFF"
    assert submit(ada, path, take_back_zh="on") == ""
    assert in_force() == str(product.media / "old")


def test_a_changed_text_is_ordered_to_be_spoken_and_the_old_sound_stays_meanwhile(world: World) -> None:
    from procrastinate.contrib.django.models import ProcrastinateJob

    prompt = Prompt.objects.create(key="welcome.x", text_zh="您好")
    for _ in range(2):
        assert (
            submit(world.browser("ada"), f"/admin/flows/prompt/{prompt.pk}/change/", text_zh="您好，欢迎", text_en="")
            == ""
        )
    jobs = ProcrastinateJob.objects.filter(task_name="speak_prompt")
    assert [job.args for job in jobs] == [{"prompt": prompt.pk, "language": "zh"}]


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_back_office_speaks_both_languages(world: World, language: str) -> None:
    ada = world.browser("ada")
    ada.post("/admin/language/", {"language": language, "next": "/admin/", "csrfmiddlewaretoken": ada.token})
    page = ada.get("/admin/").content.decode()
    assert ("管理后台" in page) is (language == "zh-hans")
    assert ("Dealerline back office" in page) is (language == "en")


def test_the_language_form_sends_nobody_to_another_site(world: World) -> None:
    ada = world.browser("ada")
    answer = ada.post(
        "/admin/language/", {"language": "en", "next": "https://evil.example/", "csrfmiddlewaretoken": ada.token}
    )
    assert answer["Location"] == "/admin/"


def test_there_is_one_way_to_sign_in(anonymous: Browser) -> None:
    answer = anonymous.get("/admin/login/?next=/admin/flows/")
    assert answer["Location"] == "/sign-in?next=/admin/flows/"


def test_a_whole_holiday_is_entered_at_once_and_next_years_are_missed_until_then(world: World) -> None:
    ada, today = world.browser("ada"), timezone.localdate()
    assert ada.get("/api/system").json()["year_without_holidays"] == today.year
    for page in ("/admin/", "/admin/organisation/holiday/"):
        assert f"The holidays of {today.year} are not entered yet" in ada.get(
            page, headers={"Accept-Language": "en"}).content.decode()
    add, first = "/admin/organisation/holiday/add/", f"{today.year}-10-01"
    words = {"kind": "holiday", "name_zh": "国庆节", "name_en": "National Day", "date": first}
    assert "a month at most" in submit(ada, add, **words, until=f"{today.year + 1}-10-07")
    assert submit(ada, add, **words, until=f"{today.year}-10-07") == ""
    assert Holiday.objects.filter(name_en="National Day", store=None).count() == 7
    assert "There is an entry already" in submit(ada, add, **(words | {"date": f"{today.year}-09-30"}), until=first)
    day = Holiday.objects.get(date=f"{today.year}-10-02")
    assert submit(ada, f"/admin/organisation/holiday/{day.pk}/change/", name_zh="国庆") == ""
    Holiday.objects.create(date=f"{today.year + 1}-01-01", name_zh="元旦")
    assert ada.get("/api/system").json()["year_without_holidays"] is None
    assert "not entered yet" not in ada.get("/admin/", headers={"Accept-Language": "en"}).content.decode()
    assert "not entered yet" not in world.browser("walter").get(
        "/admin/", headers={"Accept-Language": "en"}).content.decode()


# the calendar ---------------------------------------------------------------------------------------------------------
def cells(page: Any) -> dict[str, tuple[str, str]]:
    """day -> (kind, hours) of the month that is shown."""
    every = [each for week in page.context["weeks"] for each in week if each.cell.inside]
    return {f"{each.cell.day:%m-%d}": (each.cell.kind, each.cell.hours) for each in every}


def test_a_month_shows_what_each_day_is_for_a_line_and_the_stores_own_day_wins(world: World) -> None:
    hours = Hours.objects.create(store=world.east, name_zh="营业", name_en="Open")
    for weekday in range(5):
        HoursInterval.objects.create(hours=hours, weekday=weekday, opens="08:30", closes="17:30")
    world.east.lines.update(hours=hours)
    Holiday.objects.create(date="2026-10-01", name_zh="国庆节")
    Holiday.objects.create(date="2026-10-02", name_zh="国庆节")
    Holiday.objects.create(date="2026-10-10", kind="open", name_zh="国庆节调休上班")
    max_, path = world.browser("max"), f"/admin/organisation/holiday/calendar/?store={world.east.pk}&month=2026-10"
    page = max_.get(path, headers={"Accept-Language": "zh-hans"})
    assert "调休" in page.content.decode()
    found = cells(page)
    assert len(found) == 31
    assert found["10-01"] == ("holiday", "")
    assert found["10-05"] == ("open", "08:30-17:30")
    assert found["10-10"] == ("makeup", "08:30-17:30")
    assert found["10-11"] == ("closed", "")

    def change(browser: Browser, where: str = path, **given: str) -> Any:
        data = {"csrfmiddlewaretoken": browser.token, "day": "2026-10-02", "until": "", "opens": "", "closes": ""}
        return browser.post(where, data | given, headers={"Accept-Language": "en"})

    assert change(max_, kind="open", opens="10:00", closes="16:00", name_zh="国庆营业").status_code == 302
    found = cells(max_.get(path))
    assert (found["10-01"][0], found["10-02"]) == ("holiday", ("special", "10:00-16:00"))
    assert Holiday.objects.filter(date="2026-10-02").count() == 2, "everybody else's holiday stays"
    assert "Give the day a name" in change(max_, kind="holiday", name_zh="").content.decode()
    assert "Give both times" in change(max_, kind="open", name_zh="x", opens="10:00").content.decode()
    assert change(max_, kind="usual").status_code == 302
    assert cells(max_.get(path))["10-02"][0] == "holiday"
    several = {"kind": "holiday", "name_zh": "盘点", "day": "2026-10-28", "until": "2026-10-30"}
    assert change(max_, **several).status_code == 302
    assert [cells(max_.get(path))[f"10-{day}"][0] for day in (27, 28, 29, 30)] == ["open", *["holiday"] * 3]
    assert AuditEntry.objects.filter(object_type="holiday", store=world.east).count() == 3
    # others
    assert world.browser("walter").get(path).status_code == 403
    assert change(world.browser("lena"), kind="usual").status_code == 403
    everyones = "/admin/organisation/holiday/calendar/?month=2026-10"
    assert change(max_, everyones, kind="usual").status_code == 403
    assert change(world.browser("ada"), everyones, kind="usual").status_code == 302
    assert not Holiday.objects.filter(date="2026-10-02").exists()
