"""The doctor's checks of the running parts, each asked as its users would, and at last a telephone call."""

from __future__ import annotations

import asyncio
import base64
import json
import time
import urllib.error
import urllib.request
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from dealerline.domain.hours import year_without_days
from dealerline.runtime import health, services, sipcall, supervisor
from dealerline.runtime.doctor import Finding, note, ok, wrong
from dealerline.settings import CHECKOUT, Settings

_START = {"zh": "启动：./dealerline up", "en": "start it: ./dealerline up"}


def parts(settings: Settings) -> list[Finding]:
    """Every child of the supervisor."""
    title = {"zh": "各部分", "en": "Parts"}
    document = supervisor.running(settings)
    if document is None:
        return [wrong("parts", title, {"zh": "Dealerline 没有运行", "en": "Dealerline does not run"}, _START)]
    found = []
    for name, node in document["nodes"].items():
        if node["state"] not in ("done", "healthy"):
            named = document["titles"][name]
            found.append(
                wrong(
                    "parts",
                    title,
                    {
                        "zh": f"{named['zh']}：{node['state']} {node['note']}",
                        "en": f"{named['en']} is {node['state']} {node['note']}",
                    },
                    {
                        "zh": f"查看它的日志：./dealerline logs {name}",
                        "en": f"see what it said: ./dealerline logs {name}",
                    },
                )
            )
    restarts = sum(node["restarts"] for node in document["nodes"].values())
    running = [name for name, node in document["nodes"].items() if node["kind"] == "child"]
    for absent in sorted(set(services.wanted(settings, simulated=False)) - set(running)):
        found.append(
            wrong(
                "parts", title, {"zh": f"{absent} 未在运行", "en": f"{absent} is not among the running parts"}, _START
            )
        )
    return found or [
        ok(
            "parts",
            title,
            f"{len(running)} 个部分全部正常，重启 {restarts} 次",
            f"all {len(running)} are healthy, {restarts} restarts",
        )
    ]


def database(settings: Settings) -> list[Finding]:
    import psycopg

    title = {"zh": "数据库", "en": "Database"}
    mend = (
        {"zh": "检查 DATABASE_URL 与该服务器", "en": "look at DATABASE_URL and at that server"}
        if settings.database_url
        else {"zh": "查看 ./dealerline logs postgres", "en": "see ./dealerline logs postgres"}
    )
    try:
        with psycopg.connect(settings.database, connect_timeout=5) as connection:
            row = connection.execute(
                "SELECT current_setting('server_version_num')::int, "
                "pg_size_pretty(pg_database_size(current_database())), extract(epoch FROM now())::float8"
            ).fetchone()
    except psycopg.Error as error:
        words = str(error).strip().splitlines()[0]
        return [wrong("database", title, {"zh": f"连接失败：{words}", "en": f"cannot be reached: {words}"}, mend)]
    assert row is not None
    version, size, there = row
    if version < 150000:
        return [
            wrong(
                "database",
                title,
                {"zh": f"PostgreSQL {version // 10000} 过旧", "en": f"PostgreSQL {version // 10000} is too old"},
                {"zh": "需要 15 或更新版本", "en": "15 or later is needed"},
            )
        ]
    if abs(there - time.time()) > 5:
        gap = int(there - time.time())
        return [
            wrong(
                "database",
                title,
                {"zh": f"数据库服务器的时钟相差 {gap} 秒", "en": f"its clock differs by {gap} s"},
                {"zh": "两台机器都启用 NTP", "en": "turn NTP on on both machines"},
            )
        ]
    return [
        ok(
            "database",
            title,
            f"PostgreSQL {version // 10000}.{version % 10000}，{size}",
            f"PostgreSQL {version // 10000}.{version % 10000}, {size}",
        )
    ]


def holidays(settings: Settings) -> list[Finding]:
    """Without its holidays in the calendar a line answers as open on every one of them."""
    import psycopg

    title = {"zh": "节假日", "en": "Holidays"}
    try:
        with psycopg.connect(settings.database, connect_timeout=5) as connection:
            rows = connection.execute(
                "SELECT DISTINCT extract(year FROM date)::int FROM organisation_holiday WHERE store_id IS NULL"
            ).fetchall()
    except psycopg.Error:  # away, or nothing is set up yet: another check's finding
        return []
    year = year_without_days({int(row[0]) for row in rows}, datetime.now(ZoneInfo(settings.timezone)).date())
    if year is None:
        return [ok("holidays", title, "已录入", "are entered")]
    return [
        note(
            "holidays",
            title,
            f"{year} 年的节假日尚未录入",
            f"the holidays of {year} are not entered yet",
            {
                "zh": f"在 {settings.origin}/admin/organisation/holiday/ 按国务院通知录入，或更新 Dealerline",
                "en": f"enter them at {settings.origin}/admin/organisation/holiday/ when they are announced, "
                "or update Dealerline",
            },
        )
    ]


