"""A list that came in and waits for the manager: some new, one changed, some wrong."""

from __future__ import annotations

from datetime import datetime, timedelta

from dealerline.apps.demo.load.ledger import Ledger, table
from dealerline.apps.exchange.facade import checked_list

MANAGER = "manager1"
NAME = "DMS客户导出.csv"
NEW = ("段文轩,17000990001,普通,电动车展会", "骆思远,17000990002,银卡,周末联系", "尉迟敏,17000990003,,")
WRONG = ("钟离安,1700099,金卡,号码少了几位", ",17000990005,普通,", "司空图,17000990006,钻石,没有这个级别")


def load(ledger: Ledger, now: datetime) -> None:
    """Put it in, checked as any list is; the file itself is cleared away when its time is over."""
    manager = table("accounts.Person").objects.get(username=MANAGER)
    known = table("customers.Customer").objects.filter(store=manager.store_id, phones__primary=True).order_by("pk")[:2]
    there = [f"{row.name},{row.phones.first().e164},{level},{notes}"
             for row, level, notes in zip(known, ("VIP", ""), ("介绍过两位朋友", ""), strict=False)]
    text = "\n".join(["客户姓名,手机号码,客户级别,备注", *there, *NEW, *WRONG, NEW[0], ""])
    run, rows = checked_list(NAME, text, store=manager.store_id, person=manager, at=now - timedelta(hours=3))
    ledger.remember(type(run), [run.pk])
    ledger.remember(table("exchange.ImportRow"), [row.pk for row in rows])
