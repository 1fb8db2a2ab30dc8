"""``./dealerline ring`` and ``./dealerline robots``: the control service from the command line."""

from __future__ import annotations

import argparse
import json
import sys
import urllib.error
import urllib.request
from collections.abc import Sequence
from typing import Any

from dealerline.settings import SettingsError, load
from simulator.script import HANG_UP_AT
from simulator.texts import Trouble, say, spoken_here

SECONDS = 30


def main(arguments: Sequence[str] | None = None) -> int:
    """``ring ...`` or ``robots ...``; the exit code."""
    options = _parser().parse_args(arguments)
    language = spoken_here()
    try:
        address = f"http://127.0.0.1:{load().simulator_port}"
        lines = _ring(options, address, language) if options.command == "ring" else _robots(options, address, language)
    except (Trouble, SettingsError) as trouble:
        text = trouble.text[language] if isinstance(trouble, Trouble) else str(trouble)
        sys.stderr.write(text + "\n")
        return 1
    except _Refused as refused:
        sys.stderr.write(refused.text.get(language, "") + "\n")
        return 1
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./dealerline")
    commands = parser.add_subparsers(dest="command", required=True)
    ring = commands.add_parser("ring", help="让模拟客户打进来 / let a simulated customer ring the centre")
    ring.add_argument("--line", required=True, metavar="LINE",
                      help="号码、线路（sales）或门店:线路 / a number, a kind (sales), or STORE:KIND")
    ring.add_argument("--keys", default="", help="依次按的键 / keys he presses, one after another")
    ring.add_argument("--say", action="append", default=[], metavar="TEXT",
                      help="接通坐席后说的话，可多次 / what he says to the agent; may be given again")
    ring.add_argument("--language", choices=("zh", "en"), help="说哪种语言 / the language he speaks")
    ring.add_argument("--from", dest="number", default="", metavar="NUMBER",
                      help="来电号码 / his number")
    ring.add_argument("--stranger", action="store_true",
                      help="陌生号码；缺省是演示里的老客户 / a new customer, instead of one the demo has on file")
    ring.add_argument("--count", type=int, default=1, metavar="N", help="几个人同时打 / how many ring at once")
    ring.add_argument("--hang-up-at", choices=HANG_UP_AT, help="到哪一步就挂断 / the stage at which he hangs up")
    ring.add_argument("--stay", type=float, default=0, metavar="SECONDS",
                      help="说完后多久挂断，0 表示等对方挂 / seconds he stays after speaking; 0: for ever")
    robots = commands.add_parser("robots", help="机器人坐席 / robot agents")
    robots.add_argument("count", nargs="?", type=int, default=0, metavar="N", help="几个 / how many")
    robots.add_argument("--talk", type=float, default=20, metavar="SECONDS",
                        help="通话多久后挂断，0 表示不挂 / seconds of talk before hanging up; 0: never")
    robots.add_argument("--stop", action="store_true", help="全部下线 / send them all home")
    return parser


def _ring(options: argparse.Namespace, address: str, language: str) -> list[str]:
    if not 1 <= options.count <= 500:
        raise Trouble("bad_request", reason="--count 1-500")
    body: dict[str, Any] = {"line": options.line, "keys": options.keys, "say": options.say, "stay": options.stay,
                            "caller": "stranger" if options.stranger else "known"}
    optional = {"language": options.language, "from": options.number, "hang_up_at": options.hang_up_at}
    body |= {name: value for name, value in optional.items() if value}
    lines = []
    for _ in range(options.count):
        answer = _ask("POST", f"{address}/ring", body)
        lines.append(say("rings", language, number=answer["from"], to=answer["to"], id=answer["id"]))
    return lines


def _robots(options: argparse.Namespace, address: str, language: str) -> list[str]:
    if options.stop or not options.count:
        answer = _ask("DELETE", f"{address}/robots") if options.stop else None
        if answer is not None:
            return [say("robots_stopped", language, count=answer["count"])]
        names = [robot["name"] for robot in _ask("GET", f"{address}/robots")["robots"]]
        return [say("robots_started", language, count=len(names), names=", ".join(names) or "-")]
    answer = _ask("POST", f"{address}/robots", {"count": options.count, "talk": options.talk})
    lines = [say("robots_started", language, count=answer["count"], names=", ".join(answer["names"]))]
    if answer["count"] < options.count:
        lines.append(say("robots_fewer", language, wanted=options.count, count=answer["count"]))
    return lines


class _Refused(RuntimeError):
    """The control service said no, in both languages."""

    def __init__(self, text: dict[str, str]) -> None:
        super().__init__(text.get("en", ""))
        self.text = text


def _ask(method: str, url: str, body: dict[str, Any] | None = None) -> Any:
    request = urllib.request.Request(url, method=method, data=None if body is None else json.dumps(body).encode(),
                                     headers={"Content-Type": "application/json"})
    # Loopback must not go through a proxy.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=SECONDS) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        try:
            text = json.load(error)["text"]
        except (ValueError, KeyError, TypeError):
            text = {code: say("refused", code, reason=f"HTTP {error.code}") for code in ("zh", "en")}
        raise _Refused(text) from error
    except (urllib.error.URLError, OSError) as error:
        raise Trouble("no_simulator", address=url.rsplit("/", 1)[0]) from error


if __name__ == "__main__":
    sys.exit(main())
