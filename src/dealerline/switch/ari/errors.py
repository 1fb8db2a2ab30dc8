"""What can go wrong between us and Asterisk: one family of exceptions for ARI, one for the manager."""

from __future__ import annotations


class AriError(Exception):
    """Asterisk refused a request. ``status``: HTTP's (404: gone, 409: wrong state, 422: impossible); 0: no answer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status} {message}" if status else message)
        self.status = status
        self.message = message

    @property
    def gone(self) -> bool:
        """What the request was about is not there (any more)."""
        return self.status == 404


class AriLost(AriError):
    """The socket was lost, or not there: whether the request was carried out is not known."""

    def __init__(self, message: str = "Asterisk cannot be reached") -> None:
        super().__init__(0, message)


class AriTimeout(AriError):
    """Asterisk did not answer in time: whether the request was carried out is not known."""

    def __init__(self, message: str) -> None:
        super().__init__(0, message)


class AmiError(Exception):
    """The manager refused an action, or could not be reached (``lost``)."""

    def __init__(self, message: str, *, lost: bool = False) -> None:
        super().__init__(message)
        self.lost = lost
