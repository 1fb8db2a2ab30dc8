"""What the generated groups of operations stand on: how a call becomes a request."""

from __future__ import annotations

from asyncio import Future
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeVar, overload

T = TypeVar("T")
Query = Mapping[str, str | int | float | bool | Sequence[str] | None]


class Sender(Protocol):
    """Sends a request at once; the future brings the decoded answer (None for ``kind`` None) or an AriError."""

    def __call__(
        self, kind: Any, method: str, path: str, query: Query | None, body: Mapping[str, Any] | None, /
    ) -> Future[Any]: ...


class Group:
    """Operations on one kind of resource."""

    def __init__(self, send: Sender) -> None:
        self._sender = send

    @overload
    def _send(
        self, kind: None, method: str, path: str, query: Query | None = None, body: Mapping[str, Any] | None = None
    ) -> Future[None]: ...

    @overload
    def _send(
        self, kind: type[T], method: str, path: str, query: Query | None = None, body: Mapping[str, Any] | None = None
    ) -> Future[T]: ...

    def _send(
        self, kind: Any, method: str, path: str, query: Query | None = None, body: Mapping[str, Any] | None = None
    ) -> Future[Any]:
        return self._sender(kind, method, path, query, body)
