"""Small pure rules of the records: rights, names, the words of the timeline."""

from __future__ import annotations

import pytest

from dealerline.apps.accounts.logic.roles import PERMISSIONS, ROLE_PERMISSIONS, GrantScope, access_of
from dealerline.apps.calls.logic.timeline import WORDS, _Names, _text
from dealerline.apps.common.access import StoreSet
from dealerline.apps.common.sealed import seal, unseal
from dealerline.apps.customers.logic.names import pinyin_of
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
    of_people = {"consent.asked", "consent.ended", "alarm.raised", "alarm.ended"}
    of_people |= {"agent.state", "agent.signed_in", "agent.signed_out", "switch.started", "ari.lost", "ari.back"}
    by_their_manner = {"invite.started", "invite.ended", "transfer.done"}
    assert set(KINDS) - of_people - by_their_manner <= set(WORDS)
    nobody = _Names({}, {}, {}, True)
    for kind in KINDS:
        for language in (0, 1):
            assert _text(language, kind, {}, nobody)
