"""The edge: nginx from the Debian tree, the one door for people.

``python -m dealerline.runtime.edge`` writes its configuration and becomes it. ``DEALERLINE_PAGES`` names the folder of
the built pages.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

from dealerline import settings as settings_module
from dealerline.runtime.asterisk import TEMPLATES, render
from dealerline.runtime.certificates import CertificateError, certificate
from dealerline.runtime.paths import write_file
from dealerline.runtime.tree import Tree
from dealerline.settings import Settings


def folder(settings: Settings) -> Path:
    return settings.data / "edge"


def _quoted(path: Path) -> str:
    """A path inside double quotes would keep its dollar signs as variables: refuse what nginx cannot be told."""
    text = str(path)
    if any(character in text for character in "\"'$;{}\\ \n"):
        raise ValueError(f"the edge cannot use a folder of this name: {text!r}; choose one without spaces and signs")
    return text


def values(settings: Settings, pages: Path) -> dict[str, str]:
    """What nginx's templates name. Raises CertificateError or ValueError in words."""
    home = folder(settings)
    asterisk = urlsplit(settings.asterisk_url).netloc or f"127.0.0.1:{settings.asterisk_http_port}"
    tls = hsts = ""
    if settings.tls:
        pair = certificate(settings)
        tls = "\n".join([
            f"        ssl_certificate {_quoted(pair.chain)};", f"        ssl_certificate_key {_quoted(pair.key)};",
            "        ssl_protocols TLSv1.2 TLSv1.3;", "        ssl_session_cache shared:tls:10m;",
            "        # Somebody who typed http:// gets the right address instead of an error.",
            "        error_page 497 =301 https://$http_host$request_uri;"])
        # Only with a certificate that browsers trust: otherwise nobody could ever click past the warning.
        hsts = "add_header Strict-Transport-Security \"max-age=31536000\" always;" if pair.own else ""
    return {
        "RUN": _quoted(home / "run"), "ETC": _quoted(home), "TREE": _quoted(settings.debroot), "PAGES": _quoted(pages),
        "STATIC": _quoted(settings.data / "static"), "RECORDINGS": _quoted(settings.recordings),
        "MEDIA": _quoted(settings.media), "BIND": f"[{settings.bind}]" if ":" in settings.bind else settings.bind,
        "HTTP_PORT": str(settings.http_port), "WEB_PORT": str(settings.web_port),
        "SWITCH_PORT": str(settings.switch_port), "ASTERISK": asterisk,
        "TLS_LISTEN": " ssl" if settings.tls else "", "TLS": tls, "HSTS": hsts,
        "SOCKETS": "wss" if settings.tls else "ws",
        # Root only for ports below 1024: then the workers give it up.
        "USER": f"user {settings.user};" if os.geteuid() == 0 else "",
    }


def write_config(settings: Settings, pages: Path) -> Path:
    """Write the configuration; its path."""
    home = folder(settings)
    (home / "run").mkdir(parents=True, exist_ok=True)
    known = values(settings, pages)
    for template in sorted((TEMPLATES / "nginx").glob("*.conf")):
        write_file(home / template.name, render(template.read_text(encoding="utf-8"), known, template.name))
    return home / "nginx.conf"


def command(settings: Settings, config: Path, *arguments: str) -> list[str]:
    return Tree(settings.debroot).command("usr/sbin/nginx", "-c", str(config), "-p", str(config.parent),
                                          "-e", "stderr", *arguments)


def main() -> None:
    settings = settings_module.load()
    pages = Path(os.environ.get("DEALERLINE_PAGES") or settings_module.CHECKOUT / "web" / "dist")
    try:
        argv = command(settings, write_config(settings, pages))
    except (CertificateError, ValueError) as error:
        sys.exit(str(error))
    os.execv(argv[0], argv)


if __name__ == "__main__":
    main()
