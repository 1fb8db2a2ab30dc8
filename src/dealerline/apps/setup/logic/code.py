"""The door to the first run: whoever can read the terminal or the data folder may set the centre up, nobody else on
the network.

``./dealerline up`` makes a code (``secrets/setup``) and prints it; the page asks for it once and the session
remembers. When the set-up is finished the code is gone. An administrator, once there is one, needs no code.
"""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

from dealerline.apps.common.errors import NotFound, Problem
from dealerline.apps.organisation.facade import set_up_finished

SESSION_KEY = "setup_code"
TRIES = 8
LOCK_SECONDS = 60


def _file() -> Path:
    return Path(settings.DEALERLINE.secrets / "setup")


def _code() -> str:
    try:
        return _plain(_file().read_text(encoding="ascii"))
    except OSError:
        return ""


def _plain(typed: str) -> str:
    """As it is compared: small or capital letters, blanks and dashes make no difference."""
    return "".join(c for c in typed.upper() if c.isalnum())


def _mark(code: str) -> str:
    return hashlib.sha256(f"dealerline set-up {code}".encode()).hexdigest()


def is_administrator(request: HttpRequest) -> bool:
    """Whether an administrator of the group asks."""
    person = request.user
    return bool(person.is_authenticated and person.is_active and person.can("system.manage"))


def is_open_to(request: HttpRequest) -> bool:
    """Whether this session gave the right code."""
    code = _code()
    return bool(code) and hmac.compare_digest(str(request.session.get(SESSION_KEY, "")), _mark(code))


def let_in(request: HttpRequest) -> None:
    """Go on if the set-up is under way and this session may do it.

    Finished: 404, as if it had never been; else 403 ``code``.
    """
    if set_up_finished():
        raise NotFound
    if not (is_open_to(request) or is_administrator(request)):
        raise Problem(
            "setup_code", "请输入启动时显示的安装码。", "Enter the set-up code that was printed at start.", status=403
        )


def give(request: HttpRequest, typed: str) -> None:
    """Take the code. Raises Problem ``setup_code_wrong``; after some wrong ones ``locked`` for a minute."""
    if set_up_finished():
        raise NotFound
    tries = int(cache.get("setup-tries", 0))
    if tries >= TRIES:
        raise Problem(
            "locked",
            "错误次数过多，请一分钟后再试。",
            "Too many wrong codes: try again in a minute.",
            status=429,
            extra={"seconds": LOCK_SECONDS},
        )
    code = _code()
    if not code or not hmac.compare_digest(_plain(typed).encode(), code.encode()):
        cache.set("setup-tries", tries + 1, LOCK_SECONDS)
        raise Problem(
            "setup_code_wrong",
            "安装码不正确。安装码在启动时显示，也保存在服务器数据目录的 secrets/setup 文件里。",
            "That code is wrong. It was printed at start; it is also in secrets/setup of the server's data folder.",
            fields={"code": {"zh": "安装码不正确。", "en": "Wrong code."}},
        )
    request.session.cycle_key()
    request.session[SESSION_KEY] = _mark(code)


def forget() -> None:
    """The set-up is finished: the code has done its work."""
    _file().unlink(missing_ok=True)
