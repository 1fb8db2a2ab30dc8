"""What a number says of itself, as the columns that keep it."""

from __future__ import annotations

from dealerline.domain.number_places import place_of


def facts_of(e164: str) -> dict[str, str]:
    """The derived columns of a phone: country, city in both languages, carrier."""
    place = place_of(e164)
    return {"country": place.country, "city_zh": place.zh, "city_en": place.en, "carrier": place.carrier}
