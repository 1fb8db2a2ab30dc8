"""The Debian tree: packages of a newer Debian unpacked into the cache, without installing anything.

Debian 12 carries no Asterisk; a later suite does. The machine's own apt fetches it: from the mirrors, through the
proxies and with the keys the machine is configured for, into folders of ours, checked against the suite's signed index.
So it works as any user, needs no package of its own, and an interrupted fetch goes on where it was.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from dealerline.runtime.paths import write_file
from dealerline.runtime.tree import MANIFEST

SUITE = "forky"
PACKAGES = ("asterisk", "asterisk-modules", "asterisk-core-sounds-en-wav", "asterisk-moh-opsound-wav",
            "nginx-light", "sox", "libsox-fmt-base", "espeak-ng", "openssh-client",
            "openssh-sftp-server")  # the server: only what our own tests fetch from
# Nothing at run time reads these; copyright files stay.
_PRUNED = ("usr/share/man", "usr/share/locale", "usr/share/info", "usr/share/lintian", "usr/share/bug",
           "usr/share/perl", "usr/share/zoneinfo", "usr/share/bash-completion", "usr/share/fonts", "usr/share/perl5",
           "usr/lib/*/perl", "usr/lib/*/perl-base", "usr/lib/*/gconv", "usr/include", "usr/share/icons")
_NEEDED = ("usr/sbin/asterisk", "usr/sbin/nginx", "usr/bin/sox", "usr/bin/espeak-ng")

Progress = Callable[[str], None]


class DebianError(RuntimeError):
    """The tree cannot be fetched; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Source:
    """One place of the machine's apt configuration: a repository's address and the key that signs it."""

    address: str
    signed_by: str


def specification() -> str:
    """Changes when another tree is wanted."""
    return hashlib.sha256(json.dumps([SUITE, PACKAGES, _PRUNED, 1]).encode()).hexdigest()[:16]


