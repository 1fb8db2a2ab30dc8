"""Every text of the back office is there in Chinese, and the compiled catalogue is the written one."""

from __future__ import annotations

import gettext
import re
from ast import literal_eval

from dealerline.settings import CHECKOUT

FOLDER = CHECKOUT / "locale" / "zh_Hans" / "LC_MESSAGES"


def written() -> dict[str, str]:
    found = {}
    for block in (FOLDER / "django.po").read_text(encoding="utf-8").split("\n\n")[1:]:
        match = re.search(r'^msgid ((?:".*"\n?)+)msgstr ((?:".*"\n?)+)', block, re.MULTILINE)
        if match:
            key, text = ("".join(literal_eval(line) for line in part.strip().split("\n")) for part in match.groups())
            context = re.search(r'^msgctxt "(.*)"', block, re.MULTILINE)
            found[f"{context.group(1)}\x04{key}" if context else key] = text  # as compiled catalogues have it
    return found


def test_no_text_is_left_untranslated() -> None:
    texts = written()
    assert len(texts) > 300
    assert [key for key, text in texts.items() if not text] == []


def test_the_compiled_catalogue_is_up_to_date() -> None:
    with (FOLDER / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    assert {key: compiled._catalog.get(key) for key in written()} == written()  # type: ignore[attr-defined]


def test_placeholders_survive_translation() -> None:
    for key, text in written().items():
        assert re.findall(r"%[sd]|{\w+}", key) == re.findall(r"%[sd]|{\w+}", text), key
