"""A queue's rules at work: who is rung, whom a caller waits for, where he goes besides, and why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from dealerline.switch.directory import Need, Overflow, Person, Queue
from dealerline.switch.media import Arrived
from dealerline.switch.model import Call
from dealerline.switch.ports import Known
from tests.unit.switch.world import BYE, FLOWS, LEAVE, MENU, SALES, World, flow, snapshot

Make = Callable[..., World]
VIP = "+8613900000009"
SKILLS = ((11, {"zh": "变速箱", "en": "gearboxes"}),)


def queue(**changes: Any) -> Queue:
    """The sales queue with other rules."""
    return replace(snapshot().queues[0], **changes)


def other(number: int = 20, agents: tuple[int, ...] = (3,), **changes: Any) -> Queue:
    """The queue of another store."""
    return queue(id=number, store=2, code="experts", name={"zh": "专家", "en": "experts"}, agents=agents, **changes)


def skilled(**levels: int) -> tuple[Person, ...]:
    """Everybody, with so much knowledge of gearboxes (by first name)."""
    return tuple(replace(p, skills=((11, levels[p.name]),) if p.name in levels else ()) for p in snapshot().people)


def facts(world: World, kind: str) -> list[dict[str, Any]]:
    return [f.data for f in world.journal.facts if f.kind == kind]


def chosen(world: World, call: Call, person: int) -> Any:
    """What that person's page says why just his phone rings."""
    return world.desks.views.call(call, person)["chosen"]


# strategies and skills ------------------------------------------------------------------------------------------------


def test_all_phones_ring_and_when_one_is_taken_the_others_stop_and_are_free(make: Make) -> None:
    world = make(queues=(queue(strategy="ring_all", agents=(1, 2, 5)),))
    for person in (1, 2, 5):
        world.sign_in(person)
    call = world.ring()
    assert all(world.rings(person) for person in (1, 2, 5))
    world.answer(2)
    assert world.hears(call) == "talk" and world.state(2) == "talking"
    assert world.state(1) == world.state(5) == "ready" and not world.rings(1) and not world.rings(5)
    results = {(f["agent"], f["result"]) for f in facts(world, "offer.ended")}
    assert results == {(2, "answered"), (1, "taken"), (5, "taken")}
    world.hang_up(call)


def test_of_several_phones_one_refuses_and_one_is_silent_and_only_then_the_caller_is_in_front_again(make: Make) -> None:
    world = make(queues=(queue(strategy="ring_all"),))
    pages = {person: world.sign_in(person) for person in (1, 2)}
    call = world.ring()
    assert world.ask(pages[1], "refuse", call=call.id)["type"] == "ok"
    assert world.state(1) == "busy:refused" and world.rings(2)
    assert facts(world, "queue.returned") == []
    world.clock.advance(21)
    assert world.state(2) == "busy:no_answer" and world.router.position(call.id) == 1
    assert [f["reason"] for f in facts(world, "queue.returned")] == ["no_answer"]
    world.ask(pages[2], "state", state="ready")
    world.answer(2)
    world.hang_up(call)


def test_who_becomes_free_while_all_ring_rings_along_and_a_caller_who_goes_stops_them_all(make: Make) -> None:
    world = make(queues=(queue(strategy="ring_all"),))
    world.sign_in(1)
    call = world.ring()
    world.sign_in(2)
    assert world.rings(1) and world.rings(2)
    world.hang_up(call)
    assert world.state(1) == world.state(2) == "ready"


def test_the_call_goes_to_who_can_do_it_and_after_a_while_to_who_can_nearly(make: Make) -> None:
    wanted = (Need(11, 4, relax=((15, 2),)),)
    world = make(queues=(queue(needs=wanted),), people=skilled(Bob=2), skills=SKILLS)
    world.sign_in(1)
    world.sign_in(2)
    call = world.ring()
    assert not world.rings(1) and not world.rings(2)
    world.clock.advance(14)
    assert not world.rings(2)
    world.clock.advance(1.1)
    assert world.rings(2) and not world.rings(1)
    why = facts(world, "offer.made")[0]["why"]
    assert why["wants"] == [[11, 2]] and why["passed"]["counts"] == {"lacks": 1}
    assert why["passed"]["people"] == [{"agent": 1, "reason": "lacks", "skill": 11, "level": 2, "has": 0}]
    world.hang_up(call)


