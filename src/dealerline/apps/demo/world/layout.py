"""The group itself: regions, stores, brands, lines with their numbers, queues, and the thirty-two people.

Written out by hand rather than drawn, so that manuals, tests and screenshots can name them.
"""

from __future__ import annotations

from dataclasses import dataclass

from dealerline.apps.demo.world.numbers import fixed, mobile


@dataclass(frozen=True, slots=True)
class Region:
    code: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Store:
    """``area``: telephone area code without its 0.

    ``plate``: the plate office of most customers, and its neighbours.
    """

    code: str
    region: str
    zh: str
    en: str
    city: str
    area: str
    serial: int  # fixed lines are numbered from here
    plates: tuple[str, ...]
    address: str
    brands: tuple[str, ...]
    share: float  # of the group's customers and calls


@dataclass(frozen=True, slots=True)
class LineKind:
    kind: str
    zh: str
    en: str
    offset: int  # of its number behind the store's serial
    open_flow: str
    closed_flow: str
    hours: str
    queue: str
    priority: int = 0


@dataclass(frozen=True, slots=True)
class QueueKind:
    """Seconds: ring one agent, after-call work, longest wait, promised answer."""

    code: str
    zh: str
    en: str
    ring: int
    wrap: int
    max_wait: int
    service: int
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Staff:
    """``roles``: (role, scope) with scope "group", "region:CODE" or "store:CODE".

    ``queues``: codes at ``serves`` stores.
    """

    login: str
    name: str
    store: str
    extension: str
    roles: tuple[tuple[str, str], ...]
    queues: tuple[str, ...] = ()
    serves: tuple[str, ...] = ()
    phone: bool = False


GROUP_ZH, GROUP_EN = "安途汽车集团", "Antu Auto Group"
GROUP_NUMBER = "+864003008000"

REGIONS = (Region("east", "华东", "East China"), Region("north", "华北", "North China"))

STORES = (
    Store("pudong", "east", "上海浦东店", "Shanghai Pudong", "上海", "21", 1880000, ("沪A", "沪B", "沪E", "沪C"),
          "上海市浦东新区安途路 18 号", ("volkswagen", "audi"), 0.24),
    Store("hongqiao", "east", "上海虹桥店", "Shanghai Hongqiao", "上海", "21", 1660000, ("沪A", "沪D", "沪F", "苏E"),
          "上海市闵行区迎宾大道 266 号", ("toyota",), 0.17),
    Store("binjiang", "east", "杭州滨江店", "Hangzhou Binjiang", "杭州", "571", 1550000, ("浙A", "浙A", "浙D"),
          "杭州市滨江区望江路 9 号", ("byd", "li"), 0.16),
    Store("chaoyang", "north", "北京朝阳店", "Beijing Chaoyang", "北京", "10", 1770000, ("京N", "京P", "京Q", "冀R"),
          "北京市朝阳区安途北街 3 号", ("volkswagen", "audi"), 0.18),
    Store("yizhuang", "north", "北京亦庄店", "Beijing Yizhuang", "北京", "10", 1990000, ("京A", "京N", "京L"),
          "北京市大兴区荣昌东路 77 号", ("li", "byd"), 0.13),
    Store("binhai", "north", "天津滨海店", "Tianjin Binhai", "天津", "22", 1330000, ("津A", "津B", "津R", "冀B"),
          "天津市滨海新区海景大道 105 号", ("toyota", "honda"), 0.12),
)

BRANDS = {
    "volkswagen": ("大众", "Volkswagen"), "audi": ("奥迪", "Audi"), "toyota": ("丰田", "Toyota"),
    "honda": ("本田", "Honda"), "byd": ("比亚迪", "BYD"), "li": ("理想", "Li Auto"),
}

LINES = (
    LineKind("sales", "销售热线", "Sales line", 1, "sales-open", "sales-closed", "showroom", "sales"),
    LineKind("repair", "售后服务热线", "Service line", 2, "repair-open", "repair-closed", "workshop", "repair"),
    LineKind("rescue", "道路救援热线", "Rescue line", 3, "rescue", "rescue", "always", "rescue", 9),
    LineKind("complaints", "客户关怀热线", "Customer care line", 4, "complaints-open", "complaints-closed", "care",
    "complaints"),
    LineKind("new_car", "新车咨询热线", "New-car enquiries", 5, "new-car", "sales-closed", "showroom", "sales"),
)
FAX_OFFSET = 9

QUEUES = (
    QueueKind("sales", "销售", "Sales", 20, 30, 300, 20),
    QueueKind("repair", "售后", "Service", 20, 40, 300, 20),
    QueueKind("rescue", "救援", "Rescue", 15, 60, 900, 10, priority=10),
    QueueKind("complaints", "客户关怀", "Customer care", 25, 60, 300, 30, priority=5),
)

