"""Errors that people see: a code for programs, a text in both languages for people, fields for forms."""

from __future__ import annotations

from typing import Any

Text = dict[str, str]


class Problem(Exception):
    """Something the person can put right. Raised by logic, drawn by the API as JSON with ``status``."""

    def __init__(self, code: str, zh: str, en: str, *, status: int = 400, fields: dict[str, Text] | None = None,
                 extra: dict[str, Any] | None = None) -> None:
        super().__init__(en)
        self.code, self.status = code, status
        self.text: Text = {"zh": zh, "en": en}
        self.fields = fields or {}
        self.extra = extra or {}

    def as_json(self) -> dict[str, Any]:
        """The body of the answer."""
        return {"code": self.code, "text": self.text, "fields": self.fields, **self.extra}


class NotFound(Problem):
    """There is nothing of that id, or nothing that this person may see: outsiders cannot tell which."""

    def __init__(self) -> None:
        super().__init__("not_found", "没有这条记录，或者您无权查看。",
                         "There is no such record, or it is not yours to see.", status=404)


class NotAllowed(Problem):
    """The person sees the thing but may not do this to it."""

    def __init__(self) -> None:
        super().__init__("not_allowed", "您的角色不能做这项操作。", "Your role does not allow this.", status=403)
