"""Text to Kokoro's phonemes. Runs in the voice process only: needs misaki, jieba and pypinyin there, and espeak-ng.

English goes through espeak-ng as a program of its own, clause by clause, because espeak drops punctuation and Kokoro
needs it for its pauses; the symbol table is misaki's own mapping from espeak to Kokoro's alphabet.
"""

from __future__ import annotations

import functools
import logging
import os
import re
import subprocess
from collections.abc import Sequence
from typing import Any

from dealerline.speech import lexicon

_SYMBOLS = sorted(
    {
        "ʔˌn̩": "tn", "ʔn̩": "tn", "ʔn": "tn", "ʔ": "t", "a^ɪ": "I", "a^ʊ": "W", "d^ʒ": "ʤ", "e^ɪ": "A", "e": "A",
        "t^ʃ": "ʧ", "ɔ^ɪ": "Y", "ə^l": "ᵊl", "ʲo": "jo", "ʲə": "jə", "ʲ": "", "ɚ": "əɹ",
        "r": "ɹ", "x": "k", "ç": "k", "ɐ": "ə", "ɬ": "l", "\u0303": "",
    }.items(),
    key=lambda pair: -len(pair[0]),
)  # fmt: skip
_AFTER = (("o^ʊ", "O"), ("ɜːɹ", "ɜɹ"), ("ɜː", "ɜɹ"), ("ɪə", "iə"), ("ː", ""), ("^", ""))


class Phonemiser:
    """Phonemes of normalised text in either language; Latin words inside Mandarin go the English way."""

    def __init__(self, espeak: Sequence[str], data: str = "", scratch: str = "") -> None:
        """``espeak``: the command that runs espeak-ng; ``data``: the folder that holds its espeak-ng-data, or "".

        ``scratch``: where jieba keeps its parsed dictionary. It unpickles what it finds there, so never in /tmp, where
        anybody can put something.
        """
        self._scratch = scratch
        self._espeak = list(espeak)
        self._env = {**os.environ, **({"ESPEAK_DATA_PATH": data} if data else {})}

    def __call__(self, text: str, language: str) -> str:
        if language == "en":
            parts = [
                _mandarin(self._scratch)(han)[0] if han else self._english(latin)
                for han, latin in re.findall(r"([\u3400-\u9fff，。！？；、]+)|([^\u3400-\u9fff，。！？；、]+)", text)
            ]
        else:
            parts = [
                self._english(latin.strip()) if latin else _mandarin(self._scratch)(han)[0]
                for latin, han in re.findall(r"([A-Za-z][A-Za-z .'-]*)|([^A-Za-z]+)", text)
            ]
        return re.sub(r"\s+", " ", " ".join(part for part in parts if part)).strip()

    def _english(self, text: str) -> str:
        said = ""
        for part in re.split(r"([,.;:!?]+)", text):
            if not part.strip():
                continue
            mark = re.fullmatch(r"[,.;:!?]+", part.strip())
            said += part.strip()[0] + " " if mark else self._clause(part.strip())
        return said.strip()

    def _clause(self, text: str) -> str:
        run = subprocess.run(
            [*self._espeak, "-q", "--ipa", "--tie=^", "-v", "en-us", "--", text],
            capture_output=True, text=True, check=True, timeout=20, env=self._env,
        )  # fmt: skip
        said = " ".join(run.stdout.split())
        for ours, theirs in _SYMBOLS:
            said = said.replace(ours, theirs)
        said = re.sub(r"(\S)\u0329", r"ᵊ\1", said).replace(chr(809), "")
        for ours, theirs in _AFTER:
            said = said.replace(ours, theirs)
        return said


@functools.cache
def _mandarin(scratch: str) -> Any:
    """misaki's Mandarin with the project's lexicon, made once: loading its dictionaries takes a second."""
    import jieba
    import pypinyin

    jieba.setLogLevel(logging.ERROR)
    if scratch:
        jieba.dt.tmp_dir = scratch
    from misaki import zh

    for word in lexicon.WORDS:
        jieba.add_word(word)
    pypinyin.load_phrases_dict(lexicon.phrases())
    return zh.ZHG2P()  # no version named: the phonemes that Kokoro 1.0 was trained with
