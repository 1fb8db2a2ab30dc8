"""What customers are rung for is said by the domain, the tables and the pages: all say the same."""

from __future__ import annotations

import re
from pathlib import Path

from dealerline.apps.common.ringing import Purpose
from dealerline.domain.contact import CALLED_FOR, UNASKED

PAGES = Path(__file__).parents[3] / "web" / "src" / "lib" / "leads.ts"


def test_tables_hold_the_purposes_of_the_domain() -> None:
    assert tuple(Purpose.values) == CALLED_FOR


def test_the_form_of_a_lead_foretells_the_purpose_that_its_origin_will_have() -> None:
    found = re.search(r"UNASKED: readonly string\[\] = \[(.*)\]", PAGES.read_text(encoding="utf-8"))
    assert found is not None and set(re.findall(r"'(\w+)'", found[1])) == UNASKED
