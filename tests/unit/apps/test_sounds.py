"""Uploads become 8 kHz mono 16 bit, or a plain reason why not; recordings are joined so that nothing is lost."""

from __future__ import annotations

import io
import json
import struct
import wave
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings

from dealerline.apps.calls.logic import recordings
from dealerline.apps.common.errors import Problem
from dealerline.apps.flows.logic.sounds import to_telephone


def tone(hertz: float, seconds: float, rate: int = 8000) -> np.ndarray:
    return np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate) * 0.5


def wav(samples: np.ndarray, rate: int = 8000, channels: int = 1) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.repeat((samples * 32767).astype("<i2"), channels).tobytes())
    return buffer.getvalue()


def float_wav(samples: np.ndarray, rate: int) -> bytes:
    """With the extended header that editors write for 32-bit floats."""
    body = samples.astype("<f4").tobytes()
    guid = struct.pack("<H", 3) + bytes.fromhex("000000001000800000aa00389b71")
    form = struct.pack("<HHIIHHHHI", 0xFFFE, 1, rate, rate * 4, 4, 32, 22, 32, 4) + guid
    return (
        b"RIFF"
        + struct.pack("<I", 4 + 8 + len(form) + 8 + len(body))
        + b"WAVEfmt "
        + struct.pack("<I", len(form))
        + form
        + b"data"
        + struct.pack("<I", len(body))
        + body
    )


def loudest_hertz(data: bytes) -> float:
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 1, 2)
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(float)
    return float(np.argmax(np.abs(np.fft.rfft(samples))) * 8000 / len(samples))


@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (16000, 1), (44100, 2), (48000, 2)])
def test_a_wav_of_any_rate_keeps_its_pitch_and_length(rate: int, channels: int) -> None:
    data, seconds = to_telephone(wav(tone(1000, 1.5, rate), rate, channels))
    assert abs(seconds - 1.5) < 0.01
    assert abs(loudest_hertz(data) - 1000) < 2


def test_a_float_wav_with_the_extended_header_is_read() -> None:
    data, _ = to_telephone(float_wav(tone(700, 1, 44100), 44100))
    assert abs(loudest_hertz(data) - 700) < 2


def test_what_a_telephone_cannot_carry_does_not_fold_back_as_noise() -> None:
    data, _ = to_telephone(wav(tone(500, 1, 48000) * 0.4 + tone(9000, 1, 48000) * 0.5, 48000))
    with wave.open(io.BytesIO(data)) as file:
        spectrum = np.abs(np.fft.rfft(np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(float)))
    assert spectrum[1000] < spectrum[500] / 1000  # 9000 Hz would come back at 1000 Hz


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"ID3\x04" + b"\0" * 200, "no WAV"),
        (b"", "no WAV"),
        (b"RIFF\x10\0\0\0WAVE" + b"\0" * 50, "incomplete"),
        (wav(np.zeros(8000)), "silent"),
        (wav(tone(500, 0.1)), "too short"),
        (
            b"RIFF"
            + struct.pack("<I", 60)
            + b"WAVEfmt "
            + struct.pack("<IHHIIHH", 16, 7, 1, 8000, 8000, 1, 8)
            + b"data"
            + struct.pack("<I", 4)
            + b"\0\0\0\0",
            "PCM",
        ),
    ],
)
def test_a_wrong_file_is_refused_with_words_that_help(data: bytes, words: str) -> None:
    with pytest.raises(Problem) as caught:
        to_telephone(data)
    assert words in caught.value.text["en"]
    assert caught.value.text["zh"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(settings, "DEALERLINE", replace(settings.DEALERLINE, data=tmp_path))
    (tmp_path / "recordings" / "raw").mkdir(parents=True)
    yield tmp_path / "recordings"


def test_two_sides_become_left_and_right_and_the_shorter_is_padded(folder: Path) -> None:
    (folder / "raw" / "c.wav").write_bytes(wav(tone(400, 2)))
    (folder / "raw" / "a.wav").write_bytes(wav(tone(1200, 1)))
    joined = recordings.join_files(folder / "raw/c.wav", folder / "raw/a.wav", folder / "x.wav", folder / "x.json")
    with wave.open(str(folder / "x.wav")) as file:
        sides = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2).astype(float)
    assert (len(sides), joined.seconds) == (16000, 2.0)
    assert np.argmax(np.abs(np.fft.rfft(sides[:, 0]))) / 2 == 400
    assert np.argmax(np.abs(np.fft.rfft(sides[:8000, 1]))) == 1200
    assert not sides[8000:, 1].any()
    assert joined.sha256 == recordings.checksum(folder / "x.wav")
    peaks = json.loads((folder / "x.json").read_text())
    assert peaks["seconds"] == 2.0
    assert len(peaks["left"]) == len(peaks["right"]) == 40
    assert 0.49 < peaks["left"][0] < 0.51
    assert peaks["right"][-1] == 0
    assert (folder / "raw" / "c.wav").exists()  # the sides go only after the row is saved


def test_a_side_that_never_had_a_file_is_silence(folder: Path) -> None:
    (folder / "raw" / "c.wav").write_bytes(wav(tone(400, 1)))
    joined = recordings.join_files(folder / "raw/c.wav", folder / "raw/none.wav", folder / "x.wav", folder / "x.json")
    assert joined.seconds == 1.0


def test_the_file_of_a_recorder_that_was_killed_is_read_to_its_end(folder: Path) -> None:
    data = bytearray(wav(tone(400, 1)))
    struct.pack_into("<I", data, 40, 0)  # the header was never finished
    (folder / "raw" / "c.wav").write_bytes(bytes(data))
    side = recordings.read_side(folder / "raw" / "c.wav")
    assert side is not None
    assert len(side) == 8000


def test_no_file_of_either_side_is_said(folder: Path) -> None:
    with pytest.raises(recordings.NoSides):
        recordings.join_files(folder / "1.wav", folder / "2.wav", folder / "x.wav", folder / "x.json")


def test_a_full_disk_leaves_the_sides_and_no_half_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "raw" / "c.wav").write_bytes(wav(tone(400, 1)))
    usage = type("Usage", (), {"free": 1000})
    monkeypatch.setattr(recordings.shutil, "disk_usage", lambda path: usage)
    with pytest.raises(recordings.DiskFull):
        recordings.join_files(folder / "raw/c.wav", folder / "raw/none.wav", folder / "x.wav", folder / "x.json")
    assert sorted(path.name for path in folder.rglob("*") if path.is_file()) == ["c.wav"]


def test_no_stored_path_leads_out_of_the_recordings_folder(folder: Path) -> None:
    for path in ("../secrets/django", "/etc/passwd", ""):
        assert recordings.file_of(path) == folder.resolve() / "nothing-here"
    assert recordings.file_of(str(folder / "raw" / "a.wav")) == (folder / "raw" / "a.wav").resolve()