def test_a_skill_given_in_the_back_office_counts_for_who_waits(make: Make) -> None:
    world = make(queues=(queue(needs=(Need(11, 1),)),), skills=SKILLS)
    world.sign_in(1)
    call = world.ring()
    assert not world.rings(1)
    world.directory.set(replace(world.directory.snapshot(), people=skilled(Alice=3)))
    assert world.rings(1)
    world.hang_up(call)


def test_the_least_busy_is_who_worked_least_today_and_a_new_day_begins_at_nothing(make: Make) -> None:
    world = make(queues=(queue(strategy="least_busy", wrap_seconds=0),))
    world.sign_in(1)
    world.sign_in(2)
    for person, seconds in ((1, 100), (2, 10)):
        call = world.ring()
        world.answer(person)
        world.clock.advance(seconds)
        world.hang_up(call)
        world.clock.advance(1)
    call = world.ring()
    assert world.rings(2), "10 seconds of work against 100"
    world.hang_up(call)
    world.clock.jump(86_400)
    assert world.engine.agents.load(world.core.seats[1]) == 0.0


# the person he knows --------------------------------------------------------------------------------------------------


def known(world: World, number: str, **what: Any) -> None:
    world.callers.known[number] = Known(**what)


def test_a_caller_comes_back_to_whom_he_spoke_with_last(make: Make) -> None:
    world = make(queues=(queue(sticky_seconds=30),))
    known(world, VIP, last=2)
    world.sign_in(1)
    world.clock.advance(5)
    world.sign_in(2)
    call = world.ring(SALES, VIP)
    assert world.rings(2) and not world.rings(1), "though 1 is free longer"
    assert facts(world, "offer.made")[0]["why"]["rule"] == "sticky"
    assert chosen(world, call, 2) == {"how": "last"}
    world.hang_up(call)


def test_he_waits_for_his_person_a_while_keeps_his_place_and_then_anybody_takes_him(make: Make) -> None:
    world = make(queues=(queue(sticky_seconds=30, sticky="owner"),))
    known(world, VIP, owner=2, last=1)
    world.sign_in(2)
    busy = world.talk(2)
    call = world.ring(SALES, VIP)
    world.sign_in(1)
    assert not world.rings(1)
    (kept,) = facts(world, "queue.kept")
    assert kept["agents"] == [2] and kept["until"] == round(call.queued + 30, 3)
    world.clock.advance(31)
    assert world.rings(1) and chosen(world, call, 1) is None, "it is simply her turn"
    world.hang_up(call)
    world.hang_up(busy)


def test_a_vip_is_kept_for_his_named_people_where_the_queue_keeps_nobody_and_his_level_counts(make: Make) -> None:
    world = make(levels=(("gold", 3),))
    known(world, VIP, level="gold", standing="vip", named=(5, 99))
    plain = world.ring()
    vip = world.ring(SALES, VIP)
    assert world.router.callers(10) == [vip.id, plain.id]
    world.sign_in(5)
    assert not world.rings(5), "she was not there when he came"
    world.sign_in(1)
    assert world.core.calls[vip.id].leg is not None
    world.hang_up(vip)
    again = world.ring(SALES, VIP)
    assert world.rings(5), "now she is, though not of the queue"
    assert chosen(world, again, 5) == {"how": "named"}
    world.hang_up(again)
    world.hang_up(plain)


