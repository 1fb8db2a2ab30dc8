"""``./dealerline doctor``: looks at every part the way its users meet it, and says in words how to mend what is wrong.

Exit code 0 only when nothing is wrong. ``note`` is worth knowing and not wrong.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from dealerline import settings as settings_module
from dealerline.runtime import supervisor, texts
from dealerline.settings import Settings

Text = dict[str, str]
MARKS = {"ok": "✓", "note": "·", "wrong": "✗"}


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found. ``mend`` says what to do, when something is wrong."""

    check: str
    title: Text
    result: str  # ok, note, wrong
    text: Text
    mend: Text | None = None


Check = Callable[[Settings], list[Finding]]


def ok(check: str, title: Text, zh: str, en: str) -> Finding:
    return Finding(check, title, "ok", {"zh": zh, "en": en})


def note(check: str, title: Text, zh: str, en: str, mend: Text | None = None) -> Finding:
    return Finding(check, title, "note", {"zh": zh, "en": en}, mend)


def wrong(check: str, title: Text, text: Text, mend: Text) -> Finding:
    return Finding(check, title, "wrong", text, mend)


def all_checks() -> tuple[Check, ...]:
    """From the ground up: what comes later stands on what came before."""
    from dealerline.runtime import examine_machine as machine
    from dealerline.runtime import examine_parts as parts

    return (machine.disk, machine.clock, machine.files, machine.tools, machine.ports, machine.address,
            machine.certificate, parts.parts, parts.database, parts.holidays, parts.journal,
            parts.asterisk, parts.doors, parts.voices, parts.call)


def examine(settings: Settings, checks: Sequence[Check],
            told: Callable[[Finding], None] = lambda _: None) -> list[Finding]:
    """The checks one after the other. One that fails itself is a finding, too."""
    found: list[Finding] = []
    for check in checks:
        try:
            made = check(settings)
        except Exception as error:  # the doctor must not die of what he is to find
            name = check.__name__
            made = [wrong(name, {"zh": name, "en": name},
                          {"zh": f"检查时出错：{error}", "en": f"could not be checked: {error}"},
                          {"zh": "查看 ./dealerline status 与 ./dealerline logs",
                           "en": "see ./dealerline status and ./dealerline logs"})]
        for finding in made:
            told(finding)
        found += made
    return found


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="./dealerline doctor", allow_abbrev=False)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--lang", default="")
    given = parser.parse_args(arguments)
    lang = texts.language(given.lang)
    settings = _running_settings(settings_module.load())

    def show(finding: Finding) -> None:
        print(
            f"{MARKS[finding.result]} {finding.title[lang]}：{finding.text[lang]}"
            if lang == "zh"
            else f"{MARKS[finding.result]} {finding.title[lang]}: {finding.text[lang]}",
            flush=True,
        )
        if finding.mend:
            print(f"    → {finding.mend[lang]}", flush=True)

    found = examine(settings, all_checks(), (lambda _: None) if given.json else show)
    bad = sum(finding.result == "wrong" for finding in found)
    if given.json:
        print(
            json.dumps(
                {"ok": not bad, "findings": [asdict(finding) for finding in found]}, ensure_ascii=False, indent=1
            )
        )
    elif bad:
        print({"zh": f"\n有 {bad} 处需要修复。", "en": f"\n{bad} to mend."}[lang])
    else:
        print({"zh": "\n一切正常。", "en": "\nAll is well."}[lang])
    return 1 if bad else 0


def _running_settings(settings: Settings) -> Settings:
    """The running centre's own settings, which know what --host and --demo changed."""
    config = settings.run / "settings.toml"
    if supervisor.running(settings) and config.exists():
        return settings_module.load(
            {
                "DEALERLINE_CONFIG": str(config),
                "DEALERLINE_DATA": str(settings.data),
                "DEALERLINE_CACHE": str(settings.cache),
            }
        )
    return settings
