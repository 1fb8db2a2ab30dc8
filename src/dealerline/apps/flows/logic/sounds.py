"""Uploaded sounds: any WAV becomes what Asterisk plays best (8 kHz, one channel, 16 bit), or a plain reason why not.

Read by hand, because Python's own reader knows neither floats nor the extended header that most editors write.
"""

from __future__ import annotations

import struct

import numpy as np
import numpy.typing as npt

from dealerline.apps.common.errors import Problem

RATE = 8000
MOST_BYTES = 40 * 1024 * 1024
LEAST_SECONDS, MOST_SECONDS = 0.2, 300.0
SILENT_BELOW = 0.003  # about -50 dB: nobody would hear it on a telephone

Floats = npt.NDArray[np.float64]


def _wrong(zh: str, en: str) -> Problem:
    return Problem("bad_audio", zh, en, fields={"file": {"zh": zh, "en": en}})


def _not_wav() -> Problem:
    return _wrong("这不是 WAV 文件。请上传 WAV 格式（MP3、M4A 等请先转换）。",
                  "This is no WAV file. Upload WAV; convert MP3, M4A and others first.")


def _chunks(data: bytes) -> tuple[bytes, bytes]:
    """The format and the sound of a RIFF file."""
    if len(data) < 44 or data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise _not_wav()
    at, form = 12, b""
    while at + 8 <= len(data):
        name, size = data[at:at + 4], struct.unpack_from("<I", data, at + 4)[0]
        body = data[at + 8:at + 8 + size]
        if name == b"fmt ":
            form = body
        elif name == b"data":
            if len(form) < 16:
                raise _not_wav()
            return form, body
        at += 8 + size + size % 2
    raise _wrong("WAV 文件不完整，里面没有声音数据。", "This WAV file is incomplete: there is no sound in it.")


def _samples(form: bytes, body: bytes) -> tuple[Floats, int]:
    """Samples of one channel between -1 and 1, and their rate."""
    kind, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", form)
    if kind == 0xFFFE and len(form) >= 26:  # the extended header says the kind further back
        kind = struct.unpack_from("<H", form, 24)[0]
    if not 1 <= channels <= 8 or not 4000 <= rate <= 192_000:
        raise _not_wav()
    width = bits // 8
    if width in (1, 2, 3, 4, 8):
        body = body[: len(body) // (width * channels) * width * channels]
    if kind == 1 and bits == 8:
        values = (np.frombuffer(body, np.uint8).astype(np.float64) - 128) / 128
    elif kind == 1 and bits == 16:
        values = np.frombuffer(body, "<i2").astype(np.float64) / 32768
    elif kind == 1 and bits == 24:
        raw = np.frombuffer(body, np.uint8).reshape(-1, 3).astype(np.int32)
        values = ((raw[:, 0] << 8 | raw[:, 1] << 16 | raw[:, 2] << 24) >> 8).astype(np.float64) / 2**23
    elif kind == 1 and bits == 32:
        values = np.frombuffer(body, "<i4").astype(np.float64) / 2**31
    elif kind == 3 and bits in (32, 64):
        values = np.nan_to_num(np.frombuffer(body, f"<f{width}").astype(np.float64), posinf=1.0, neginf=-1.0)
    else:
        raise _wrong("不支持这种压缩的 WAV，请保存为 PCM 格式。",
                     "This kind of compressed WAV is not known: save it as PCM.")
    return values.reshape(-1, channels).mean(axis=1), rate


def _resample(samples: Floats, rate: int) -> Floats:
    """To 8 kHz by cutting the spectrum: nothing above 4 kHz folds back."""
    if rate == RATE:
        return samples
    wanted = max(1, round(len(samples) * RATE / rate))
    spectrum = np.fft.rfft(samples)
    bins = wanted // 2 + 1
    spectrum = spectrum[:bins] if bins <= len(spectrum) else np.pad(spectrum, (0, bins - len(spectrum)))
    return np.fft.irfft(spectrum, wanted) * (wanted / len(samples))


def to_telephone(data: bytes) -> tuple[bytes, float]:
    """A WAV file for Asterisk and its seconds. Raises Problem ``bad_audio`` that says what to change."""
    if len(data) > MOST_BYTES:
        raise _wrong("文件超过 40 MB，请剪短后再上传。", "The file is larger than 40 MB: shorten it.")
    samples, rate = _samples(*_chunks(data))
    seconds = len(samples) / rate
    if seconds < LEAST_SECONDS:
        raise _wrong("录音太短，不到 0.2 秒。", "The sound is too short: less than 0.2 s.")
    if seconds > MOST_SECONDS:
        raise _wrong("录音超过 5 分钟，请剪短后再上传。", "The sound is longer than 5 minutes: shorten it.")
    if float(np.max(np.abs(samples))) < SILENT_BELOW:
        raise _wrong("文件里几乎没有声音，请检查麦克风后重录。",
                     "The file is silent: check the microphone and record again.")
    heard = _resample(samples, rate)
    loudest = float(np.max(np.abs(heard))) or 1.0
    if loudest > 0.97:
        heard = heard * (0.97 / loudest)
    body = (np.clip(heard, -1, 1) * 32767).astype("<i2").tobytes()
    header = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(body), b"WAVE", b"fmt ", 16, 1, 1, RATE, RATE * 2, 2,
                         16,
                         b"data", len(body))
    return header + body, len(heard) / RATE
