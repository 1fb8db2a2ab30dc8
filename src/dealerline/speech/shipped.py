"""Audio that ships with Dealerline: a text that was spoken ahead is never spoken again."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from dealerline.settings import CHECKOUT

ASSETS = CHECKOUT / "assets"


@dataclass(frozen=True, slots=True)
class Shipped:
    """A shipped file."""

    path: Path
    seconds: float
    voice: str


def _rows(assets: Path) -> list[tuple[str, str, str, Path, float]]:
    """(language, text, voice, file, seconds) of both manifests; none when they are missing."""
    found: list[tuple[str, str, str, Path, float]] = []
    prompts, callers = assets / "prompts/manifest.json", assets / "callers/manifest.json"
    if prompts.is_file():
        for entry in json.loads(prompts.read_text(encoding="utf-8")).values():
            for language, row in entry.items():
                # a tone's text is its name, and a file in two voices says more than its text
                if row["voice"] != "tone" and "+" not in row["voice"]:
                    found.append((language, row["text"], row["voice"], prompts.parent / row["file"], row["seconds"]))
    if callers.is_file():
        for row in json.loads(callers.read_text(encoding="utf-8")).values():
            file = callers.parent / row["file"]
            found.append((row["language"], row["text"], row["voice"], file, row["seconds"]))
    return found


class Library:
    """Shipped audio by (language, voice, text)."""

    def __init__(self, assets: Path = ASSETS) -> None:
        self._found = {
            (language, voice, text): Shipped(path, seconds, voice)
            for language, text, voice, path, seconds in _rows(assets)
        }
        self._any_voice = {(language, text): shipped for (language, _, text), shipped in self._found.items()}

    def find(self, text: str, language: str, voice: str = "") -> Shipped | None:
        """The shipped audio of exactly this text, in this voice or, for "", in whichever there is."""
        text = text.strip()
        shipped = self._found.get((language, voice, text)) if voice else self._any_voice.get((language, text))
        return shipped if shipped and shipped.path.is_file() else None
