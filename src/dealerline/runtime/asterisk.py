"""Asterisk from the Debian tree: its generated configuration, its command line, its console.

``python -m dealerline.runtime.asterisk`` writes the configuration of the settings' Asterisk and becomes it.
The simulator runs a second Asterisk with its own templates through the same class.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from dealerline import settings as settings_module
from dealerline.runtime.paths import socket_folder, write_file
from dealerline.runtime.tree import Tree
from dealerline.settings import CHECKOUT, Settings

TEMPLATES = Path(__file__).resolve().parent / "templates"
_PLACE = re.compile(r"@([A-Z_]+)@")


class TemplateError(KeyError):
    """A template names a value that was not given."""


def render(text: str, values: Mapping[str, str], name: str) -> str:
    """``text`` with every ``@NAME@`` replaced. Raises TemplateError naming the file and the unknown value."""

    def value(match: re.Match[str]) -> str:
        try:
            return values[match.group(1)]
        except KeyError as error:
            raise TemplateError(f"{name}: no value for @{match.group(1)}@") from error

    return _PLACE.sub(value, text)


class Asterisk:
    """One Asterisk: ``root`` holds its folders (``etc``, ``lib``, ``spool``, ``log``, ``run``).

    ``templates`` is a folder of ``*.conf`` files with ``@NAME@`` places; ``values`` adds to the usual ones.
    """

    def __init__(self, settings: Settings, root: Path, *, templates: Path = TEMPLATES,
                 values: Mapping[str, str] | None = None) -> None:
        self.settings = settings
        self.root = root
        self.templates = templates
        self.tree = Tree(settings.debroot)
        self._values = dict(values or {})

    @property
    def etc(self) -> Path:
        return self.root / "etc"

    @property
    def run(self) -> Path:
        """Where the console's socket is."""
        return socket_folder(self.root / "run")

    def values(self) -> dict[str, str]:
        """What the templates may name. Reads the generated secrets."""
        s, tree = self.settings, self.tree
        values = {
            "ETC": str(self.etc), "LIB": str(self.root / "lib"), "SPOOL": str(self.root / "spool"),
            "LOG": str(self.root / "log"), "RUN": str(self.run), "TREE": str(tree.root),
            "MODULES": str(tree.libraries / "asterisk/modules"), "SHARE": str(tree.root / "usr/share/asterisk"),
            "PROMPTS": str(CHECKOUT / "assets/prompts"),
            "HTTP_PORT": str(s.asterisk_http_port), "AMI_PORT": str(s.ami_port),
            "SIP_BIND": s.sip_bind, "SIP_PORT": str(s.sip_port),
            "RTP_START": str(s.rtp_start), "RTP_END": str(s.rtp_end),
            "USER": s.asterisk_user, "MUSIC": self._music(),
        }
        values.update(self._values)
        if "ARI_SECRET" not in values:
            values["ARI_SECRET"] = s.asterisk_password or s.secret("ari")
        if "AMI_SECRET" not in values:
            values["AMI_SECRET"] = s.asterisk_password or s.secret("ami")
        if "DOCTOR_SECRET" not in values:
            values["DOCTOR_SECRET"] = s.sip_password("doctor")
        return values

    def _music(self) -> str:
        """A class for every folder of uploaded music, beside the default one."""
        folder = self.settings.media / "music"
        if not folder.is_dir():
            return ""
        return "\n".join(f"[{entry.name}]\nmode=files\ndirectory={entry}\nsort=random\n"
                         for entry in sorted(folder.iterdir()) if entry.is_dir() and entry.name.isidentifier())

    def write_config(self) -> None:
        """Write every template into ``etc`` (what no template names is removed) and make the folders."""
        for name in ("etc", "lib/keys", "spool", "log", "run"):
            (self.root / name).mkdir(parents=True, exist_ok=True)
        self.etc.chmod(0o750)
        values = self.values()
        wanted = sorted(self.templates.glob("*.conf"))
        for template in wanted:
            text = render(template.read_text(encoding="utf-8"), values, template.name)
            write_file(self.etc / template.name, text, 0o640)
        for stale in set(self.etc.glob("*.conf")) - {self.etc / t.name for t in wanted}:
            stale.unlink()
        self._link_recordings()

    def _link_recordings(self) -> None:
        """ARI records by names relative to its spool's ``recording`` folder: make that our folder of recordings."""
        self.settings.recordings.mkdir(parents=True, exist_ok=True)
        link = self.root / "spool" / "recording"
        if link.is_symlink() and link.readlink() == self.settings.recordings:
            return
        if link.is_symlink():
            link.unlink()
        elif link.is_dir():
            shutil.rmtree(link)
        link.symlink_to(self.settings.recordings)

    def command(self) -> list[str]:
        """The argument list that runs this Asterisk in the foreground."""
        # -f stays in the foreground, -U and -G are not needed: the supervisor has already changed the account.
        return self.tree.command("usr/sbin/asterisk", "-C", str(self.etc / "asterisk.conf"), "-f", "-n")

    def console(self, command: str, timeout: float = 10.0) -> str:
        """The answer to a console command, such as ``core show channels``.

        Raises RuntimeError when Asterisk is not there.
        """
        done = subprocess.run(
            self.tree.command("usr/sbin/asterisk", "-C", str(self.etc / "asterisk.conf"), "-rx", command),
            capture_output=True, text=True, timeout=timeout, check=False)
        if done.returncode:
            said = (done.stderr or done.stdout).strip()
            raise RuntimeError(said or f"Asterisk's console ended with {done.returncode}")
        return done.stdout


def main() -> None:
    settings = settings_module.load()
    asterisk = Asterisk(settings, settings.data / "asterisk")
    asterisk.write_config()
    command = asterisk.command()
    sys.stdout.flush()
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
