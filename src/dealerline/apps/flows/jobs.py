"""Jobs about prompts: texts spoken by the speech service."""

from __future__ import annotations

import http.client
import json
from pathlib import Path
from typing import Any

from django.conf import settings
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

TIMEOUT_SECONDS = 300.0  # one text at a time; others may be before it


class SpeechAway(Exception):
    """The speech service does not answer, or could not speak."""


def _speak(text: str, language: str, key: str) -> dict[str, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", settings.DEALERLINE.speech_port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("POST", "/synthesize", json.dumps({"text": text, "language": language, "key": key}),
                           {"Content-Type": "application/json"})
        response = connection.getresponse()
        answer = json.loads(response.read())
        if response.status != 200:
            raise SpeechAway(f"status {response.status}")
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise SpeechAway(type(error).__name__) from error
    finally:
        connection.close()
    return dict(answer)


@app.task(name="speak_prompt", retry=RetryStrategy(max_attempts=20, wait=2, linear_wait=10))
def speak_prompt(prompt: int, language: str) -> None:
    """Speak a prompt's present text and put it in force. Until then the older sound is played."""
    from dealerline.apps.flows.logic import prompts
    from dealerline.apps.flows.models import Prompt

    row = Prompt.objects.filter(pk=prompt).first()
    if row is None or not prompts.wants_speech(row, language):
        return
    text = row.text_in(language)
    answer = _speak(text, language, row.key)
    prompts.keep_speech(row, language, text, Path(str(answer["path"])).read_bytes(), float(answer.get("seconds", 0)),
                        str(answer.get("engine", ""))[:40])


@app.periodic(cron="*/10 * * * *")
@app.task(name="sweep_prompts", pass_context=False)
def sweep_prompts(timestamp: int) -> None:
    """Texts without a sound that speaks them, whose job was lost.

    And what only the last resort could speak until now.
    """
    from dealerline.apps.flows.logic import prompts
    from dealerline.apps.flows.models import Prompt, PromptAudio

    for audio in PromptAudio.objects.filter(source="speech", voice__startswith="espeak").select_related("prompt")[:20]:
        text = audio.prompt.text_in(audio.language)
        try:
            answer = _speak(text, audio.language, audio.prompt.key)
        except SpeechAway:
            return
        if not str(answer.get("engine", "")).startswith("espeak"):
            prompts.keep_speech(audio.prompt, audio.language, text, Path(str(answer["path"])).read_bytes(),
                                float(answer.get("seconds", 0)), str(answer["engine"])[:40])
    for prompt in Prompt.objects.prefetch_related("audio"):
        for language in prompts.LANGUAGES:
            if prompts.wants_speech(prompt, language):
                order(prompt.pk, language)


def order(prompt: int, language: str) -> None:
    """Have a text spoken soon; once, however often it is asked for."""
    from django.db import transaction
    from procrastinate.exceptions import AlreadyEnqueued

    try:
        with transaction.atomic():
            speak_prompt.configure(queueing_lock=f"speak {prompt} {language}").defer(prompt=prompt, language=language)
    except AlreadyEnqueued:
        return