def is_complete(root: Path) -> bool:
    """Whether the wanted tree is there. One without our manifest is taken as it is when it has all we run."""
    try:
        manifest = json.loads((root / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return all((root / inner).exists() for inner in _NEEDED)
    return bool(manifest.get("specification") == specification())


def ensure(root: Path, progress: Progress) -> str:
    """Fetch and unpack the tree unless it is there; returns what it holds, in words. Raises DebianError."""
    if is_complete(root):
        return _summary(root)
    root.parent.mkdir(parents=True, exist_ok=True)
    work = root.with_name("debroot.work")
    for stale in root.parent.glob("debroot.making-*"):
        shutil.rmtree(stale, ignore_errors=True)
    making = root.with_name(f"debroot.making-{os.getpid()}")
    fetched = _fetch(work, progress)
    _unpack(fetched, making, progress)
    progress("taking out what nothing here reads")
    _prune(making)
    missing = [inner for inner in _NEEDED if not (making / inner).exists()]
    if missing:
        raise DebianError(f"the unpacked tree lacks {', '.join(missing)}")
    _write_manifest(making, fetched)
    if root.is_symlink() or root.exists():
        old = root.with_name(f"debroot.making-old-{os.getpid()}")
        root.rename(old)
        making.rename(root)
        shutil.rmtree(old, ignore_errors=True)
    else:
        making.rename(root)
    shutil.rmtree(work, ignore_errors=True)
    return _summary(root)


# where from -----------------------------------------------------------------------------------------------------------
def sources() -> list[Source]:
    """The Debian repositories of the machine's own apt configuration, in both of its file formats."""
    own = os.environ.get("DEALERLINE_DEBIAN_MIRROR")
    if own:
        return [Source(own.rstrip("/") + "/", _usual_keys())]
    done = subprocess.run(
        ["apt-get", "indextargets", "--no-release-info", "--format",
         "$(REPO_URI)\t$(COMPONENT)\t$(RELEASE)\t$(SIGNED_BY)", "Created-By: Packages"],
        capture_output=True, text=True, check=False)
    return list(_choose(line.split("\t") for line in done.stdout.splitlines()))


def _choose(rows: Iterable[list[str]]) -> Iterator[Source]:
    """Main archives of Debian: they hold every suite, so the newer one is beside the machine's own."""
    seen = set()
    for row in rows:
        if len(row) < 4:
            continue
        address, component, release, signed_by = row[:4]
        special = ("-security", "-updates", "-backports", "/updates")
        if component != "main" or any(mark in f"{release}/{address}" for mark in special):
            continue
        if "debian" in address.rstrip("/").rsplit("/", 2)[-1] + address and address not in seen:
            seen.add(address)
            yield Source(address, signed_by if signed_by.startswith("/") else _usual_keys())


def _usual_keys() -> str:
    """Debian's own key ring, for apt versions that do not tell which key a source is signed by."""
    folder = Path("/usr/share/keyrings")
    return next((str(folder / name) for name in ("debian-archive-keyring.pgp", "debian-archive-keyring.gpg")
                 if (folder / name).exists()), "")


# fetching -------------------------------------------------------------------------------------------------------------
def _options(work: Path) -> list[str]:
    """apt with folders of ours and nothing installed; everything else as the machine is configured."""
    state, cache = work / "state", work / "cache"
    (state / "lists" / "partial").mkdir(parents=True, exist_ok=True)
    (cache / "archives" / "partial").mkdir(parents=True, exist_ok=True)
    (work / "status").touch()
    options = {
        "Dir::Etc::sourcelist": work / "sources.list", "Dir::Etc::sourceparts": "-", "Dir::Etc::preferences": "-",
        "Dir::Etc::preferencesparts": "-", "Dir::State": state, "Dir::State::lists": state / "lists",
        "Dir::State::status": work / "status", "Dir::State::extended_states": work / "extended", "Dir::Cache": cache,
        "Dir::Cache::archives": cache / "archives", "Dir::Log": work, "APT::Install-Recommends": "false",
        "APT::Install-Suggests": "false", "APT::Keep-Downloaded-Packages": "true",
        "pkgCacheGen::ForceEssential": "none",
        "Acquire::Languages": "none", "Acquire::Check-Valid-Until": "false", "Acquire::Retries": "3",
        "APT::Sandbox::User": "root" if os.geteuid() == 0 else "", "APT::Update::Post-Invoke": "",
        "DPkg::Post-Invoke": "", "APT::Get::List-Cleanup": "false", "quiet": "2",
        "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled": "false",
        "Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled": "false",
    }
    return [argument for name, value in options.items() for argument in ("-o", f"{name}={value}")]


def _fetch(work: Path, progress: Progress) -> list[Path]:
    """The wanted packages and all they depend on, as files. Tries each of the machine's sources."""
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise DebianError("apt and dpkg are needed to fetch Asterisk: use Debian, or give an Asterisk that already "
                          "runs (asterisk_url)")
    found = sources()
    if not found:
        raise DebianError("no Debian repository is configured for apt on this machine: add one, or name a mirror in "
                          "DEALERLINE_DEBIAN_MIRROR")
    problems = []
    for source in found:
        try:
            return _fetch_from(source, work, progress)
        except DebianError as error:
            problems.append(f"{source.address}: {error}")
    raise DebianError("Asterisk's packages could not be fetched:\n    " + "\n    ".join(problems))


def _fetch_from(source: Source, work: Path, progress: Progress) -> list[Path]:
    work.mkdir(parents=True, exist_ok=True)
    signed = f"[signed-by={source.signed_by}] " if source.signed_by else ""
    write_file(work / "sources.list", f"deb {signed}{source.address} {SUITE} main\n")
    options = _options(work)
    progress("reading the package index")
    _apt(["apt-get", *options, "update"], "the index could not be read")
    sizes = _sizes(options, work)
    total = sum(sizes.values()) // 1_000_000
    archives = work / "cache" / "archives"
    # What this takes lies between the first answer of a far mirror and a second of a near one: until something is
    # there, that nothing is there yet is no news.
    progress(f"asking for {len(sizes)} packages ({total} MB)")
    process = subprocess.Popen(["apt-get", *options, "install", "-y", "--download-only", *PACKAGES],
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=_environment())
    while process.poll() is None:
        have = _bytes_here(archives, sizes) // 1_000_000
        if have:
            progress(f"fetching packages: {have} of {total} MB")
        time.sleep(0.5)
    if process.returncode:
        assert process.stderr is not None
        raise DebianError(_words(process.stderr.read(), "the packages could not be fetched"))
    return [archives / name for name in sizes]


def _sizes(options: list[str], work: Path) -> dict[str, int]:
    """File name -> bytes of all that is wanted, whether or not an interrupted fetch has left it here already.

    apt lists only what it would have to fetch, so it is asked with another, empty folder of archives.
    """
    empty = work / "no-archives"
    (empty / "partial").mkdir(parents=True, exist_ok=True)
    return _listed(_apt(["apt-get", *options, "-o", f"Dir::Cache::archives={empty}", "install", "--print-uris", "-y",
                         *PACKAGES], "the packages were not found"))


def _listed(printed: str) -> dict[str, int]:
    """What ``--print-uris`` prints, one package a line: 'address' name bytes checksum."""
    rows = (line.rsplit("'", 1)[1].split() for line in printed.splitlines() if line.startswith("'"))
    return {name: int(size) for name, size, *_ in rows}


def _bytes_here(archives: Path, sizes: Iterable[str]) -> int:
    """How much of the wanted files is here, whole or in part."""
    have = 0
    for path in (folder / name for folder in (archives, archives / "partial") for name in sizes):
        with suppress(FileNotFoundError):  # apt moves a file when it is whole
            have += path.stat().st_size
    return have


def _environment() -> dict[str, str]:
    return {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}


def _apt(command: list[str], problem: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=_environment())
    if done.returncode or "\nE: " in f"\n{done.stderr}":
        raise DebianError(_words(done.stderr, problem))
    return done.stdout


def _words(stderr: str, otherwise: str) -> str:
    lines = [line[3:] for line in stderr.splitlines() if line.startswith(("E: ", "W: "))]
    return "; ".join(lines[:3]) or otherwise


# unpacking ------------------------------------------------------------------------------------------------------------
def _unpack(packages: list[Path], target: Path, progress: Progress) -> None:
    target.mkdir(parents=True)
    target.chmod(0o755)

    def one(package: Path) -> None:
        ended = subprocess.run(["dpkg-deb", "--extract", str(package), str(target)], capture_output=True, text=True,
                               check=False)
        if ended.returncode:
            raise DebianError(f"{package.name}: {ended.stderr.strip()}")

    with ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as pool:
        for done, _ in enumerate(pool.map(one, packages), 1):
            progress(f"unpacking packages: {done} of {len(packages)}")


def _prune(root: Path) -> None:
    for pattern in _PRUNED:
        for path in root.glob(pattern):
            shutil.rmtree(path, ignore_errors=True)
    for path in (root / "usr/share/doc").glob("*/*"):
        if path.name != "copyright":
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    # No program of the tree may run with rights of its own.
    for path in root.rglob("*"):
        if path.is_file() and not path.is_symlink() and path.stat().st_mode & 0o6000:
            path.chmod(path.stat().st_mode & 0o1777)


def _write_manifest(root: Path, packages: list[Path]) -> None:
    listed = {}
    for package in packages:
        name, version, _ = package.name.split("_", 2)
        listed[name] = {"version": version.replace("%3a", ":"), "sha256": _sha256(package)}
    write_file(root / MANIFEST, json.dumps(
        {"specification": specification(), "suite": SUITE, "packages": listed}, indent=1, sort_keys=True) + "\n")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _summary(root: Path) -> str:
    try:
        packages = json.loads((root / MANIFEST).read_text(encoding="utf-8"))["packages"]
    except (OSError, ValueError, KeyError):
        return "a tree that was put there by hand"
    shown = [f"{name} {packages[name]['version'].split('+')[0].split('~')[0].rpartition(':')[2]}"
             for name in ("asterisk", "nginx", "sox") if name in packages]
    return ", ".join(shown)
