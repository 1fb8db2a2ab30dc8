"""What the command line says to people, in the language of their terminal."""

from __future__ import annotations

import os

Text = dict[str, str]


def language(asked: str = "") -> str:
    """``zh`` or ``en``: what was asked for, else what the terminal's locale says."""
    if asked:
        return "zh" if asked.lower().startswith("zh") else "en"
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"


def say(text: Text, lang: str, **values: object) -> str:
    return text[lang].format(**values)


HELP: Text = {
    "en": """\
./dealerline COMMAND

  up [--demo] [--detach] [--host NAME]   set up what is missing and start the centre; Ctrl-C ends it
  down                                   stop it
  status                                 what runs, and how well
  doctor [--json]                        check every part, and say how to mend what is wrong
  logs [NAME] [--follow]                 what the parts said last
  manage ...                             Django's own commands
  demo load | remove                     put the demo's group in, take it away again
  ring --line LINE --keys 1 --say TEXT   let a simulated customer ring
  robots N                               staff N robot agents
  simulate --day DATE --rules FILE       a day's calls again under changed rules, beside the real day
  test [unit|integration|telephony|journeys] [...]
  check                                  style, types, walls, pages
  bench NAME [--quick]                   measure beside a peer

Settings: dealerline.example.toml. Data and cache: DEALERLINE_DATA, DEALERLINE_CACHE.""",
    "zh": """\
./dealerline 命令

  up [--demo] [--detach] [--host 主机名]  补齐所缺并启动呼叫中心；按 Ctrl-C 结束
  down                                   停止
  status                                 各部分的运行情况
  doctor [--json]                        逐项检查，并说明如何修复
  logs [名称] [--follow]                  各部分最近的日志
  manage ...                             Django 的命令
  demo load | remove                     装入或移除演示数据
  ring --line 线路 --keys 1 --say 话语     让模拟客户来电
  robots N                               安排 N 个机器人座席
  simulate --day 日期 --rules 文件         用新规则重放某一天的来电，与实际结果对照
  test [unit|integration|telephony|journeys] [...]
  check                                  代码风格、类型、边界与网页检查
  bench 名称 [--quick]                    与对照系统并排测量

设置见 dealerline.example.toml；数据与缓存目录：DEALERLINE_DATA、DEALERLINE_CACHE。""",
}

STARTING: Text = {"en": "Dealerline is starting", "zh": "Dealerline 正在启动"}
READY: Text = {"en": "Dealerline is ready after {seconds:.0f} s: {origin}",
               "zh": "Dealerline 已就绪（用时 {seconds:.0f} 秒）：{origin}"}
ALREADY: Text = {"en": "Dealerline already runs: {origin}", "zh": "Dealerline 已在运行：{origin}"}
ALREADY_OTHER: Text = {
    "en": "Dealerline already runs without the demo. Stop it first: ./dealerline down",
    "zh": "Dealerline 正在以非演示方式运行。请先停止：./dealerline down"}
SIGN_INS: Text = {"en": "Sign-ins of the demo ({path}):", "zh": "演示账号（{path}）："}
SETUP: Text = {
    "en": "Nothing is set up yet. Open {origin}/setup and type the set-up code: {code}",
    "zh": "尚未初始化。请打开 {origin}/setup 并输入初始化码：{code}"}
SELF_SIGNED: Text = {
    "en": "The certificate is self-signed: browsers warn once. Own one: tls_cert and tls_key in dealerline.toml.",
    "zh": "证书为自签名，浏览器会提示一次。如有自己的证书，请在 dealerline.toml 中设置 tls_cert 与 tls_key。"}
STOP_HINT: Text = {"en": "Ctrl-C ends it.", "zh": "按 Ctrl-C 结束。"}
DETACHED: Text = {"en": "It runs on in the background. ./dealerline down ends it.",
                  "zh": "已在后台运行。用 ./dealerline down 结束。"}
STOPPING: Text = {"en": "Stopping", "zh": "正在停止"}
STOPPED: Text = {"en": "Stopped: nothing is left running.", "zh": "已停止，没有残留进程。"}
NOT_RUNNING: Text = {"en": "Dealerline does not run. Start it: ./dealerline up",
                     "zh": "Dealerline 没有运行。启动：./dealerline up"}
PORT_TAKEN: Text = {
    "en": "port {port} ({name}) is used by another program: choose another in dealerline.toml or by {variable}",
    "zh": "端口 {port}（{name}）被其他程序占用：请在 dealerline.toml 中或用 {variable} 换一个"}
UNKNOWN: Text = {"en": "Unknown command {command!r}.", "zh": "未知命令 {command!r}。"}
STATES: dict[str, Text] = {
    "waiting": {"en": "waiting", "zh": "等待"}, "working": {"en": "working", "zh": "进行中"},
    "done": {"en": "done", "zh": "完成"}, "failed": {"en": "failed", "zh": "失败"},
    "starting": {"en": "starting", "zh": "启动中"}, "healthy": {"en": "healthy", "zh": "正常"},
    "unhealthy": {"en": "unhealthy", "zh": "异常"}, "restarting": {"en": "restarting", "zh": "重启中"},
    "stopping": {"en": "stopping", "zh": "停止中"}, "stopped": {"en": "stopped", "zh": "已停止"}}
