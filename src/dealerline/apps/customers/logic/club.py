"""Membership cards: points and money go in and out by movements only, each with the sums as they were then."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import transaction

from dealerline.apps.accounts.facade import Person
from dealerline.apps.common.errors import Problem
from dealerline.apps.customers.logic import rows
from dealerline.apps.customers.models import CardMovement, Customer, MembershipCard

FIELDS = ("customer_id", "number", "level", "points", "balance", "valid_until", "blocked")
OUT, IN = {"spent", "expired", "paid"}, {"earned", "topped_up", "refunded"}
POINTS_AT_MOST, MONEY_AT_MOST = 1_000_000_000, Decimal(99_999_999)


def draw(person: Person, card: MembershipCard) -> dict[str, Any]:
    """A card."""
    return {"id": card.pk, "customer": card.customer_id, **rows.jsonable(card, FIELDS[1:])}


def draw_movement(person: Person, movement: CardMovement) -> dict[str, Any]:
    """A line of its account."""
    by = {"id": movement.by_id, "name": movement.by.name} if movement.by else None
    return {"id": movement.pk, "at": movement.at, "kind": movement.kind, "points": movement.points,
            "money": movement.money, "points_after": movement.points_after, "balance_after": movement.balance_after,
            "text": movement.text, "by": by}


CARD = rows.Kind("card", MembershipCard, FIELDS, lambda card: (card.customer_id, card.customer.store_id),
                 {"zh": "这张会员卡", "en": "this card"}, draw, ("customer",))
TAKEN = {"zh": "已有这个卡号。", "en": "There is a card with that number already."}


def add(person: Person, customer: Customer, values: dict[str, Any], source: str) -> MembershipCard:
    """A new card, with nothing on it."""
    return rows.create(CARD, person, MembershipCard(customer=customer, **values), source, TAKEN)


def change(person: Person, key: int, version: int, values: dict[str, Any], source: str) -> MembershipCard:
    """Change its number, level, validity, or block it; never its points or money."""
    return rows.change(CARD, person, key, version, values, source, taken=TAKEN)


def move(person: Person, key: int, version: int, kind: str, points: int, money: Decimal, text: str,
         source: str) -> CardMovement:
    """Put points or money on a card, or take them off (below zero). The card's ``version`` keeps two clicks apart."""
    _check_sign(kind, points, money)
    made: list[CardMovement] = []

    def before_saving(card: MembershipCard) -> None:
        if card.blocked and kind != "corrected":
            raise Problem("blocked", "这张会员卡已冻结。", "This card is blocked.")
        if card.points + points < 0:
            raise rows.invalid(points={"zh": f"卡上只有 {card.points} 积分。",
                                       "en": f"There are only {card.points} points on it."})
        if card.balance + money < 0:
            raise rows.invalid(money={"zh": f"卡上只有 {card.balance} 元。",
                                      "en": f"There are only {card.balance} yuan on it."})
        if card.points + points > POINTS_AT_MOST or card.balance + money > MONEY_AT_MOST:
            raise rows.invalid(points={"zh": "数额太大。", "en": "That is too much."})
        card.points, card.balance = card.points + points, card.balance + money
        made.append(CardMovement.objects.create(
            card=card, kind=kind, points=points, money=money, points_after=card.points, balance_after=card.balance,
            text=text, by=person))

    with transaction.atomic():
        rows.change(CARD, person, key, version, {}, source, before_saving=before_saving)
    return made[0]


def _check_sign(kind: str, points: int, money: Decimal) -> None:
    if points == 0 and money == 0:
        raise rows.invalid(points={"zh": "请填写积分或金额。", "en": "Give points or money."})
    if (kind in OUT and (points > 0 or money > 0)) or (kind in IN and (points < 0 or money < 0)):
        way = ("负数", "below zero") if kind in OUT else ("正数", "above zero")
        raise rows.invalid(points={"zh": f"这种变动应为{way[0]}。", "en": f"This kind is {way[1]}."})