def test_the_answer_may_come_late_or_never_and_nobody_waits_for_it(make: Make) -> None:
    world = make(queues=(queue(sticky_seconds=30),), levels=(("gold", 3),))
    known(world, VIP, last=2, level="gold")
    world.callers.slow = True
    world.sign_in(2)
    busy = world.talk(2)
    plain, vip = world.ring(), world.ring(SALES, VIP)
    assert world.router.callers(10) == [plain.id, vip.id]
    for answer in world.callers.answers:
        answer()
    assert world.router.callers(10) == [vip.id, plain.id] and world.router.kept(vip.id) == (2,)
    world.hang_up(vip)
    for answer in world.callers.answers:
        answer()
    world.hang_up(plain)
    world.hang_up(busy)


# overflow -------------------------------------------------------------------------------------------------------------


def test_the_experts_of_another_store_are_asked_too_and_he_keeps_his_place(make: Make) -> None:
    world = make(queues=(queue(overflow=(Overflow("waited", 30, "queue", 20),)), other()))
    world.sign_in(3)
    call = world.ring()
    world.clock.advance(29)
    assert not world.rings(3)
    world.clock.advance(1.1)
    assert world.rings(3)
    (lent,) = facts(world, "queue.overflow")
    assert (lent["target_kind"], lent["target"], lent["rule"], lent["value"]) == ("queue", "20", "waited", 30)
    assert facts(world, "offer.made")[0]["why"]["lent"] == 20
    assert chosen(world, call, 3) == {"how": "lent"}
    world.end(world.rings(3), 19)
    assert world.router.position(call.id) == 1 and call.queue == 10
    world.sign_in(1)
    assert chosen(world, call, 1) is None
    world.answer(1)
    world.hang_up(call)


def test_with_nobody_there_a_caller_is_lent_at_once_and_not_told_that_it_is_closed(make: Make) -> None:
    world = make(queues=(queue(overflow=(Overflow("nobody", 0, "queue", 20),)), other()))
    page = world.sign_in(3)
    call = world.ring(MENU)
    world.played(call)
    world.key(call, "1")
    assert world.rings(3)
    world.end(world.rings(3), 19)
    assert call.phase == "queued"
    world.ask(page, "state", state="offline")
    assert world.hears(call) == "voicemail.leave", "now nobody is anywhere"
    world.hang_up(call)


def test_an_outside_number_that_takes_him_has_him_and_his_flow_knows(make: Make) -> None:
    world = make(queues=(queue(overflow=(Overflow("waited", 20, "number", number="+8613900000001"),)),))
    call = world.ring()
    world.clock.advance(21)
    (forward,) = [c for c in world.media.legs if "-f" in c]
    assert world.hears(call) == "music" and facts(world, "queue.left")[-1]["reason"] == "overflow"
    world.media.answer(forward)
    world.engine.handle(Arrived(forward, world.media.legs[forward].args, forward))
    assert world.hears(call) == "talk"
    world.end(forward)
    assert call.ended


def test_an_outside_number_that_does_not_answer_brings_him_back_to_his_place_and_is_not_tried_again(make: Make) -> None:
    world = make(queues=(queue(overflow=(Overflow("waited", 20, "number", number="+8613900000001"),)),))
    first = world.ring()
    world.clock.advance(1)
    second = world.ring()
    world.clock.advance(19.5)
    (forward,) = [c for c in world.media.legs if "-f" in c]
    world.end(forward, 17)
    assert world.router.callers(10) == [first.id, second.id] and world.hears(first) == "music"
    world.hang_up(second)
    world.clock.advance(30)
    assert len(facts(world, "queue.overflow")) == 1
    world.sign_in(1)
    world.answer(1)
    world.hang_up(first)


def test_a_key_pressed_while_a_number_outside_rings_ends_the_ringing_and_goes_on_in_the_flow(make: Make) -> None:
    world = make(queues=(queue(overflow=(Overflow("waited", 20, "number", number="+8613900000001"),)),))
    call = world.ring()
    world.clock.advance(21)
    world.key(call, "*")
    assert world.hears(call) == "voicemail.leave" and not [c for c in world.media.legs if "-f" in c]
    world.hang_up(call)


