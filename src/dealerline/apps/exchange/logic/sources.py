"""Connected systems set up: a folder into which they drop their files, or one on a server of theirs.

The rule of the file: a server is somebody else's until a person has confirmed its key; another address, and it has to
be confirmed again. Who connects servers administers them: the files' store alone is not enough for that.
"""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from dealerline.apps.accounts.facade import Person
from dealerline.apps.common.errors import NotAllowed, NotFound, Problem
from dealerline.apps.exchange.logic import runs
from dealerline.apps.exchange.models import Source
from dealerline.integrations import sftp
from dealerline.integrations.folder import FolderConnector
from dealerline.integrations.sftp import SftpConnector, SftpError

SERVERS = "webhooks.manage"
UNCONFIRMED = SftpError("请先核对并确认服务器的主机密钥，之后才会取文件。",
                        "Compare and confirm the server's host key first: nothing is fetched before.")
_HOST = re.compile(r"(?!-)[A-Za-z0-9._:-]{1,253}")  # names and addresses; never an option of a program
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._@-]{0,59}")


def connector_of(source: Source) -> FolderConnector | SftpConnector:
    """The connector of a source. Raises SftpError while the server's key is not confirmed."""
    if not source.host:
        return FolderConnector(folder_of(source), timezone.localtime())
    if not source.host_key:
        raise UNCONFIRMED
    return _remote(source)


def folder_of(source: Source) -> Path:
    """Where its files arrive; of a server: where copies lie until they are in."""
    inbox = Path(settings.DEALERLINE.inbox)
    return inbox / ".remote" / source.code if source.host else inbox / source.code


def _remote(source: Source) -> SftpConnector:
    keep, program = folder_of(source), settings.DEALERLINE_PROGRAM
    keep.mkdir(parents=True, exist_ok=True, mode=0o700)
    server = sftp.server_of(program, _place(source), sftp.own_key(settings.DEALERLINE.secrets), keep / "known_hosts")
    return SftpConnector(sftp.Client(program("sftp"), server, source.path), keep, timezone.localtime(), runs.LARGEST)


def _place(source: Source) -> sftp.Place:
    return sftp.Place(source.host, source.port, source.username, source.host_key)


# setting up -----------------------------------------------------------------------------------------------------------
def visible(person: Person) -> Any:
    """Sources of stores into which he may import."""
    return Source.objects.visible_to(person, "customers.import").order_by("code")


def access(person: Person, source: int, *, server: bool = False) -> Source:
    """The source, if he may see it. ``server``: whose server he may connect; NotAllowed when he may not."""
    row = visible(person).filter(pk=source).first()
    if row is None or (server and not row.host):
        raise NotFound
    if server and row.store_id not in person.stores_for(SERVERS):
        raise NotAllowed
    return row  # type: ignore[no-any-return]


def save(person: Person, values: dict[str, Any], row: Source | None = None) -> Source:
    """A source made or changed. What is there already keeps its code, since its rows carry it."""
    if values["store"] not in person.stores_for("customers.import"):
        raise NotAllowed
    row = row or _new(values["code"])
    server = values["remote"] or {"host": "", "port": 22, "username": "", "path": ""}
    if row.host or server["host"]:
        _check_server(person, values["store"], server)
    if (row.host, row.port) != (server["host"], server["port"]):
        row.host_key, row.trouble = "", {}
    row.host, row.port = server["host"], server["port"]
    row.username, row.path = server["username"], server["path"]
    row.name, row.store_id, row.active = values["name"], values["store"], values["active"]
    row.existing, row.owners = values["existing"], values["owners"]
    row.made_by = person  # whose rights hold for what comes in
    row.save()
    if not row.host:
        folder = folder_of(row)
        folder.mkdir(parents=True, exist_ok=True)
        with suppress(OSError):  # somebody else's folder, mounted here
            folder.chmod(0o2775)  # files that come over SFTP belong to our group, which may move them
    return row


def _new(code: str) -> Source:
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{1,39}", code):
        raise _wrong("code", "用小写字母、数字和短横线，2 到 40 个。", "Small letters, digits and hyphens, 2 to 40.")
    if Source.objects.filter(code=code).exists():
        raise _wrong("code", "已有这个代码。", "There is one of this code.")
    return Source(code=code)


def _check_server(person: Person, store: int, server: dict[str, Any]) -> None:
    if store not in person.stores_for(SERVERS):
        raise NotAllowed
    if not server["host"]:
        return
    if not _HOST.fullmatch(server["host"]):
        raise _wrong("host", "请填写主机名或 IP 地址。", "Enter a host name or an address.")
    if not _USER.fullmatch(server["username"]):
        raise _wrong("username", "请填写登录用户名。", "Enter the user's name.")
    if not server["path"].isprintable():
        raise _wrong("path", "文件夹名不能含控制字符。", "A folder's name has no control characters.")


def _wrong(field: str, zh: str, en: str) -> Problem:
    fields = {field: {"zh": zh, "en": en}}
    return Problem("invalid", "请检查标红的内容。", "Please check what is marked.", fields=fields)


# servers --------------------------------------------------------------------------------------------------------------
def public_key() -> str:
    """What the people of a server enter for our user; made when it is first asked for."""
    return sftp.own_public_key(settings.DEALERLINE.secrets)


def shown_key(row: Source) -> dict[str, Any]:
    """The key that the server shows now, and whether it is the confirmed one. Raises Problem."""
    try:
        found = sftp.ask_host_key(settings.DEALERLINE_PROGRAM, _place(row))
    except SftpError as error:
        raise Problem("server", error.zh, error.en) from error
    return {"key": found.text, "confirmed": found.text == row.host_key, **key_json(found.text)}


def confirm(row: Source, text: str) -> Source:
    """Pin that key, which a person has compared. Raises Problem when it is none."""
    try:
        row.host_key = sftp.read_host_key(text).text
    except ValueError as error:
        raise _wrong("key", "不是主机公钥。", "That is no host key.") from error
    row.trouble = {}
    row.save(update_fields=["host_key", "trouble"])
    return row


def key_json(text: str) -> dict[str, str]:
    """A host key as people compare it."""
    key = sftp.HostKey(text)
    return {"kind": key.kind, "fingerprint": key.fingerprint}


def try_out(row: Source) -> list[str]:
    """Names of the lists that lie there now. Raises Problem with what is wrong."""
    try:
        connector = connector_of(row)
        assert isinstance(connector, SftpConnector)
        return connector.names()
    except SftpError as error:
        raise Problem("server", error.zh, error.en) from error


def as_json(row: Source) -> dict[str, Any]:
    """A source as the pages see it."""
    last = row.runs.order_by("-pk").first()
    folder = folder_of(row)
    waiting = sftp.waiting(folder) if row.host else FolderConnector(folder, timezone.localtime()).waiting()
    remote = {"host": row.host, "port": row.port, "username": row.username, "path": row.path,
              "host_key": key_json(row.host_key) if row.host_key else None} if row.host else None
    return {"id": row.pk, "code": row.code, "name": row.name, "store": row.store_id, "existing": row.existing,
            "owners": row.owners, "active": row.active, "seen_at": row.seen_at, "trouble": row.trouble or None,
            "folder": "" if row.host else f"inbox/{row.code}", "remote": remote, "waiting": waiting,
            "last": runs.as_json(last) if last is not None else None}
