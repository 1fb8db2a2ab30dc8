"""Routing in the demo group: who knows what, which rules queues have, who is listed, who carries the phone."""

from __future__ import annotations

from typing import Any

SKILLS = (  # code, Chinese, English
    ("english", "英语", "English"),
    ("new-energy", "新能源车型", "Electric cars"),
    ("insurance", "保险理赔", "Insurance claims"),
    ("finance", "金融分期", "Car finance"),
)

LEVELS: dict[str, dict[str, int]] = {  # sign-in -> skill -> level
    "agent1": {"english": 4, "insurance": 3},
    "agent2": {"new-energy": 3, "finance": 4},
    "agent3": {"insurance": 5},
    "agent4": {"english": 2, "finance": 3},
    "agent5": {"new-energy": 2, "insurance": 3},
    "agent6": {"insurance": 4},
    "agent8": {"new-energy": 5},
    "agent10": {"english": 3, "new-energy": 4},
    "agent13": {"new-energy": 5, "english": 2},
    "lead1": {"english": 5, "finance": 5, "new-energy": 4},
    "lead2": {"finance": 4, "new-energy": 5},
    "handler1": {"insurance": 5, "english": 3},
}

EXPERTS_AT = "pudong"
EXPERTS = ("lead1", "lead2", "handler1")

RULES: dict[str, dict[str, Any]] = {  # queue's code -> fields of QueueRule
    "sales": {"strategy": "longest_idle", "sticky": "last", "sticky_seconds": 15, "age_seconds": 60},
    "repair": {"strategy": "best_skill", "sticky": "owner", "sticky_seconds": 10, "age_seconds": 60},
    "rescue": {"strategy": "longest_idle", "age_seconds": 60},  # with its line: nineteen minutes ahead of anybody
    "complaints": {"strategy": "least_busy", "age_seconds": 45},
    "experts": {"strategy": "best_skill", "age_seconds": 60},
}

NEEDS = (  # (store, queue), skill, level, must have, relaxation
    (("pudong", "repair"), "insurance", 3, False, "30:1"),
    (("hongqiao", "repair"), "insurance", 3, True, "20:2, 45:0"),
    (("binjiang", "sales"), "new-energy", 3, False, ""),
)

LENT = (  # lender, queue, borrower, note: the neighbour helps out
    ("chaoyang", "repair", "binhai", "支援天津滨海店"),
    ("yizhuang", "sales", "binhai", "支援天津滨海店"),
)
HELPED = (("binhai", "repair", 45, "chaoyang"), ("binhai", "sales", 45, "yizhuang"))  # store, queue, seconds, who helps

LISTED: tuple[tuple[int, str, str, tuple[str, ...], str], ...] = (
    # serial of the number, kind, store ("" for all), named people, note
    (1, "vip", "", ("agent1", "agent2"), "老客户，固定由林晓雯接待"),
    (90_900_001, "blocked", "", (), "多次辱骂客服，集团列入黑名单"),
    (90_900_002, "nuisance", "pudong", (), "推销电话"),
)

ON_DUTY = {  # store -> who takes turns
    "pudong": ("agent3", "lead1", "agent2"),
    "binhai": ("agent15", "agent16"),
}
