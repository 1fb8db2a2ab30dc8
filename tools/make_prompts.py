"""Speaks what ships with Dealerline: prompts.yaml and callers.yaml in assets/ into audio and manifests.

    python tools/make_prompts.py            speak whatever has no audio yet or has changed, and remove what is gone
    python tools/make_prompts.py --check    only say whether text, audio and manifest agree, and how loud everything is

Needs the neural voices (`python -m dealerline.speech.fetch`) and the Debian tree, in DEALERLINE_CACHE. The manifests:

prompts  {key: {language: {"text", "file", "sha256", "voice", "seconds", "made"}}}, files relative to the manifest;
callers  {key: {"text", "language", "line", "file", "sha256", "voice", "seconds", "made"}}.
``made`` is a digest of all that decides how it sounds, so a better lexicon or voice has just its own audio made anew.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

CHECKOUT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(CHECKOUT / "src"), str(CHECKOUT)]

from dealerline.settings import load  # noqa: E402
from dealerline.speech import audio, lexicon, voices  # noqa: E402
from dealerline.speech.engines import KokoroEngine  # noqa: E402
from dealerline.speech.text import RULES_VERSION, normalise  # noqa: E402

ASSETS = CHECKOUT / "assets"
_LEAD, _TAIL, _BETWEEN = 0.05, 0.15, 0.35  # seconds of silence before, after, and between two languages


@dataclass(frozen=True, slots=True)
class Piece:
    """One file to be: what it says, as (language, voice, text), or a tone (hertz, seconds)."""

    name: str
    file: Path
    parts: tuple[tuple[str, str, str], ...]
    tone: tuple[float, float] | None = None

    @property
    def made(self) -> str:
        said = [
            [language, voice, voices.PACE.get(voice, 1.0), normalise(text, language)]
            for language, voice, text in self.parts
        ]
        recipe = [said, self.tone, voices.MODEL_SHA256, RULES_VERSION, lexicon.VERSION, audio.TARGET_LEVEL]
        return hashlib.sha256(json.dumps(recipe, ensure_ascii=False).encode()).hexdigest()[:16]

    @property
    def voice(self) -> str:
        return "tone" if self.tone else "+".join(voice for _, voice, _ in self.parts)


def prompt_pieces() -> Iterator[tuple[str, str, str, Piece]]:
    """(key, language, text, piece) of every shipped prompt."""
    folder = ASSETS / "prompts"
    for key, entry in yaml.safe_load((folder / "prompts.yaml").read_text(encoding="utf-8")).items():
        for language in ("zh", "en"):
            spoken = ("zh", "en") if entry.get("both") else (language,)
            parts = tuple((one, voices.PROMPTS[one], entry[one]) for one in spoken)
            tone = (float(entry["tone"][0]), float(entry["tone"][1])) if "tone" in entry else None
            name = f"{language}/{key}"
            yield key, language, entry[language], Piece(name, folder / f"{name}.wav", () if tone else parts, tone)


def caller_pieces() -> Iterator[tuple[str, dict[str, str], Piece]]:
    """(key, its row, piece) of every shipped customer's sentence."""
    folder = ASSETS / "callers"
    for key, row in yaml.safe_load((folder / "callers.yaml").read_text(encoding="utf-8")).items():
        parts = ((row["language"], row["voice"], row["text"]),)
        yield key, row, Piece(f"callers/{key}", folder / f"{key}.wav", parts)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def write(path: Path, manifest: dict[str, Any]) -> None:
    path.write_text(json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def right(entry: dict[str, Any] | None, piece: Piece) -> bool:
    """Whether the audio that is there is the audio that should be there."""
    return (
        entry is not None
        and entry.get("made") == piece.made
        and piece.file.is_file()
        and sha256(piece.file) == entry.get("sha256")
    )


class Maker:
    """Speaks pieces, at the lowest priority."""

    def __init__(self, threads: int) -> None:
        self.settings = load()
        there = voices.Installation.of(self.settings)
        self.engine = KokoroEngine(there, self.settings.debroot, threads=threads)
        self.sox = audio.sox_command(self.settings.debroot)

    async def speak(self, piece: Piece) -> dict[str, Any]:
        silence = [np.zeros(int(s * audio.TELEPHONE_RATE), np.float32) for s in (_LEAD, _BETWEEN, _TAIL)]
        if piece.tone:
            samples = audio.tone(*piece.tone)
        else:
            spoken: list[audio.Samples] = []
            for language, voice, text in piece.parts:
                pcm = await self.engine.synth(normalise(text, language), voice, language, 1.0)
                spoken += [audio.for_telephone(pcm, self.sox), silence[1]]
            samples = np.concatenate([silence[0], *spoken[:-1], silence[2]])
        audio.write_wav(piece.file, samples)
        return {
            "sha256": sha256(piece.file), "voice": piece.voice, "made": piece.made,
            "seconds": round(len(samples) / audio.TELEPHONE_RATE, 2),
        }  # fmt: skip


async def make(threads: int) -> None:
    maker = Maker(threads)
    prompts, callers = ASSETS / "prompts/manifest.json", ASSETS / "callers/manifest.json"
    manifest, said = read(prompts), read(callers)
    try:
        for caller, row, piece in caller_pieces():
            if not right(said.get(caller), piece):
                said[caller] = {"text": row["text"], "language": row["language"], "line": row["line"],
                                "file": piece.file.name, **await maker.speak(piece)}  # fmt: skip
                print(piece.name, said[caller]["seconds"], flush=True)
                write(callers, said)
        for key, language, text, piece in prompt_pieces():
            entry = manifest.setdefault(key, {})
            if right(entry.get(language), piece):
                entry[language]["text"] = text
            else:
                entry[language] = {"text": text, "file": f"{piece.name}.wav", **await maker.speak(piece)}
                print(piece.name, entry[language]["seconds"], flush=True)
                write(prompts, manifest)
    finally:
        await maker.engine.close()
    wanted = {key for key, *_ in prompt_pieces()}
    write(prompts, {key: entry for key, entry in manifest.items() if key in wanted})
    callers_wanted = {key for key, *_ in caller_pieces()}
    write(callers, {key: entry for key, entry in said.items() if key in callers_wanted})
    kept = {p.file for *_, p in prompt_pieces()} | {p.file for *_, p in caller_pieces()}
    for path in [*(ASSETS / "prompts").glob("*/*.wav"), *(ASSETS / "callers").glob("*.wav")]:
        if path not in kept:
            path.unlink()


def problems() -> list[str]:
    """What does not agree, and what a listener would complain of."""
    manifest, said = read(ASSETS / "prompts/manifest.json"), read(ASSETS / "callers/manifest.json")
    found, pieces = [], []
    for key, language, text, piece in prompt_pieces():
        pieces.append(piece)
        entry = manifest.get(key, {}).get(language)
        if not right(entry, piece) or entry["text"] != text:
            found.append(f"{piece.name}: audio is missing or older than its text")
    for caller, _, piece in caller_pieces():
        pieces.append(piece)
        if not right(said.get(caller), piece):
            found.append(f"{piece.name}: audio is missing or older than its text")
    for piece in pieces:
        if piece.file.is_file():
            found += listen(piece)
    return found


def listen(piece: Piece) -> list[str]:
    pcm = audio.read_wav(piece.file)
    heard = audio.measure(pcm.samples, pcm.rate)
    found = []
    if pcm.rate != audio.TELEPHONE_RATE:
        found.append(f"{piece.name}: {pcm.rate} Hz instead of {audio.TELEPHONE_RATE}")
    if heard.clipped:
        found.append(f"{piece.name}: {heard.clipped} samples clipped")
    if not -24 <= heard.level <= -14:
        found.append(f"{piece.name}: {heard.level:.1f} dBFS is not as loud as the others")
    if heard.longest_silence > 0.8:
        found.append(f"{piece.name}: {heard.longest_silence:.2f} s of silence inside")
    letters = sum(len(text) if language == "zh" else len(text) / 3.3 for language, _, text in piece.parts)
    least = 2.5 if letters >= 5 else 1.0  # a word alone (a digit, an hour) has as much silence as sound
    if piece.parts and not least <= letters / heard.seconds <= 8:
        found.append(f"{piece.name}: {letters / heard.seconds:.1f} syllables a second")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="make nothing, only compare and measure")
    parser.add_argument("--threads", type=int, default=1, help="threads of the engine (1)")
    arguments = parser.parse_args()
    if not arguments.check:
        os.nice(5)
        asyncio.run(make(arguments.threads))
    found = problems()
    for line in found:
        print(line)
    pieces = [piece for *_, piece in prompt_pieces()] + [piece for *_, piece in caller_pieces()]
    size = sum(piece.file.stat().st_size for piece in pieces if piece.file.is_file())
    print(f"{len(pieces)} files, {size / 1e6:.1f} MB, {len(found)} problems")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
