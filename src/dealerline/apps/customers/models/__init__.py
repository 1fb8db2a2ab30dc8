"""Tables of the customer file. Phones are E.164 in an indexed column.

The pop finds its customer among a million in one look, so whatever it asks for has its index; and columns that came
later have their default in the database, since files of a million rows are put in by SQL, too.
"""

from __future__ import annotations

from dealerline.apps.customers.models.business import (
    Booking,
    BookingKind,
    BookingState,
    LineKind,
    Order,
    OrderStatus,
    OrderStep,
    Payment,
    PaymentKind,
    Repair,
    RepairLine,
    RepairStage,
    RepairStep,
)
from dealerline.apps.customers.models.cars import Car, CarRole, RoleKind
from dealerline.apps.customers.models.club import CardMovement, MembershipCard, MovementKind
from dealerline.apps.customers.models.people import (
    Customer,
    CustomerKind,
    CustomerLevel,
    CustomerPhone,
    Intention,
    Label,
    LevelSource,
    PhoneUse,
    PurchaseStatus,
    Tie,
    TieKind,
    VerifiedHow,
)

__all__ = [
    "Booking", "BookingKind", "BookingState", "Car", "CarRole", "CardMovement", "Customer", "CustomerKind",
    "CustomerLevel", "CustomerPhone", "Intention", "Label", "LevelSource", "LineKind", "MembershipCard", "MovementKind",
    "Order", "OrderStatus", "OrderStep", "Payment", "PaymentKind", "PhoneUse", "PurchaseStatus", "Repair", "RepairLine",
    "RepairStage", "RepairStep", "RoleKind", "Tie", "TieKind", "VerifiedHow",
]