def test_a_switch_that_dies_while_a_number_outside_rings_finds_him_in_his_place(make: Make) -> None:
    world = make(queues=(queue(overflow=(Overflow("waited", 20, "number", number="+8613900000001"),)),))
    call = world.ring()
    world.clock.advance(21)
    (forward,) = [c for c in world.media.legs if "-f" in c]
    world.media.lose(forward)
    new = world.killed()
    assert new.router.callers(10) == [call.id] and new.hears(call) == "music"
    new.hang_up(new.core.calls[call.id])
    new.consistent()


def test_a_rule_to_a_voice_message_goes_on_in_the_flow(make: Make) -> None:
    world = make(queues=(queue(overflow=(Overflow("length", 1, "voicemail"),)),))
    first, second = world.ring(), world.ring()
    assert world.hears(first) == "music" and world.hears(second) == "voicemail.leave"
    assert facts(world, "queue.left")[-1]["reason"] == "overflow"
    world.hang_up(first)
    world.hang_up(second)


# why ------------------------------------------------------------------------------------------------------------------


def test_a_rule_to_a_voice_message_goes_to_it_where_waiting_in_vain_ends_the_call(make: Make) -> None:
    line = {"type": "queue", "queue": "sales", "on_timeout": "bye", "on_empty": "wait", "leave": {"*": "message"}}
    own = flow(1, line=line, message=LEAVE, bye=BYE)
    world = make(
        queues=(queue(overflow=(Overflow("waited", 20, "voicemail"),)),),
        flows=tuple(own if f.id == 1 else f for f in FLOWS),
    )
    call = world.ring(SALES)
    world.clock.advance(21)
    assert [f["reason"] for f in facts(world, "queue.left")] == ["overflow"]
    world.played(call)
    world.played(call)
    world.recorded(5.0)
    assert facts(world, "voicemail.recorded")[0]["seconds"] == 5.0


def test_who_rings_a_line_of_higher_priority_goes_before_the_others_of_his_queue(make: Make) -> None:
    lines = tuple(replace(line, priority=9) if line.numbers == (MENU,) else line for line in snapshot().lines)
    world = make(lines=lines, levels=(("gold", 3),))
    world.callers.known[VIP] = Known(level="gold")
    world.ask(world.sign_in(1), "state", state="busy", reason="break")
    plain, gold = world.ring(SALES), world.ring(SALES, VIP)
    first = world.ring(MENU)
    world.key(first, "1")
    assert world.router.callers(10) == [first.id, gold.id, plain.id]
    world.core.lookup = replace(world.core.lookup, lines={})
    assert world.engine.queueing._priority(first) == 0, "his line is gone from the directory: he waits on"


def test_a_lead_is_told_why_a_caller_of_his_store_waits_and_nobody_else_is(make: Make) -> None:
    rules = queue(
        needs=(Need(11, 3, relax=((60, 1),)),), overflow=(Overflow("waited", 40, "queue", 20),), sticky_seconds=30
    )
    world = make(queues=(rules, other()), people=skilled(Alice=1), skills=SKILLS)
    known(world, VIP, last=2)
    lead, alice, charlie = world.sign_in(4), world.sign_in(1), world.sign_in(3)
    world.sign_in(2, ready=False)
    world.ask(lead, "state", state="busy", reason="break")
    world.core.seats[2].presence = replace(world.core.seats[2].presence, state="talking")
    world.engine.agents.sync(world.core.seats[2])
    call = world.ring(SALES, VIP)
    why = world.ask(lead, "explain", call=call.id)["why"]
    assert (why["position"], why["waiting"], why["queue_name"]["en"]) == (1, 1, "store")
    assert why["wants"] == [{"skill": 11, "skill_name": SKILLS[0][1], "level": 3}]
    assert [(p["name"], p["reason"]) for p in why["people"]] == [("Alice", "kept"), ("Bob", "busy")]
    assert why["kept"]["people"][0]["name"] == "Bob"
    assert [each["what"] for each in why["next"]] == ["patience", "overflow", "relax", "waited_out"]
    assert why["next"][1]["queue_name"]["en"] == "experts"
    assert world.ask(alice, "explain", call=call.id)["code"] == "forbidden"
    assert world.ask(charlie, "explain", call=call.id)["code"] == "forbidden"
    assert world.ask(lead, "explain", call="nothing")["code"] == "no_call"
    world.core.seats[2].presence = replace(world.core.seats[2].presence, state="offline")
    world.engine.agents.sync(world.core.seats[2])
    world.hang_up(call)


