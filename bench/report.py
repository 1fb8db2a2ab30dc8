"""Figures as a table for people and as JSON for machines."""

from __future__ import annotations

import json
import math
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def quantile(values: Sequence[float], q: float) -> float:
    """The q-quantile by nearest rank (no interpolation: every figure was really measured)."""
    ordered = sorted(values)
    return ordered[max(0, min(len(ordered) - 1, math.ceil(q * len(ordered)) - 1))]


def spread(seconds: Sequence[float]) -> dict[str, float]:
    """Median, p95, p99 and worst of some durations, in milliseconds."""
    if not seconds:
        return {"n": 0}
    ms = [s * 1000 for s in seconds]
    return {
        "n": len(ms),
        "median_ms": round(quantile(ms, 0.5), 2),
        "p95_ms": round(quantile(ms, 0.95), 2),
        "p99_ms": round(quantile(ms, 0.99), 2),
        "worst_ms": round(max(ms), 2),
    }


def cpu_seconds(process: int) -> float:
    """Processor time that a process has used so far, its own and the kernel's for it."""
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def machine() -> str:
    """The machine in a few words, for the head of a table."""
    return f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"


def show(title: str, rows: Sequence[Mapping[str, Any]], as_json: bool) -> None:
    """Print rows of one table at once, so that a bench that fails later has shown it; ``as_json``: one JSON object."""
    if as_json:
        print(json.dumps({"title": title, "machine": machine(), "rows": list(rows)}), flush=True)
        return
    columns = list(dict.fromkeys(key for row in rows for key in row))
    widths = [max(len(c), *(len(str(r.get(c, ""))) for r in rows)) for c in columns]
    print(f"\n{title}   ({machine()})")
    print("  ".join(c.ljust(w) for c, w in zip(columns, widths, strict=True)))
    for row in rows:
        print("  ".join(str(row.get(c, "")).ljust(w) for c, w in zip(columns, widths, strict=True)))
    sys.stdout.flush()
