"""Small pure rules of the records: rights, masking, numbers, names, the words of the timeline."""

from __future__ import annotations

import pytest

from dealerline.apps.accounts.logic.masking import mask
from dealerline.apps.accounts.logic.roles import PERMISSIONS, ROLE_PERMISSIONS, GrantScope, access_of
from dealerline.apps.calls.logic.timeline import WORDS, _Names, _text
from dealerline.apps.common.access import StoreSet
from dealerline.apps.common.sealed import seal, unseal
from dealerline.apps.customers.logic.names import pinyin_of
from dealerline.apps.customers.logic.numbers import is_plausible, normalise_number
from dealerline.domain.facts import KINDS


def test_a_grant_over_a_region_covers_its_stores_and_no_other() -> None:
    access = access_of([GrantScope("store_manager", "region", region=1)], {1: {10, 11}})
    assert access.stores_for("calls.listen") == StoreSet(ids=frozenset({10, 11}))
    assert 12 not in access.stores_for("calls.listen")
    assert not access.stores_for("system.manage")


def test_two_grants_add_up_permission_by_permission() -> None:
    access = access_of([GrantScope("agent", "store", 10), GrantScope("shift_lead", "store", 11)], {})
    assert access.stores_for("calls.view").ids == {10, 11}
    assert access.stores_for("calls.listen").ids == {11}
    assert access.roles == ("agent", "shift_lead")


def test_nobody_without_a_grant_may_anything() -> None:
    access = access_of([], {})
    assert access.permissions == ()
    assert not any(access.stores_for(permission) for permission in PERMISSIONS)


def test_a_permission_that_does_not_exist_is_a_mistake_of_the_code() -> None:
    with pytest.raises(ValueError, match="no such permission"):
        access_of([], {}).stores_for("calls.viev")


def test_a_store_manager_cannot_give_what_he_does_not_hold() -> None:
    access = access_of([GrantScope("store_manager", "store", 10)], {})
    assert access.may_grant("agent", StoreSet(ids=frozenset({10})))
    assert not access.may_grant("agent", StoreSet(ids=frozenset({11})))
    assert not access.may_grant("agent", StoreSet(every=True))
    assert not access.may_grant("administrator", StoreSet(ids=frozenset({10})))


def test_only_leads_and_above_see_numbers_by_role() -> None:
    see = {role for role, permissions in ROLE_PERMISSIONS.items() if "numbers.see" in permissions}
    assert see == {"shift_lead", "handler", "dispatcher", "store_manager", "group_manager", "administrator"}


@pytest.mark.parametrize(
    ("number", "shown"),
    [("+8613812345678", "+86138****5678"), ("13812345678", "138****5678"), ("8001", "**01"), ("", ""), ("110", "*10")],
)
def test_masking_hides_the_middle(number: str, shown: str) -> None:
    assert mask(number) == shown


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("138 1234 5678", "+8613812345678"),
        ("+86 138-1234-5678", "+8613812345678"),
        ("0238888001", "+86238888001"),
        ("+44 20 7946 0958", "+442079460958"),
        ("8001", "8001"),
        ("anonymous", ""),
        ("", ""),
    ],
)
def test_numbers_are_stored_in_one_form(written: str, stored: str) -> None:
    assert normalise_number(written) == stored


@pytest.mark.parametrize(("written", "fine"), [("13812345678", True), ("12", False), ("=1+1", False), ("138x", False)])
def test_what_cannot_be_rung_is_refused(written: str, fine: bool) -> None:
    assert is_plausible(written) is fine


def test_names_are_found_by_pinyin_whole_and_by_initials() -> None:
    assert pinyin_of("张三") == "zhangsan zs"
    assert pinyin_of("Anna Lee") == "anna lee"
    assert "amina" in pinyin_of("Amina·买买提")


def test_a_sealed_password_is_unreadable_and_opens_again() -> None:
    token = seal("geheim 密码")
    assert "geheim" not in token
    assert unseal(token) == "geheim 密码"
    assert unseal("made elsewhere") == ""


def test_every_fact_of_a_call_has_words_in_both_languages() -> None:
    of_people = {"agent.state", "agent.signed_in", "agent.signed_out", "switch.started", "ari.lost", "ari.back"}
    by_how = {"invite.started", "invite.ended", "transfer.done"}  # told by how it is done
    assert set(KINDS) - of_people - by_how <= set(WORDS)
    for kind in set(KINDS) - of_people:
        for language in (0, 1):
            assert _text(language, kind, {}, _Names({}, {}, {}, True)) != kind
