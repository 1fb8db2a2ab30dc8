"""Invented promises and tasks: what agents told customers in calls, by when, and how it was kept.

Most are kept in time, some late with the customer told or not, a few broken; today's stand open. Nothing falls due in
the first two hours after the load, so that whoever tries the demo is not greeted by reminders.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dealerline.apps.demo.world import stream
from dealerline.apps.demo.world.history import Story

HOUR, DAY = 3600.0, 86_400.0
LINES = ("sales", "repair", "complaints", "newcar")
WHATS = (("ring_back", 60), ("quote", 22), ("car_ready", 12), ("other", 6))
TEXTS = {
    "ring_back": ("刹车片到货后告知价格", "问清保险赔付再答复", "", "", "核对保养优惠后回复", "确认试驾车辆时间"),
    "quote": ("两年置换方案", "含保险和上牌", "", "全款和贷款各一份"),
    "car_ready": ("四轮定位做完", "漆面修复完成", "", "精洗后交车"),
    "other": ("请销售经理当面致歉", "补寄保养手册", "周末代步车留一台"),
}
NOTES = {"keep": ("已发到客户微信", "客户已取车", "当面说明，客户满意"),
         "break": ("报价系统故障，未及时处理", "当天交接遗漏"),
         "tell_off": ("厂家停产，已说明并致歉",), "withdraw": ("客户自己解决了",)}
OPEN_AT_ONCE = 3  # so many an agent has before him, no more
FRESH = 20  # what was promised in the last so many hours is still owed


@dataclass(frozen=True, slots=True)
class Promise:
    """Moments are seconds since the epoch; ``ended`` 0 while it is owed; ``told``: the customer was, 0 for never."""

    serial: int  # of the story in which it was made
    what: str
    text: str
    made: float
    second: float
    due: float
    state: str = "open"
    how: str = ""
    ended: float = 0.0
    told: float = 0.0
    note: str = ""
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Task:
    """``owner``: "" for whoever of the store takes it; ``due``: hours after the load."""

    store: str
    title: str
    text: str
    by: str
    owner: str
    due: float


TASKS = (
    Task("pudong", "盘点试驾车钥匙", "周六活动前交给前台", "lead1", "agent1", 5),
    Task("pudong", "整理本周到店客户名单", "", "lead1", "", 7),
    Task("pudong", "催问配件：前刹车片", "库房说今天到货", "agent1", "agent1", 3),
    Task("pudong", "给周末活动客户确认到店时间", "", "lead1", "agent2", 26),
    Task("hongqiao", "更新展厅报价牌", "", "lead1", "agent5", 6),
    Task("binjiang", "回收代步车，检查里程", "", "lead1", "", 4),
    Task("chaoyang", "核对维修积压工单", "", "lead2", "agent11", 5),
    Task("yizhuang", "联系保险公司对账", "", "lead2", "agent13", 30),
    Task("binhai", "补录上月来访客户", "", "lead2", "", 28),
)


def promises(stories: Iterable[Story], until: float, days: int = 40) -> list[Promise]:
    """What was promised in the calls of the last days, as it stands at ``until``."""
    rng = stream("promises")
    found: list[Promise] = []
    open_of: dict[str, int] = {}
    for story in stories:
        talked = story.ended - story.answered
        if not (story.agent and story.customer and talked > 40 and story.line in LINES):
            continue
        chance, what = rng.random(), rng.choices([w for w, _ in WHATS], [n for _, n in WHATS])[0]
        text, length = rng.choice(TEXTS[what]), rng.choice((0.5, 1, 2, 3, 5, 22, 26))
        fate, spread, note = rng.random(), rng.random(), rng.random()
        fresh = story.ended > until - FRESH * HOUR
        if story.ended < until - days * DAY or chance > (0.8 if fresh else 0.16):
            continue
        made = story.answered + talked * (0.4 + 0.4 * spread)
        due = (made + length * HOUR) // 300 * 300
        base = Promise(story.serial, what, text, made, made - story.arrived, due)
        if fresh or due > until - HOUR:
            if open_of.get(story.agent, 0) < OPEN_AT_ONCE:
                open_of[story.agent] = open_of.get(story.agent, 0) + 1
                found.append(_owed(base, fate, spread, until))
        else:
            found.append(_ended(base, fate, spread, note))
    return found


def _change(promise: Promise, **values: object) -> Promise:
    fields = {name: getattr(promise, name) for name in Promise.__slots__}
    return Promise(**{**fields, **values})


def _ended(one: Promise, fate: float, spread: float, note: float) -> Promise:
    """Kept in time, late, broken, or released."""
    def word(how: str) -> str:
        texts = NOTES[how]
        return texts[int(note * len(texts))]

    how = "reached" if one.what == "ring_back" else "keep"
    said = "" if how == "reached" else word("keep")
    if fate < 0.80:
        at = one.made + (one.due - one.made) * (0.3 + 0.65 * spread)
        return _change(one, state="kept", how=how, ended=at, note=said)
    if fate < 0.91:
        late = 600 + spread * spread * 4 * HOUR
        told = one.due + late * 0.2 if note < 0.6 else 0.0
        return _change(one, state="kept", how=how, ended=one.due + late, told=told, note=said, tries=int(spread * 3))
    if fate < 0.95:
        return _change(one, state="broken", how="break", ended=one.due + DAY * (0.5 + spread), note=word("break"),
                       told=one.due + HOUR if note < 0.4 else 0.0, tries=int(spread * 4))
    how = "tell_off" if note < 0.4 else "withdraw"
    return _change(one, state="released", how=how, ended=one.made + (one.due - one.made) * spread, note=word(how))


def _owed(one: Promise, fate: float, spread: float, until: float) -> Promise:
    """Late ones are late by less than an hour, the others due in two to nine hours."""
    if fate < 0.2:
        due = until - 600 - spread * 2400
        return _change(one, due=due, made=min(one.made, due - HOUR), state="reminded", tries=int(spread * 2))
    return _change(one, due=(until + 2 * HOUR + spread * 7 * HOUR) // 300 * 300)
