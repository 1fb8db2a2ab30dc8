"""Make src/dealerline/domain/number_places.bin.gz: where China's numbers are from, their carriers, countries' names.

    python tools/make_number_places.py [--check]

The source is the package phonenumbers (Google's libphonenumber, Apache-2.0), whose own tables of places take 2 s and
150 MB to load, for the whole world: too much for every process that shows a city. Run it after that package was
raised. ``--check`` writes nothing and says whether the file is up to date.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
from array import array
from pathlib import Path

TARGET = Path(__file__).resolve().parents[1] / "src" / "dealerline" / "domain" / "number_places.bin.gz"
FIRST, LAST = 1_300_000, 1_999_999
CARRIERS = {"China Mobile": "mobile", "China Unicom": "unicom", "China Telecom": "telecom",
            "China Broadnet": "broadnet"}


def made() -> bytes:
    """The table, not packed: a line of JSON, then a place for each seven digits a mobile number can begin with."""
    from phonenumbers import __version__
    from phonenumbers.carrierdata import CARRIER_DATA
    from phonenumbers.geodata import GEOCODE_DATA
    from phonenumbers.geodata.locale import LOCALE_DATA

    places: dict[tuple[str, str], int] = {("", ""): 0}
    fixed: dict[str, int] = {}
    mobile = array("H", [0]) * (LAST - FIRST + 1)
    for prefix in sorted((k[2:] for k in GEOCODE_DATA if k.startswith("86")), key=len):  # longer ones say it better
        names = GEOCODE_DATA["86" + prefix]
        index = places.setdefault((names.get("zh", names.get("en", "")), names.get("en", "")), len(places))
        if prefix[0] == "1" and len(prefix) > 2:
            start = int(prefix.ljust(7, "0"))
            for number in range(start, start + 10 ** (7 - len(prefix))):
                if number >= FIRST:
                    mobile[number - FIRST] = index
        else:
            fixed[prefix] = index
    carriers = {k[2:]: CARRIERS[v["en"]] for k, v in sorted(CARRIER_DATA.items()) if k.startswith("86")}
    countries = {}
    for code, names in sorted(LOCALE_DATA.items()):
        zh, en = (names.get(language, "") for language in ("zh", "en"))
        zh, en = (names.get(text[1:], "") if text.startswith("*") else text for text in (zh, en))
        countries[code] = [zh or en, en]
    head = {"source": f"phonenumbers {__version__}", "places": list(places), "fixed": fixed, "carriers": carriers,
            "countries": countries}
    if sys.byteorder == "big":
        mobile.byteswap()
    return json.dumps(head, ensure_ascii=False, separators=(",", ":")).encode() + b"\n" + mobile.tobytes()


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--check", action="store_true")
    table = made()
    if options.parse_args().check:
        if TARGET.is_file() and gzip.decompress(TARGET.read_bytes()) == table:
            return 0
        print("number_places.bin.gz is not what phonenumbers says: run tools/make_number_places.py")
        return 1
    TARGET.write_bytes(gzip.compress(table, 9, mtime=0))
    print(f"{TARGET.name}: {TARGET.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