def journal(settings: Settings) -> list[Finding]:
    """Facts on their way: many old segments mean that the scribe is stuck."""
    title = {"zh": "流水", "en": "Journal"}
    segments = sorted(settings.spool.glob("*.jsonl")) if settings.spool.is_dir() else []
    old = [path for path in segments if time.time() - path.stat().st_mtime > 300 and path.stat().st_size]
    quarantined = [path for path in settings.spool.rglob("*quarantine*") if path.is_file() and path.stat().st_size]
    if quarantined:
        return [
            wrong(
                "journal",
                title,
                {
                    "zh": f"{quarantined[0]} 中有无法读取的记录",
                    "en": f"there are lines in {quarantined[0]} that cannot be read",
                },
                {"zh": "保留该文件并报告问题", "en": "keep that file and report it"},
            )
        ]
    if len(old) > 1:
        return [
            wrong(
                "journal",
                title,
                {"zh": f"{len(old)} 个旧文件未入库", "en": f"{len(old)} old files are not in the database"},
                {"zh": "查看 ./dealerline logs scribe", "en": "see ./dealerline logs scribe"},
            )
        ]
    return [ok("journal", title, "已全部入库或正在写入", "all is in the database or on its way")]


def asterisk(settings: Settings) -> list[Finding]:
    title = {"zh": "Asterisk", "en": "Asterisk"}
    mend = (
        {"zh": "检查 asterisk_url、用户与密码", "en": "look at asterisk_url, user and password"}
        if settings.asterisk_url
        else {"zh": "查看 ./dealerline logs asterisk", "en": "see ./dealerline logs asterisk"}
    )
    if problem := asyncio.run(services.asterisk_check(settings)()):
        return [wrong("asterisk", title, {"zh": f"无应答：{problem}", "en": f"does not answer: {problem}"}, mend)]
    base = settings.asterisk_url or f"http://127.0.0.1:{settings.asterisk_http_port}"
    version = str(_ari(settings, base, "/ari/asterisk/info?only=system")["system"]["version"])
    if not version.split(".")[0].isdigit() or int(version.split(".")[0]) < 22:
        return [
            wrong(
                "asterisk",
                title,
                {"zh": f"版本 {version} 过旧", "en": f"version {version} is too old"},
                {"zh": "需要 22 或更新版本", "en": "22 or later is needed"},
            )
        ]
    loaded = {str(module["name"]) for module in _ari(settings, base, "/ari/asterisk/modules")}
    lacking = {
        "chan_pjsip.so",
        "app_mixmonitor.so",
        "res_pjsip_transport_websocket.so",
        "codec_opus_open_source.so",
        "res_srtp.so",
        "res_sorcery_memory.so",
    } - loaded
    if "codec_opus.so" in loaded:  # another maker's; without either browsers are mute
        lacking.discard("codec_opus_open_source.so")
    if lacking:
        names = ", ".join(sorted(lacking))
        return [wrong("asterisk", title, {"zh": f"缺少模块：{names}", "en": f"modules are missing: {names}"}, mend)]
    return [ok("asterisk", title, version, version)]


def _ari(settings: Settings, base: str, path: str) -> Any:
    """What one ARI resource answers."""
    password = settings.asterisk_password or settings.secret("ari")
    token = base64.b64encode(f"{settings.asterisk_user}:{password}".encode()).decode()
    request = urllib.request.Request(base + path, headers={"Authorization": f"Basic {token}"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read())


def doors(settings: Settings) -> list[Finding]:
    """The web, the switch and the edge, each where its clients meet it, and the edge's ways to all of them."""
    title = {"zh": "网页、接口与座席连接", "en": "Pages, API and desk"}
    reach = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.bind, settings.bind)
    found = []
    for name, check in {
        "/": health.http(settings.http_port, "/", tls=settings.tls, host=reach),
        "/api/health": health.http(settings.http_port, "/api/health", tls=settings.tls, host=reach),
        "/desk": health.http(settings.http_port, "/desk", tls=settings.tls, host=reach, accept=(400, 426)),
        "/sip": health.http(settings.http_port, "/sip", tls=settings.tls, host=reach, accept=(400, 426)),
    }.items():
        if problem := asyncio.run(check()):
            found.append(
                wrong(
                    "doors",
                    title,
                    {"zh": f"{settings.origin}{name}：{problem}", "en": f"{settings.origin}{name}: {problem}"},
                    {
                        "zh": "查看 ./dealerline status 与 ./dealerline logs edge",
                        "en": "see ./dealerline status and ./dealerline logs edge",
                    },
                )
            )
    return found or [ok("doors", title, "全部可达", "all can be reached through the edge")]


