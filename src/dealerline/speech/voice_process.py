"""The process that holds the neural voices: one model, one job at a time, killed rather than waited for.

``python -m dealerline.speech.voice_process CONFIG`` where CONFIG is JSON: ``model``, ``vocab``, ``voices`` (folder),
``espeak`` (command), ``espeak_data``, ``scratch`` (folder), ``threads``, ``nice``. Requests come as one JSON object a
line on stdin: ``text`` (normalised), ``language``, ``voice``, ``speed``. Each answer on stdout is one JSON line,
``{"samples": n}`` followed by n float32 little-endian samples at 24 kHz, or ``{"error": "..."}``. End of input ends the
process.

Runs in the voices' own virtual environment, so this module and what it imports use the standard library, numpy,
onnxruntime and misaki, and nothing of the rest of Dealerline but the speech package's own pure modules.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dealerline.speech.parent import die_with_parent
from dealerline.speech.phonemes import Phonemiser
from dealerline.speech.text import sentences

RATE = 24000
LONGEST = 510  # phonemes in one inference: the model's limit
_GAP = 0.3  # seconds between sentences

Audio = npt.NDArray[np.float32]


class Kokoro:
    """The model with its voices."""

    def __init__(self, config: dict[str, Any]) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = int(config.get("threads", 1))
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(config["model"], options, providers=["CPUExecutionProvider"])
        self._vocab: dict[str, int] = json.loads(Path(config["vocab"]).read_text(encoding="utf-8"))["vocab"]
        self._folder = Path(config["voices"])
        self._voices: dict[str, Audio] = {}
        self._phonemes = Phonemiser(config["espeak"], config["espeak_data"], config["scratch"])

    def _voice(self, name: str) -> Audio:
        if name not in self._voices:
            if not name.replace("_", "").isalnum():
                raise ValueError(f"no voice is called {name!r}")
            self._voices[name] = np.fromfile(self._folder / f"{name}.bin", "<f4").reshape(510, 256)
        return self._voices[name]

    def _infer(self, phonemes: str, voice: str, speed: float) -> Audio:
        tokens = [self._vocab[c] for c in phonemes if c in self._vocab]
        if not tokens:
            return np.zeros(0, np.float32)
        spoken = []
        for at in range(0, len(tokens), LONGEST - 2):
            part = tokens[at : at + LONGEST - 2]
            style = self._voice(voice)[min(len(part), 509)][None]
            inputs = {
                "tokens": np.array([[0, *part, 0]], np.int64),
                "style": style,
                "speed": np.array([speed], np.float32),
            }
            spoken.append(np.asarray(self._session.run(None, inputs)[0], np.float32).ravel())
        return np.concatenate(spoken)

    def synth(self, text: str, language: str, voice: str, speed: float) -> Audio:
        """Samples at 24 kHz, -1..1. Raises ValueError for an unknown voice, OSError when its file is missing."""
        gap = np.zeros(int(_GAP * RATE), np.float32)
        out: list[Audio] = []
        for sentence in sentences(text):
            said = _trim(self._infer(self._phonemes(sentence, language), voice, speed))
            if len(said):
                out += [said, gap]
        return np.concatenate(out[:-1]) if out else np.zeros(0, np.float32)


def _trim(audio: Audio, threshold: float = 0.01, pad: float = 0.05) -> Audio:
    loud = np.flatnonzero(np.abs(audio) > threshold)
    if not len(loud):
        return audio[:0]
    edge = int(pad * RATE)
    return audio[max(0, loud[0] - edge) : loud[-1] + edge]


def main() -> None:
    die_with_parent(signal.SIGKILL)  # also when it is killed with -9 in the middle of an inference
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not get between the answers
    config = json.loads(sys.argv[1])
    os.nice(int(config.get("nice", 0)))
    kokoro: Kokoro | None = None
    for line in sys.stdin:
        request = json.loads(line)
        answer: dict[str, Any]
        try:
            kokoro = kokoro or Kokoro(config)
            audio = kokoro.synth(request["text"], request["language"], request["voice"], float(request["speed"]))
            answer, payload = {"samples": len(audio)}, audio.astype("<f4").tobytes()
        except Exception as error:
            answer, payload = {"error": f"{type(error).__name__}: {error}"}, b""
        out.write(json.dumps(answer).encode() + b"\n" + payload)
        out.flush()


if __name__ == "__main__":
    main()
