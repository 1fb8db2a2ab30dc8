"""Invented leads: who may buy what, how far each is, who has it, and what was written about it.

Times are hours before (-) or after (+) the moment of loading.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from dealerline.apps.demo.world import catalogue, stream
from dealerline.apps.demo.world.customers import Customer
from dealerline.apps.demo.world.layout import PEOPLE, STORES, Store

A_STORE = 18
STAGES_OPEN = 6  # of the shipped stages those that go on

_ORIGINS = ("call", "call", "call", "walk_in", "walk_in", "web", "web", "referral", "show", "campaign", "old_customer")
_ORIGIN_NOTES = {"web": "抖音直播间", "show": "秋季车展", "campaign": "置换补贴活动", "referral": "老客户介绍"}
_NEEDS = ("家用，周末带孩子出游，看重空间", "上下班代步，关注油耗", "公司接待用车，要深色内饰", "旧车置换，想了解补贴",
          "首次购车，预算有限，想做分期", "新能源绿牌，家里可装充电桩", "父母也要开，希望座椅好进出",
          "对比竞品，下周前决定")
_STEPS = ("电话确认到店时间", "邀约试驾", "发送报价单", "带评估师看旧车", "跟进贷款审批", "请客户带家人再来看车",
          "确认颜色和配置", "约签合同")
_NOTES = ("客户上午开会，下午三点后方便接电话。", "已加企业微信，发了车型资料。", "比较在意首付比例，等金融方案。",
          "家人倾向另一款，先不催。", "对内饰颜色还在犹豫，已发实拍图。", "旧车评估价客户基本认可。")
_VISITS = ("一家三口到店看车，主要看后排空间。", "到店详谈，坐了两款车，对座椅满意。", "上门拜访，介绍了企业购车政策。")
_DRIVES = (("环线市区道路，客户觉得转向轻。", "市区环线"), ("高速段体验辅助驾驶，反馈好。", "外环高速"),
           ("带家人试驾，孩子坐后排不晕车。", "展厅周边"))
_QUOTES = "含购置税、首年保险和上牌"
_ASKS = ("客户在竞品店拿到更低报价，申请优惠锁单。", "老客户介绍，希望有额外优惠。", "今天能定，差价谈不拢。")


@dataclass(frozen=True, slots=True)
class Event:
    """``state``: of a discount asked for; ``answer``: what was said to it."""

    kind: str
    at: float
    by: str
    text: str = ""
    data: dict[str, object] = field(default_factory=dict)
    place: str = ""
    state: str = ""
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Lead:
    """``stage``: 0 to 5 go on, 6 won, 7 lost. ``reaction``: minutes until somebody reacted, None: nobody has yet."""

    customer: int
    store: str
    owner: str
    holder: str  # who had it before it went to the pool; else the owner
    giver: str
    from_store: str
    brand: str
    model: str
    price: int
    intention: str
    origin: str
    origin_note: str
    need: str
    stage: int
    state: str
    created: float
    reaction: float | None
    next_step: str
    next_at: float | None
    reason: int | None
    events: tuple[Event, ...]


def _sellers(store: Store) -> list[str]:
    """Sales consultants of the store, and its agents who sell."""
    own = [p.login for p in PEOPLE if p.store == store.code]
    roles = {p.login: {role for role, _ in p.roles} for p in PEOPLE}
    sales = [login for login in own if "sales" in roles[login]]
    agents = [p.login for p in PEOPLE if p.store == store.code and "agent" in roles[p.login] and "sales" in p.queues
              and "shift_lead" not in roles[p.login]]
    return sales * 2 + agents[:2]


def _thread(
    rng: random.Random, stage: int, owner: str, model: str, price: int, began: float, step: float
) -> list[Event]:
    """What happened on the way to that stage, one thing after another."""
    at, found = began, []

    def later() -> float:
        nonlocal at
        at = min(at + step * rng.uniform(0.6, 1.2), -0.2)
        return round(at, 2)

    if stage >= 1:
        found.append(Event("call", later(), owner, rng.choice(_NOTES), {"reached": True}))
    if stage >= 2:
        found.append(Event("visit", later(), owner, rng.choice(_VISITS), {"people": rng.randint(1, 4)}, "展厅"))
    if stage >= 3:
        text, route = rng.choice(_DRIVES)
        found.append(Event("drive", later(), owner, text, {"car": f"{model} 试驾车", "route": route, "licence": True,
                                                           "minutes": rng.choice((20, 30, 40))}, "展厅"))
    if stage >= 4:
        found.append(Event("quote", later(), owner, "", {"model": model, "price": price, "extras": _QUOTES}))
    if stage == 5 or (stage == 6 and rng.random() < 0.5):
        ask = rng.randrange(2, 9) * 1000
        state = "open" if stage == 5 and rng.random() < 0.5 else "granted"
        found.append(Event("discount", later(), owner, rng.choice(_ASKS), {"amount": ask, "price": price - ask},
                           state=state, answer="" if state == "open" else "同意，今天签约有效。"))
    return found


def _lead(rng: random.Random, n: int, one: Customer, store: Store) -> Lead:
    model = rng.choice(catalogue.models_of(store.brands))
    owner = rng.choice(_sellers(store))
    stage = (0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 0, 1, 0)[n % A_STORE]
    state = {6: "won", 7: "lost"}.get(stage, "active")
    if n % A_STORE in (15, 16):
        state = "pool"
    if n % A_STORE in (0, 17):
        state = "waiting"
    created = -rng.uniform(0.1, 0.25) if state == "waiting" else -rng.uniform(30, 24 * 21)
    reaction = None if state == "waiting" or (state == "pool" and stage == 0) else round(rng.choice(
        (2, 4, 6, 8, 11, 14, 17, 22, 26, 29, 41, 75)) * rng.uniform(0.8, 1.2), 1)
    origin = rng.choice(_ORIGINS)
    price = int(model.price * rng.uniform(0.97, 1.1) // 100 * 100)
    reached = {6: 5, 7: rng.choice((1, 2, 4))}.get(stage, stage)
    events = _thread(rng, 6 if stage == 6 else reached, owner, model.name, price, created + 0.5, -created / 7)
    going = state == "active"
    from_store = rng.choice([s.code for s in STORES if s.region == store.region and s.code != store.code])
    passed_on = n % 5 == 3
    return Lead(
        one.serial, store.code, "" if state == "pool" or n % A_STORE == 17 else owner,
        "" if n % A_STORE == 17 else owner,
        "lead1" if store.region == "east" else "lead2", from_store if passed_on else "", model.brand, model.name, price,
        rng.choices("ABCD", (25, 40, 25, 10))[0], origin, _ORIGIN_NOTES.get(origin, ""), rng.choice(_NEEDS), stage,
        state, round(created, 2), reaction, rng.choice(_STEPS) if going else "",
        round(rng.uniform(-20, 96), 1) if going else None, rng.randrange(8) if stage == 7 else None, tuple(events))


def leads(people: Sequence[Customer]) -> list[Lead]:
    """Eighteen a store; some of the customers ride a car of ours already."""
    rng = stream("leads")
    found = []
    for store in STORES:
        chosen = rng.sample([one for one in people if one.store == store.code and one.kind == "person"], A_STORE)
        found += [_lead(rng, n, one, store) for n, one in enumerate(chosen)]
    return found