def voices(settings: Settings) -> list[Finding]:
    title = {"zh": "语音", "en": "Voices"}
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{settings.speech_port}/health", timeout=10) as answer:
            state = json.loads(answer.read())
    except (OSError, urllib.error.URLError, ValueError) as error:
        return [
            wrong(
                "voices",
                title,
                {"zh": f"语音服务无应答：{error}", "en": f"the speech service does not answer: {error}"},
                {"zh": "查看 ./dealerline logs speech", "en": "see ./dealerline logs speech"},
            )
        ]
    shipped = len(list((CHECKOUT / "assets" / "prompts").glob("*/*.wav")))
    if not shipped:
        return [
            wrong(
                "voices",
                title,
                {"zh": "随附的提示音缺失", "en": "the shipped prompts are missing"},
                {"zh": "重新获取源代码", "en": "get the source anew"},
            )
        ]
    more = state.get("voices", {})
    if more.get("state") == "failed":
        return [
            wrong(
                "voices",
                title,
                {"zh": f"语音下载失败：{more.get('error')}", "en": f"voices could not be fetched: {more.get('error')}"},
                {"zh": "检查网络；将自动重试", "en": "look at the network; it is tried again by itself"},
            )
        ]
    if more.get("state") == "ready":
        return [
            ok(
                "voices",
                title,
                f"{shipped} 段提示音，新文本由 {state.get('engine')} 合成",
                f"{shipped} shipped prompts; new text is spoken by {state.get('engine')}",
            )
        ]
    return [
        ok(
            "voices",
            title,
            f"{shipped} 段提示音；首次合成新文本时下载更好的语音",
            f"{shipped} shipped prompts; better voices are fetched with the first new text",
        )
    ]


def call(settings: Settings) -> list[Finding]:
    """A real call to Asterisk's echo over SIP and RTP: a tone goes in, and must come back, and nothing else."""
    title = {"zh": "测试通话（双向声音）", "en": "Test call, sound both ways"}
    if settings.asterisk_url:
        return [note("call", title, "使用外部 Asterisk，未做测试通话", "not made: the Asterisk is not ours")]
    host = {"0.0.0.0": "127.0.0.1", "::": "127.0.0.1"}.get(settings.sip_bind, settings.sip_bind)
    mend = {
        "zh": f"检查防火墙是否放行 UDP {settings.sip_port} 与 {settings.rtp_start}-{settings.rtp_end}，并查看 "
        "./dealerline logs asterisk",
        "en": f"see that no firewall blocks UDP {settings.sip_port} and {settings.rtp_start}-{settings.rtp_end}, "
        "and see ./dealerline logs asterisk",
    }
    caller = sipcall.Caller((host, settings.sip_port), "doctor", settings.sip_password("doctor"))
    try:
        heard = caller.echo("echo", 1004, 2.0)
    except (sipcall.CallError, OSError) as error:
        return [wrong("call", title, {"zh": f"呼叫失败：{error}", "en": f"failed: {error}"}, mend)]
    finally:
        caller.close()
    middle = heard[sipcall.RATE // 2 :]
    tone, other = sipcall.level(middle, 1004), sipcall.level(middle, 700)
    if tone < -20 or tone - other < 30 or len(heard) < sipcall.RATE:
        seconds = len(heard) / sipcall.RATE
        return [
            wrong(
                "call",
                title,
                {
                    "zh": f"听到 {seconds:.1f} 秒，1004 Hz 仅 {tone:.0f} dB",
                    "en": f"{seconds:.1f} s heard, 1004 Hz at {tone:.0f} dB only",
                },
                mend,
            )
        ]
    return [
        ok("call", title, f"1004 Hz 送出并以 {tone:.0f} dB 返回", f"1004 Hz went in and came back at {tone:.0f} dB")
    ]
