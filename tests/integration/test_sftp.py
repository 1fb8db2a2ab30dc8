"""Lists fetched by OpenSSH's own sftp from its own server, both from the Debian tree, without a network."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dealerline.integrations.sftp import (
    Client,
    HostKey,
    Place,
    SftpConnector,
    SftpError,
    own_public_key,
    read_host_key,
    server_of,
    waiting,
)
from dealerline.runtime.tree import Tree, program
from dealerline.settings import load

LIST = "姓名,手机\n张三,13800000001\n"
NAMES = ["-first.csv", "cars *.csv", "customers [1].csv", "it’s $HOME `x`; y.csv", "o'ne.csv", "  订单.csv"]
Look = Callable[[], list[str]]


class There:
    """A folder on a server, and the connector that asks it."""

    def __init__(self, folder: Path, keep: Path, *options: str) -> None:
        self.folder, self.keep = folder, keep
        self.server = Tree(load().debroot).command("usr/lib/openssh/sftp-server", *options)
        folder.mkdir(exist_ok=True)
        client = Client(program(load().debroot, "sftp"), self.server, str(folder))
        self.connector = SftpConnector(client, keep, datetime(2026, 11, 29, 12, tzinfo=UTC), 1000)

    def drop(self, name: str, text: str = LIST) -> None:
        (self.folder / name).write_text(text, encoding="utf-8")

    def look(self, report: str = "") -> list[str]:
        taken = []
        for batch in self.connector.new():
            taken.append(batch.name)
            self.connector.done(batch, iter([report]) if report else None)
        return taken


def test_lists_of_whatever_name_are_fetched_once_when_they_are_whole(tmp_path: Path) -> None:
    there = There(tmp_path / "in box", tmp_path / "keep")
    for name in NAMES:
        there.drop(name)
    there.drop("marked.csv")
    there.drop("marked.csv.done", "")
    for name in ("half.csv.part", ".hidden.csv", "readme.md"):
        there.drop(name)
    assert there.look() == ["marked.csv"], "the others may still grow"
    there.drop("o'ne.csv", LIST + "李四,13800000002\n")
    assert there.look() == ["customers [1].csv", "cars *.csv", "  订单.csv", "-first.csv", "it’s $HOME `x`; y.csv"]
    assert there.look("what is wrong") == ["o'ne.csv"]
    assert there.look() == [] and waiting(there.keep) == []
    done = sorted(path.name for path in (there.folder / "done").iterdir())
    assert done == sorted([f"20261129-120000 {name}" for name in (*NAMES, "marked.csv")]
                          + ["20261129-120000 o'ne.csv.report.csv"])
    assert {path.name for path in there.folder.glob("*.*")} == {"half.csv.part", ".hidden.csv", "readme.md"}
    assert not list((there.keep / "fetched").iterdir()), "nothing lies about here"


def test_where_nothing_may_be_moved_it_is_remembered_until_it_changes(tmp_path: Path) -> None:
    there = There(tmp_path / "there", tmp_path / "keep", "-R")
    there.drop("customers.csv")
    assert (there.look(), there.look(), there.look()) == ([], ["customers.csv"], [])
    assert waiting(there.keep) == []
    there.drop("customers.csv", LIST * 2)
    assert (there.look(), there.look("bad"), there.look()) == ([], ["customers.csv"], [])
    assert sorted(path.name for path in there.folder.iterdir()) == ["customers.csv"]


def test_what_broke_off_after_fetching_is_not_fetched_again(tmp_path: Path) -> None:
    there = There(tmp_path / "there", tmp_path / "keep")
    there.drop("cars.csv")
    there.drop("cars.csv.done", "")
    first = next(iter(there.connector.new()))
    first.path.write_text("as it was fetched")
    assert next(iter(there.connector.new())).sha256 != first.sha256
    assert next(iter(there.connector.new())).path.read_text() == "as it was fetched"
    there.connector.refused(first, "读不懂", "unreadable")
    assert (there.folder / "refused" / "20261129-120000 cars.csv.why.txt").read_text().splitlines()[1] == "unreadable"


def test_what_cannot_be_fetched_is_told_and_holds_nothing_up(tmp_path: Path) -> None:
    there = There(tmp_path / "there", tmp_path / "keep")
    there.drop("cars.csv")
    there.drop("large.csv", "x" * 1001)
    for name in ("cars.csv.done", "large.csv.done"):
        there.drop(name, "")
    with pytest.raises(SftpError, match=r"large\.csv"):
        there.look()
    assert (there.folder / "done" / "20261129-120000 cars.csv").exists() and (there.folder / "large.csv").exists()


def test_trouble_has_its_words(tmp_path: Path) -> None:
    there = There(tmp_path / "there", tmp_path / "keep")
    sftp = program(load().debroot, "sftp")
    words = "@@@ REMOTE HOST IDENTIFICATION HAS CHANGED! @@@"
    for client, code in (
        (Client(sftp, there.server, str(tmp_path / "nowhere")), "folder"),
        (Client(sftp, ["sleep", "30"], "", seconds=0.2), "time"),
        (Client(sftp, ["false"], ""), "unreachable"),
        (Client(sftp, ["sh", "-c", f"echo '{words}' >&2; exit 255"], ""), "host_key"),
        (Client(sftp, ["sh", "-c", "echo 'dms@x: Permission denied (publickey).' >&2; exit 255"], ""), "login"),
        (Client(["no-such-program"], there.server, ""), "program"),
    ):
        with pytest.raises(SftpError) as told:
            client.listing()
        assert told.value.code == code and told.value.zh and told.value.en


def test_keys_of_both_sides(tmp_path: Path) -> None:
    public = own_public_key(tmp_path)
    assert own_public_key(tmp_path) == public and (tmp_path / "sftp").stat().st_mode & 0o777 == 0o600
    key = read_host_key(public.rpartition(" ")[0])
    assert key == HostKey(public.rpartition(" ")[0]) and key.fingerprint.startswith("SHA256:")
    for text in ("", "ssh-ed25519 AAAA", "ssh-rsa " + key.text.partition(" ")[2], key.text + "\nevil ssh-rsa AAAA"):
        with pytest.raises(ValueError, match="no key"):
            read_host_key(text)
    command = server_of(lambda name: [name], Place("dms.example", 2222, "dms", key.text), tmp_path / "sftp",
                        tmp_path / "known")
    assert command[-3:] == ["--", "dms.example", "sftp"] and "StrictHostKeyChecking=yes" in command
    assert (tmp_path / "known").read_text() == f"pinned {key.text}\n"
