"""Prints, as shell assignments, for uv what pip is configured with: uv reads none of pip's own settings.

Run by the ``dealerline`` script with the virtual environment's Python: standard library only.
"""

from __future__ import annotations

import ast
import shlex
import subprocess
import sys


def assignments(listed: str) -> dict[str, str]:
    """From the output of ``pip config list`` to uv's environment variables. Later lines win, as in pip."""
    given: dict[str, list[str]] = {}
    for line in listed.splitlines():
        name, separator, value = line.partition("=")
        if not separator:
            continue
        try:
            text = str(ast.literal_eval(value))
        except (ValueError, SyntaxError):
            text = value
        given[name.rpartition(".")[2].replace("_", "-")] = text.split()
    found = {"UV_INDEX_STRATEGY": "unsafe-best-match"}  # as pip does; every package is pinned by its hash
    for ours, theirs, joined in (("index-url", "UV_DEFAULT_INDEX", " "), ("extra-index-url", "UV_INDEX", " "),
                                 ("find-links", "UV_FIND_LINKS", ","), ("cert", "SSL_CERT_FILE", " "),
                                 ("trusted-host", "UV_INSECURE_HOST", " "), ("proxy", "ALL_PROXY", " ")):
        if given.get(ours):
            found[theirs] = joined.join(given[ours])
    if given.get("no-index", ["no"])[0].lower() in ("1", "true", "yes", "on"):
        found["UV_NO_INDEX"] = "1"
    return found


def main() -> None:
    done = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False)
    for name, value in assignments(done.stdout).items():
        sys.stdout.write(f"export {name}={shlex.quote(value)}\n")


if __name__ == "__main__":
    main()
