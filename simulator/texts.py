"""The simulator's catalogue of texts that a person sees, Chinese and English."""

from __future__ import annotations

import os

TEXTS: dict[str, dict[str, str]] = {
    "no_directory": {
        "zh": "找不到中心的配置（{path}）：请先运行 ./dealerline up --demo。",
        "en": "The centre has not published its configuration ({path}): run ./dealerline up --demo first.",
    },
    "bad_directory": {
        "zh": "中心的配置文件无法读取（{path}）：重启中心会重新写入。",
        "en": "The centre's published configuration cannot be read ({path}): restarting the centre writes it anew.",
    },
    "no_line": {
        "zh": "没有“{wanted}”这条线路。可用的线路：{lines}；也可以直接填号码。",
        "en": "There is no line {wanted!r}. There are: {lines}; or give a number.",
    },
    "no_simulator": {
        "zh": "模拟器没有运行（{address}）：请先运行 ./dealerline up --demo。",
        "en": "The simulator is not running ({address}): start it with ./dealerline up --demo.",
    },
    "no_carrier": {
        "zh": "外部世界的 Asterisk 没有运行，打不出电话：请看 ./dealerline status。",
        "en": "The outside world's Asterisk is not running, so nobody can ring: see ./dealerline status.",
    },
    "refused": {
        "zh": "外部世界的 Asterisk 拒绝了：{reason}",
        "en": "The outside world's Asterisk refused: {reason}",
    },
    "bad_request": {"zh": "请求有误：{reason}", "en": "The request is not right: {reason}"},
    "no_call": {"zh": "没有这通电话。", "en": "There is no such call."},
    "no_sound": {"zh": "这通电话还没有声音文件。", "en": "That call has no sound file yet."},
    "no_robots": {
        "zh": "没有可用的机器人坐席：需要有话机、在队列里、并且现在没有人签入的坐席。",
        "en": "Nobody is left for a robot to play: wanted are agents with a desk phone, in a queue, not signed in.",
    },
    "no_switch": {
        "zh": "中心的交换程序没有应答（{reason}）：请看 ./dealerline status。",
        "en": "The centre's switch does not answer ({reason}): see ./dealerline status.",
    },
    "no_secret": {
        "zh": "读不到密钥（{reason}）：请用运行中心的那个账号执行。",
        "en": "A secret cannot be read ({reason}): run this as the account that runs the centre.",
    },
    "rings": {
        "zh": "{number} 正在拨打 {to}（编号 {id}）。",
        "en": "{number} is ringing {to} (id {id}).",
    },
    "robots_started": {
        "zh": "{count} 个机器人坐席已上线：{names}。",
        "en": "{count} robot agents are at work: {names}.",
    },
    "robots_fewer": {
        "zh": "要了 {wanted} 个，只有 {count} 个坐席可用。",
        "en": "{wanted} were wanted; only {count} agents are available.",
    },
    "robots_stopped": {"zh": "{count} 个机器人坐席已下线。", "en": "{count} robot agents went home."},
    "step": {"zh": "{at:7.2f} 秒  {name}  {data}", "en": "{at:7.2f} s  {name}  {data}"},
}


class Trouble(RuntimeError):
    """Something a person must mend; ``code`` names a text of the catalogue."""

    def __init__(self, code: str, status: int = 400, **values: object) -> None:
        self.code, self.status, self.values = code, status, values
        super().__init__(say(code, "en", **values))

    @property
    def text(self) -> dict[str, str]:
        return {language: say(self.code, language, **self.values) for language in ("zh", "en")}


def say(code: str, language: str, **values: object) -> str:
    """A text of the catalogue with its values filled in."""
    return TEXTS[code][language].format(**values)


def spoken_here() -> str:
    """The language of this terminal: ``zh`` or ``en``."""
    locale = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "zh" if locale.lower().startswith("zh") else "en"
