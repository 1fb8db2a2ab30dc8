"""Prompts: which sound one has, shipped ones loaded, uploads taken and taken back, speech ordered.

A person's upload wins. Then whatever speaks the present text: speech made here, else what was shipped. A sound of an
older text is better than silence and stays until the new one is made.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings
from django.db import transaction

from dealerline.apps.flows.models import AudioSource, Prompt, PromptAudio
from dealerline.settings import CHECKOUT

ASSETS, MEDIA = "assets:", "media:"
SHIPPED = CHECKOUT / "assets" / "prompts"
LANGUAGES = ("zh", "en")
_ORDER = {AudioSource.UPLOAD: 0, AudioSource.SPEECH: 1, AudioSource.SHIPPED: 2}


def text_sha256(text: str) -> str:
    """What tells whether a sound still speaks the prompt's text."""
    return hashlib.sha256(text.strip().encode()).hexdigest()


def sound_file(audio: PromptAudio) -> Path:
    """The file. Stored relative, so that a checkout or data folder may move: ``assets:`` or ``media:`` in front."""
    if audio.path.startswith(ASSETS):
        return SHIPPED / audio.path.removeprefix(ASSETS)
    if audio.path.startswith(MEDIA):
        return Path(settings.DEALERLINE.media) / audio.path.removeprefix(MEDIA)
    return Path(audio.path)


def is_stale(audio: PromptAudio, prompt: Prompt) -> bool:
    """Whether it speaks an older text. An upload says what a person wanted, whatever the text."""
    return audio.source != AudioSource.UPLOAD and audio.text_sha256 != text_sha256(prompt.text_in(audio.language))


def best_audio(prompt: Prompt, language: str, sounds: Iterable[PromptAudio]) -> PromptAudio | None:
    """The sound in force among ``sounds`` (all of this prompt), or None. Files that are gone do not count."""
    usable = [audio for audio in sounds if audio.language == language and sound_file(audio).is_file()]
    return min(usable, key=lambda audio: (is_stale(audio, prompt), _ORDER[AudioSource(audio.source)]), default=None)


def wants_speech(prompt: Prompt, language: str) -> bool:
    """Whether the text should be spoken anew: there is one, nobody uploaded a sound, and no sound speaks it."""
    if not prompt.text_in(language).strip():
        return False
    best = best_audio(prompt, language, prompt.audio.all())
    return best is None or is_stale(best, prompt)


def languages_with_sound() -> dict[str, set[str]]:
    """key -> languages it can be heard in, as the flow checker asks."""
    found: dict[str, set[str]] = {}
    for prompt in Prompt.objects.prefetch_related("audio"):
        sounds = list(prompt.audio.all())
        found.setdefault(prompt.key, set()).update(
            language for language in LANGUAGES if best_audio(prompt, language, sounds) is not None)
    return found


# shipped ------------------------------------------------------------------------------------------------------------
def load_shipped(folder: Path = SHIPPED) -> dict[str, int]:
    """Register the shipped prompts.

    May be repeated. A text that a person changed stays his. How many, by what happened.
    """
    texts: Mapping[str, Mapping[str, Any]] = yaml.safe_load((folder / "prompts.yaml").read_text(encoding="utf-8"))
    manifest_file = folder / "manifest.json"
    manifest = json.loads(manifest_file.read_text(encoding="utf-8")) if manifest_file.is_file() else {}
    counts = {"new": 0, "changed": 0, "sounds": 0}
    with transaction.atomic():
        there = {prompt.key: prompt for prompt in Prompt.objects.filter(store=None)}
        sounds = {(sound.prompt_id, sound.language): sound for sound in PromptAudio.objects.filter(source="shipped")}
        for key in sorted(set(texts) | set(manifest)):
            said = {language: str(texts.get(key, {}).get(language) or manifest.get(key, {}).get(language,
                                                                                                {}).get("text", ""))
                    for language in LANGUAGES}
            prompt = there.get(key)
            if prompt is None:
                prompt = Prompt.objects.create(key=key, text_zh=said["zh"], text_en=said["en"], shipped=True)
                counts["new"] += 1
            elif prompt.shipped and (prompt.text_zh, prompt.text_en) != (said["zh"], said["en"]):
                prompt.text_zh, prompt.text_en = said["zh"], said["en"]
                prompt.save(update_fields=["text_zh", "text_en"])
                counts["changed"] += 1
            for language, entry in manifest.get(key, {}).items():
                counts["sounds"] += _shipped_sound(prompt, language, entry, sounds.get((prompt.pk, language)))
    return counts


def _shipped_sound(prompt: Prompt, language: str, entry: Mapping[str, Any], there: PromptAudio | None) -> int:
    values = {"path": ASSETS + str(entry["file"]), "sha256": str(entry["sha256"]), "voice": str(entry.get("voice", "")),
              "text_sha256": text_sha256(str(entry["text"])), "seconds": float(entry.get("seconds", 0))}
    if there is None:
        PromptAudio.objects.create(prompt=prompt, language=language, source=AudioSource.SHIPPED, **values)
        return 1
    if all(getattr(there, field) == value for field, value in values.items()):
        return 0
    PromptAudio.objects.filter(pk=there.pk).update(**values)
    return 1


# uploads and speech -------------------------------------------------------------------------------------------------
def _keep(prompt: Prompt, language: str, source: str, data: bytes) -> tuple[str, str]:
    """Write a sound below media.

    The stored path and the checksum. The name has the checksum, so nothing is overwritten.
    """
    sha256 = hashlib.sha256(data).hexdigest()
    name = f"prompts/{prompt.pk}-{language}-{source}-{sha256[:16]}.wav"
    path = Path(settings.DEALERLINE.media) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with beside.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    return MEDIA + name, sha256


def telephone_sound(data: bytes) -> tuple[bytes, float]:
    """An uploaded WAV as Asterisk plays it best, and its seconds. Raises Problem ``bad_audio``."""
    from dealerline.apps.flows.logic.sounds import to_telephone  # its numerical library costs the web's start 0.1 s

    return to_telephone(data)


def upload(prompt: Prompt, language: str, data: bytes, author: Any) -> PromptAudio:
    """Put a person's recording in force. Raises Problem ``bad_audio``."""
    wav, seconds = telephone_sound(data)
    path, sha256 = _keep(prompt, language, "upload", wav)
    audio, _ = PromptAudio.objects.update_or_create(
        prompt=prompt, language=language, source=AudioSource.UPLOAD,
        defaults={"path": path, "sha256": sha256, "text_sha256": "", "seconds": seconds, "author": author, "voice": ""})
    return audio


def take_back(prompt: Prompt, language: str) -> bool:
    """Remove the upload; the older sound is in force again.

    Whether there was one. The file stays for undoing it by hand.
    """
    return bool(PromptAudio.objects.filter(prompt=prompt, language=language, source=AudioSource.UPLOAD).delete()[0])


def keep_speech(prompt: Prompt, language: str, text: str, wav: bytes, seconds: float, engine: str) -> PromptAudio:
    """Put spoken text in force."""
    path, sha256 = _keep(prompt, language, "speech", wav)
    audio, _ = PromptAudio.objects.update_or_create(
        prompt=prompt, language=language, source=AudioSource.SPEECH,
        defaults={"path": path, "sha256": sha256, "text_sha256": text_sha256(text), "seconds": seconds,
                  "voice": engine})
    return audio
