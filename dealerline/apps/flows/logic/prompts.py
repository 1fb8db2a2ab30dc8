"""Which sound a prompt has.

A person's upload wins. Then whatever speaks the present text: speech made here, else what was shipped. A sound of an older text is better
than silence and stays until the new one is made.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings

from dealerline.apps.flows.models import AudioSource, Prompt, PromptAudio
from dealerline.settings import CHECKOUT

ASSETS, MEDIA = "assets:", "media:"
_ORDER = {AudioSource.UPLOAD: 0, AudioSource.SPEECH: 1, AudioSource.SHIPPED: 2}


def text_sha256(text: str) -> str:
    """What tells whether a sound still speaks the prompt's text."""
    return hashlib.sha256(text.strip().encode()).hexdigest()


def sound_file(audio: PromptAudio) -> Path:
    """The file. Stored relative, so that a checkout or data folder may move: ``assets:`` or ``media:`` in front."""
    if audio.path.startswith(ASSETS):
        return CHECKOUT / "assets" / "prompts" / audio.path.removeprefix(ASSETS)
    if audio.path.startswith(MEDIA):
        return Path(settings.DEALERLINE.media) / audio.path.removeprefix(MEDIA)
    return Path(audio.path)


def best_audio(prompt: Prompt, language: str, sounds: Iterable[PromptAudio]) -> PromptAudio | None:
    """The sound in force among ``sounds`` (all of this prompt), or None. Files that are gone do not count."""
    wanted = text_sha256(prompt.text_in(language))

    def rank(audio: PromptAudio) -> tuple[bool, int]:
        stale = audio.source != AudioSource.UPLOAD and audio.text_sha256 != wanted
        return stale, _ORDER[AudioSource(audio.source)]

    usable = [audio for audio in sounds if audio.language == language and sound_file(audio).is_file()]
    return min(usable, key=rank, default=None)
