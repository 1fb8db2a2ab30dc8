"""The file of one person, to hand out: a ZIP of JSON for programs and a page for people."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import date, datetime
from html import escape
from typing import Any

from django.utils import timezone

from dealerline.apps.common.personal import holders

STYLE = ("body{font:15px/1.5 system-ui,'Noto Sans SC',sans-serif;margin:2rem;color:#1b2430}table{border-collapse:"
         "collapse;margin:.5rem 0 1.5rem}td,th{border:1px solid #c9d1dc;padding:.25rem .6rem;text-align:left;"
         "vertical-align:top}th{background:#f2f5f9}h2{margin-top:2rem}")


def sections(customer: int) -> list[dict[str, Any]]:
    """What every app has of him, in the order a reader expects: himself first."""
    found = []
    for holder in reversed(holders()):
        for key, rows in holder.export(customer).items():
            if rows:
                found.append({"app": holder.app, "key": key, "name": dict(holder.name(key)), "rows": rows})
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return timezone.localtime(value).isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def packed(customer: int) -> bytes:
    """The ZIP: ``data.json`` and ``index.html``."""
    found, made = sections(customer), timezone.localtime().isoformat(timespec="seconds")
    data = {"made_at": made, "customer": customer,
            "sections": [{"app": one["app"], "name": one["key"], "rows": one["rows"]} for one in found]}
    text = json.dumps(data, ensure_ascii=False, indent=1, default=_plain)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.json", text)
        archive.writestr("index.html", _page(found, made))
    return buffer.getvalue()


def _page(found: list[dict[str, Any]], made: str) -> str:
    parts = [f"<!doctype html><html lang=zh><meta charset=utf-8><title>个人资料 · Personal data</title>"
             f"<style>{STYLE}</style><h1>个人资料 · Personal data</h1><p>{escape(made)}</p>"]
    for one in found:
        parts.append(f"<h2>{escape(one['name']['zh'])} · {escape(one['name']['en'])}</h2>")
        rows = one["rows"] if isinstance(one["rows"], list) else [one["rows"]]
        heads = list(dict.fromkeys(key for row in rows for key in row))
        parts.append("<table><tr>" + "".join(f"<th>{escape(head)}" for head in heads) + "</tr>")
        parts += ["<tr>" + "".join(f"<td>{_cell(row.get(head))}" for head in heads) + "</tr>" for row in rows]
        parts.append("</table>")
    return "".join(parts)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, (dict, list)):
        return escape(json.dumps(value, ensure_ascii=False, default=_plain))
    return escape(str(value if isinstance(value, (str, int, float)) else _plain(value)))
