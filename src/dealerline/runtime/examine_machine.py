"""The doctor's checks of the ground: disk, clock, files, ports, address, certificate."""

from __future__ import annotations

import ctypes
import os
import shutil
import stat
import struct
import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dealerline.runtime import account, certificates, debian, secrets, services, supervisor
from dealerline.runtime.doctor import Finding, note, ok, wrong
from dealerline.runtime.serve import taken_ports
from dealerline.runtime.tree import Tree
from dealerline.settings import CHECKOUT, Settings


def disk(settings: Settings) -> list[Finding]:
    title = {"zh": "磁盘", "en": "Disk"}
    found = []
    for folder in (settings.data, settings.cache):
        if not folder.exists():
            continue
        usage = shutil.disk_usage(folder)
        files = os.statvfs(folder)
        free = usage.free // 1_000_000
        if free < settings.min_free_mb:
            found.append(
                wrong(
                    "disk",
                    title,
                    {
                        "zh": f"{folder} 只剩 {free} MB，低于 {settings.min_free_mb} MB，录音已停",
                        "en": f"{folder} has {free} MB left, less than {settings.min_free_mb}: nothing is recorded",
                    },
                    {
                        "zh": "清理磁盘，缩短录音保存期，或换到更大的磁盘（DEALERLINE_DATA）",
                        "en": "free some space, keep recordings for less long, or move to a larger disk "
                        "(DEALERLINE_DATA)",
                    },
                )
            )
        elif files.f_files and files.f_favail / files.f_files < 0.02:
            found.append(
                wrong(
                    "disk",
                    title,
                    {"zh": f"{folder} 的 inode 将尽", "en": f"{folder} runs out of inodes"},
                    {"zh": "删除不需要的小文件", "en": "remove small files that are not needed"},
                )
            )
        else:
            found.append(ok("disk", title, f"{folder} 剩余 {free // 1000} GB", f"{free // 1000} GB free in {folder}"))
    return found


def clock(settings: Settings) -> list[Finding]:
    """Call records and tickets are worth only as much as the clock."""
    title = {"zh": "时钟", "en": "Clock"}
    mend = {
        "zh": "校准系统时间并启用 NTP（timedatectl set-ntp true）",
        "en": "set the time and turn NTP on (timedatectl set-ntp true)",
    }
    try:
        ZoneInfo(settings.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        return [
            wrong(
                "clock",
                title,
                {"zh": f"没有时区 {settings.timezone}", "en": f"there is no time zone {settings.timezone}"},
                {"zh": "把 timezone 设为如 Asia/Shanghai", "en": "set timezone to one such as Asia/Shanghai"},
            )
        ]
    newest = max(
        (
            path.stat().st_mtime
            for path in [CHECKOUT / "pyproject.toml", settings.run / "settings.toml"]
            if path.exists()
        ),
        default=0.0,
    )
    if newest > time.time() + 120:
        behind = int(newest - time.time())
        return [
            wrong(
                "clock",
                title,
                {
                    "zh": f"系统时间比最近写入的文件慢 {behind} 秒",
                    "en": f"the clock is {behind} s behind files that were written before",
                },
                mend,
            )
        ]
    zone = datetime.now(ZoneInfo(settings.timezone)).strftime("%Y-%m-%d %H:%M:%S %Z")
    if not _synchronised():
        return [note("clock", title, f"{zone}；未与时间服务器同步", f"{zone}; not kept in step by a time server")]
    return [ok("clock", title, f"{zone}，已同步", f"{zone}, in step with a time server")]


def _synchronised() -> bool:
    """What the kernel knows: adjtimex answers TIME_ERROR (5) when no time server keeps the clock."""
    return int(ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(struct.calcsize("P") * 40))) != 5


def files(settings: Settings) -> list[Finding]:
    """Secrets closed to others, folders open to the service account."""
    title = {"zh": "文件夹与密钥", "en": "Folders and secrets"}
    missing = [name for name in secrets.NAMES if not (settings.secrets / name).exists()]
    if missing:
        return [
            wrong(
                "files",
                title,
                {"zh": f"缺少密钥：{'、'.join(missing)}", "en": f"secrets are missing: {', '.join(missing)}"},
                {"zh": "运行一次 ./dealerline up", "en": "run ./dealerline up once"},
            )
        ]
    loose = [path.name for path in settings.secrets.iterdir() if stat.S_IMODE(path.stat().st_mode) & 0o077]
    if loose:
        return [
            wrong(
                "files",
                title,
                {"zh": f"他人可读的密钥：{'、'.join(loose)}", "en": f"others may read: {', '.join(loose)}"},
                {"zh": f"chmod 600 {settings.secrets}/*", "en": f"chmod 600 {settings.secrets}/*"},
            )
        ]
    who = account.account(settings, make=False)
    for folder in (settings.data, settings.cache, settings.recordings, settings.spool):
        if (shut := who.closed(folder)) is not None:
            return [
                wrong(
                    "files",
                    title,
                    {"zh": f"账户 {who.name} 无法进入 {shut}", "en": f"{who.name} cannot enter {shut}"},
                    {"zh": "重新运行 ./dealerline up", "en": "run ./dealerline up again"},
                )
            ]
    return [ok("files", title, f"归 {who.name} 所有，密钥不对外", f"owned by {who.name}, secrets closed to others")]


