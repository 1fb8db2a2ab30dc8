"""What ships as audio agrees with what is written down."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from dealerline.settings import CHECKOUT
from tools import make_prompts

PROMPTS = CHECKOUT / "assets/prompts"


def test_every_prompt_is_written_and_spoken_in_both_languages_and_sounds_right() -> None:
    assert make_prompts.problems() == []


def test_the_queue_can_say_every_position_and_waiting_time_it_may_name() -> None:
    keys = set(yaml.safe_load((PROMPTS / "prompts.yaml").read_text(encoding="utf-8")))
    wanted = {f"queue.position.{n}" for n in (*range(1, 21), "many")}
    wanted |= {f"queue.wait.{n}" for n in (1, 2, 3, 5, 10, 15, 20, 30, "long")}
    assert wanted - keys == set()


def test_the_manifest_names_only_files_that_ship_and_the_folders_hold_nothing_else() -> None:
    manifest = json.loads((PROMPTS / "manifest.json").read_text(encoding="utf-8"))
    named = {PROMPTS / row["file"] for entry in manifest.values() for row in entry.values()}
    assert named == set(PROMPTS.glob("*/*.wav"))


def test_shipped_audio_stays_small_enough_for_a_repository() -> None:
    files: list[Path] = [*PROMPTS.rglob("*.wav"), *(CHECKOUT / "assets/callers").glob("*.wav")]
    assert sum(path.stat().st_size for path in files) < 16_000_000