HOURS = {  # name zh, name en, weekly (weekday 0 = Monday, from minute, to minute)
    "showroom": ("展厅营业时间", "Showroom hours", tuple((d, 540, 1080) for d in range(7))),
    "workshop": ("维修接待时间", "Workshop hours", tuple((d, 510, 1050) for d in range(7))),
    "care": ("客户关怀时间", "Customer care hours", tuple((d, 540, 1080) for d in range(7))),
    "always": ("全天 24 小时", "Round the clock", tuple((d, 0, 1440) for d in range(7))),
}


def _agent(number: int, name: str, store: str, queues: tuple[str, ...]) -> Staff:
    return Staff(f"agent{number}", name, store, f"{8000 + number}", (("agent", f"store:{store}"),), queues, (store,),
                 phone=number > 2)


_EAST, _NORTH = ("pudong", "hongqiao", "binjiang"), ("chaoyang", "yizhuang", "binhai")

PEOPLE = (
    _agent(1, "林晓雯", "pudong", ("sales", "repair", "rescue", "complaints")),
    _agent(2, "周文博", "pudong", ("sales", "repair")),
    _agent(3, "沈悦", "pudong", ("repair", "complaints")),
    _agent(4, "顾海涛", "pudong", ("sales",)),
    _agent(5, "陆佳怡", "hongqiao", ("sales", "repair")),
    _agent(6, "钱俊杰", "hongqiao", ("repair", "complaints")),
    _agent(7, "汤丽娜", "hongqiao", ("sales",)),
    _agent(8, "郑一鸣", "binjiang", ("sales", "repair")),
    _agent(9, "方若曦", "binjiang", ("repair", "complaints")),
    _agent(10, "欧阳静", "binjiang", ("sales",)),
    _agent(11, "赵磊", "chaoyang", ("sales", "repair")),
    _agent(12, "苏日娜", "chaoyang", ("repair", "sales", "complaints")),
    _agent(13, "马晓东", "yizhuang", ("sales", "repair")),
    _agent(14, "热娜·阿布都", "yizhuang", ("repair", "sales", "complaints")),
    _agent(15, "韩雪梅", "binhai", ("sales", "repair")),
    _agent(16, "邓凯", "binhai", ("repair", "sales", "complaints")),
    Staff("lead1", "许国强", "pudong", "8101", (("shift_lead", "region:east"), ("agent", "region:east")),
          ("sales", "repair"), _EAST, phone=True),
    Staff("lead2", "白玉兰", "chaoyang", "8102", (("shift_lead", "region:north"), ("agent", "region:north")),
          ("sales", "repair"), _NORTH, phone=True),
    Staff("handler1", "俞敏", "pudong", "8201", (("handler", "region:east"), ("agent", "region:east")),
          ("complaints",), _EAST, phone=True),
    Staff("handler2", "石振华", "chaoyang", "8202", (("handler", "region:north"), ("agent", "region:north")),
          ("complaints",), _NORTH, phone=True),
    Staff("dispatcher1", "牛建军", "pudong", "8301", (("dispatcher", "group"), ("agent", "group")),
          ("rescue",), _EAST + _NORTH, phone=True),
    Staff("dispatcher2", "叶尔江·巴合提", "chaoyang", "8302", (("dispatcher", "group"), ("agent", "group")),
          ("rescue",), _EAST + _NORTH, phone=True),
    Staff("sales1", "宋佳宁", "pudong", "8311", (("sales", "store:pudong"),)),
    Staff("sales2", "冯子豪", "chaoyang", "8312", (("sales", "store:chaoyang"),)),
    Staff("editor1", "温如玉", "pudong", "8401", (("editor", "group"),)),
    Staff("campaign1", "夏侯明", "hongqiao", "8402", (("campaign_manager", "group"),)),
    Staff("manager1", "程志远", "pudong", "8501", (("store_manager", "store:pudong"), ("store_manager",
    "store:hongqiao"))),
    Staff("manager2", "章雅婷", "binjiang", "8502", (("store_manager", "store:binjiang"),)),
    Staff("manager3", "孟德福", "chaoyang", "8503", (("store_manager", "store:chaoyang"), ("store_manager",
    "store:yizhuang"))),
    Staff("manager4", "蓝宁", "binhai", "8504", (("store_manager", "store:binhai"),)),
    Staff("group1", "江安途", "pudong", "8601", (("group_manager", "group"),)),
    Staff("admin", "唐可", "pudong", "8602", (("administrator", "group"),)),
)


def number_of(store: Store, line: LineKind) -> str:
    """The published number of a store's line, E.164."""
    return fixed(store.area, store.serial + line.offset)


def fax_of(store: Store) -> str:
    return fixed(store.area, store.serial + FAX_OFFSET)


def staff_mobile(person: Staff) -> str:
    """A demo mobile number; its last digit is 0, so the simulator's outside world answers it."""
    return mobile(90_000_000 + int(person.extension) * 10)


def night_mobile(person: Staff) -> str:
    """The phone he carries on duty; its last digit is 2, so the simulator's outside world answers it and presses 1."""
    return mobile(90_000_000 + int(person.extension) * 10 + 2)


def duty_mobile(store: Store) -> str:
    """Where a closed line may be forwarded; answered by the simulator."""
    return mobile(91_000_000 + store.serial)