def tools(settings: Settings) -> list[Finding]:
    """The Debian tree and what runs from it."""
    title = {"zh": "运行环境", "en": "Debian tree"}
    if not debian.is_complete(settings.debroot):
        return [
            wrong(
                "tools",
                title,
                {"zh": f"{settings.debroot} 不完整", "en": f"{settings.debroot} is not complete"},
                {"zh": "重新运行 ./dealerline up", "en": "run ./dealerline up again"},
            )
        ]
    tree = Tree(settings.debroot)
    named = ", ".join(
        f"{name} {version}" for name in ("asterisk", "nginx", "sox", "espeak-ng") if (version := tree.version(name))
    )
    return [ok("tools", title, named or str(settings.debroot), named or str(settings.debroot))]


def ports(settings: Settings) -> list[Finding]:
    """While running: ours answer (checked below). While not: nobody else sits on them."""
    title = {"zh": "端口", "en": "Ports"}
    if supervisor.running(settings):
        outside = [
            f"{bind}:{port}"
            for bind, port in ((settings.bind, settings.http_port), (settings.sip_bind, settings.sip_port))
            if bind not in ("127.0.0.1", "::1", "localhost")
        ]
        if outside:
            where = ", ".join(outside)
            return [
                note(
                    "ports",
                    title,
                    f"对外监听：{where}；其余仅本机可达",
                    f"open to the network: {where}; all others loopback",
                )
            ]
        return [ok("ports", title, "仅本机可达", "all on loopback only")]
    taken = taken_ports(settings, services.wanted(settings, simulated=settings.demo))
    return [
        wrong(
            "ports",
            title,
            {"zh": words, "en": words},
            {"zh": "见 dealerline.example.toml", "en": "see dealerline.example.toml"},
        )
        for words in taken
    ] or [ok("ports", title, "全部空闲", "all are free")]


def address(settings: Settings) -> list[Finding]:
    """Browsers give the microphone only to localhost and to TLS."""
    title = {"zh": "麦克风与访问地址", "en": "Address and microphone"}
    if settings.tls or settings.host in ("localhost", "127.0.0.1", "::1"):
        return [
            ok(
                "address",
                title,
                f"{settings.origin}，浏览器允许使用麦克风",
                f"{settings.origin}: browsers give the microphone there",
            )
        ]
    return [
        wrong(
            "address",
            title,
            {
                "zh": f"{settings.origin} 不安全，浏览器不会给麦克风",
                "en": f"{settings.origin} is not safe: browsers give no microphone",
            },
            {"zh": "用 --host 启动以启用 TLS", "en": "start with --host, which turns TLS on"},
        )
    ]


def certificate(settings: Settings) -> list[Finding]:
    title = {"zh": "证书", "en": "Certificate"}
    if not settings.tls:
        return [ok("certificate", title, "localhost 不需要", "none needed for localhost")]
    own = {"zh": "更换 tls_cert 与 tls_key 所指的证书", "en": "replace the certificate that tls_cert and tls_key name"}
    try:
        pair = certificates.certificate(settings)
        found = certificates.read(pair.chain)
    except certificates.CertificateError as error:
        return [wrong("certificate", title, {"zh": str(error), "en": str(error)}, own)]
    days = (found.not_valid_after_utc - datetime.now(UTC)).days
    if days < 0:
        return [wrong("certificate", title, {"zh": f"{-days} 天前已过期", "en": f"expired {-days} days ago"}, own)]
    if not certificates.covers(found, settings.host):
        return [
            wrong("certificate", title, {"zh": f"不包含 {settings.host}", "en": f"does not name {settings.host}"}, own)
        ]
    if not pair.own:
        return [
            note(
                "certificate",
                title,
                f"自签名，浏览器会提示一次；剩余 {days} 天",
                f"self-signed, browsers warn once; {days} days left",
            )
        ]
    if days < 14:
        return [wrong("certificate", title, {"zh": f"{days} 天后过期", "en": f"expires in {days} days"}, own)]
    return [ok("certificate", title, f"有效，剩余 {days} 天", f"good for {days} days")]