def test_a_lead_of_another_store_is_refused_and_one_who_talks_is_no_longer_explained(make: Make) -> None:
    people = tuple(replace(p, roles=("shift_lead",)) if p.id == 3 else p for p in snapshot().people)
    world = make(people=people)
    far, lead = world.sign_in(3, ready=False), world.sign_in(4, ready=False)
    world.sign_in(1)
    call = world.ring()
    assert world.ask(far, "explain", call=call.id)["code"] == "forbidden"
    assert world.ask(lead, "explain", call=call.id)["why"]["offered"][0]["name"] == "Alice"
    world.answer(1)
    assert world.ask(lead, "explain", call=call.id)["code"] == "not_now"
    world.hang_up(call)


# after a restart ------------------------------------------------------------------------------------------------------


def test_two_hundred_who_wait_keep_place_waiting_time_lending_and_what_is_known(make: Make) -> None:
    rules = queue(
        age_seconds=30, sticky_seconds=100, max_wait_seconds=0, overflow=(Overflow("waited", 60, "queue", 20),)
    )
    world = make(queues=(rules, other()), levels=(("gold", 2),))
    page = world.sign_in(2)
    world.ask(page, "state", state="ready")
    busy = world.talk(2)
    for n in range(200):
        number = f"+86139{n:08}"
        if n % 5 == 0:
            known(world, number, level="gold", last=2 if n % 10 == 0 else 0)
        world.ring(SALES, number)
        world.clock.advance(0.5)
    before = world.router.callers(10)
    assert len(before) == 200 and before != sorted(before)
    lent = {c for c in before if world.router.lent(c)}
    assert 0 < len(lent) < 200
    waits = {c: world.core.calls[c].queued for c in before}
    world.hang_up(busy)
    front = world.core.seats[2].call
    assert front is not None and front.ended
    new = world.killed()
    assert new.router.callers(10) == before
    assert {c for c in before if new.router.lent(c)} == lent
    assert {c: new.core.calls[c].queued for c in before} == {c: round(at, 3) for c, at in waits.items()}
    assert len(facts(new, "queue.overflow")) == len(lent), "not told twice"
    new.sign_in(3)
    taken = next(c for c in new.core.calls.values() if c.leg is not None)
    assert taken.id in lent and new.rings(3)
    assert all(f.data["result"] != "failed" for f in new.journal.facts if f.kind == "offer.ended")
    for call in list(new.core.calls.values()):
        new.hang_up(call)
    new.clock.advance(60)
    new.consistent()
    assert not new.router._calls and new.router.due() is None


def test_who_came_back_in_front_is_in_front_after_a_restart_too(make: Make) -> None:
    world = make()
    first = world.ring()
    world.clock.advance(1)
    second = world.ring()
    world.sign_in(1)
    world.hang_up(first)
    world.clock.advance(21)
    third = world.ring(SALES, "+8613900000002")
    world.core.calls[third.id].priority = 0
    assert world.router.callers(10)[0] == second.id and second.front
    new = world.killed()
    assert new.router.front(second.id) and new.router.callers(10)[0] == second.id
    for call in list(new.core.calls.values()):
        new.hang_up(call)
    new.consistent()
