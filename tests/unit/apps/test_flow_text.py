"""A flow's text: read with its lines, everything that is wrong told at once, in both languages."""

from __future__ import annotations

import pytest

from dealerline.apps.flows.logic.flows import read
from dealerline.settings import CHECKOUT

GOOD = """\
title: {zh: 热线, en: Line}
nodes:
  hello: {type: play, prompts: welcome, next: wait}
  wait: {type: queue, queue: sales, on_timeout: bye}
  bye: {type: hangup}
"""


def errors_of(text: str) -> list[tuple[int, str]]:
    return [(finding.line, finding.words("en")) for finding in read(text).errors]


def test_a_good_flow_has_no_errors_and_keeps_its_title() -> None:
    reading = read(GOOD, prompts={"welcome": {"zh", "en"}}, queues={"sales"})
    assert reading.errors == ()
    assert reading.title == {"zh": "热线", "en": "Line"}
    assert reading.document["nodes"]["bye"] == {"type": "hangup"}


def test_an_error_tells_its_line_in_both_languages() -> None:
    [finding] = read(GOOD.replace("next: wait", "next: wiat")).errors
    assert finding.line == 3
    assert finding.words("zh").startswith("第 3 行：")
    assert "wiat" in finding.words("en")


def test_all_errors_are_told_at_once() -> None:
    bad = GOOD.replace("next: wait", "next: nowhere").replace("on_timeout: bye", "on_timeout: gone")
    assert [line for line, _ in errors_of(bad)] == [3, 4]


def test_prompts_and_queues_that_are_not_there_are_errors() -> None:
    findings = read(GOOD, prompts={"other": {"zh"}}, queues={"repair"}).errors
    assert [finding.line for finding in findings] == [3, 4]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("nodes: [\n", 2),
        ("nodes:\n  a: 1\n  a: 2\n", 3),
        ("a: &x 1\nb: *x\n", 1),
        ("", 1),
        ("- 1\n", 1),
        ("nodes:\n\ta: 1\n", 2),
        ("x" * 300_000, 0),
        ("{" * 2000, None),
    ],
)
def test_what_is_no_flow_is_refused_in_words_and_never_crashes(text: str, line: int | None) -> None:
    found = errors_of(text)
    assert found
    assert line is None or found[0][0] == line


@pytest.mark.parametrize("path", sorted((CHECKOUT / "assets" / "flows").rglob("*.yaml")), ids=lambda path: path.stem)
def test_every_shipped_flow_is_without_errors(path: object) -> None:
    from pathlib import Path

    assert read(Path(str(path)).read_text(encoding="utf-8")).errors == ()
