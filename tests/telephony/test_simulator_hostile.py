"""What the internet sends to a SIP port does not harm the centre: afterwards a caller still gets through."""

from __future__ import annotations

import random
import socket

from tests.telephony.harness import SALES, Centre, Telephones, until

BRANCH = "z9hG4bK-hostile"


def invite(centre: Centre, *, to: str = "02388880001", length: str = "", extra: str = "", body: str = "") -> bytes:
    """An INVITE as text, to be bent by the tests."""
    head = [
        f"INVITE sip:{to}@127.0.0.1:{centre.settings.sip_port} SIP/2.0",
        f"Via: SIP/2.0/UDP 127.0.0.1:9;branch={BRANCH}", "From: <sip:attacker@127.0.0.1>;tag=1",
        f"To: <sip:{to}@127.0.0.1>", f"Call-ID: {random.random()}", "CSeq: 1 INVITE",
        "Contact: <sip:attacker@127.0.0.1:9>", "Max-Forwards: 70", *([extra] if extra else []),
        f"Content-Length: {length or len(body)}", "", body,
    ]
    return "\r\n".join(head).encode()


def torments(centre: Centre) -> list[bytes]:
    """Malformed datagrams in the manner of RFC 4475."""
    dice = random.Random(4475)
    whole = invite(centre)
    sdp = "Content-Type: application/sdp"
    return [
        b"", b"\0" * 1500, b"\r\n" * 700, b"SIP/2.0 200 OK\r\n\r\n", b"INVITE\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", whole.replace(b"SIP/2.0\r\n", b"SIP/7.0\r\n"),
        whole.replace(b"CSeq: 1", b"CSeq: 99999999999"), whole.replace(b"INVITE", "邀请".encode()),
        whole.replace(b";tag=1", b";tag="), invite(centre, to="%00%ff%0d%0a"), invite(centre, to="A" * 1200),
        *(invite(centre, length=length) for length in ("-999", "99999999999999999999", "0x20")),
        *(invite(centre, extra=extra) for extra in ("Via: " * 200, "Max-Forwards: 0", ": no name", "X" * 900)),
        invite(centre, extra='Authorization: Digest username="' + "%n" * 300 + '"'),
        invite(centre, extra=sdp, body="v=0\r\nm=audio 99999999 RTP/AVP 0\r\n"),
        invite(centre, extra=sdp, body="v=0\r\no=- x y IN IP4 300.300.300.300\r\nm=audio\r\n"),
        *(bytes(dice.randrange(256) for _ in range(400)) for _ in range(20)),
        *(whole[:dice.randrange(len(whole))] for _ in range(20)),
        *(bytes(dice.randrange(256) if dice.random() < 0.03 else byte for byte in whole) for _ in range(40)),
    ]


def register(centre: Centre, user: str) -> str:
    """The status line that a scanner gets for a REGISTER without a password."""
    port = centre.settings.sip_port
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as scanner:
        scanner.bind(("127.0.0.1", 0))
        scanner.settimeout(5)
        here = scanner.getsockname()[1]
        head = [f"REGISTER sip:127.0.0.1:{port} SIP/2.0", f"Via: SIP/2.0/UDP 127.0.0.1:{here};branch={BRANCH}{user}",
                f"From: <sip:{user}@127.0.0.1>;tag=1", f"To: <sip:{user}@127.0.0.1>", f"Call-ID: {user}-{here}",
                "CSeq: 1 REGISTER", f"Contact: <sip:{user}@127.0.0.1:{here}>", "Max-Forwards: 70",
                "Content-Length: 0", "", ""]
        scanner.sendto("\r\n".join(head).encode(), ("127.0.0.1", port))
        return scanner.recv(4000).decode().split("\r\n")[0]


async def test_malformed_sip_does_not_take_the_centre_down(telephones: Telephones, centre: Centre) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as attacker:
        attacker.bind(("127.0.0.1", 0))
        for datagram in torments(centre):
            attacker.sendto(datagram, ("127.0.0.1", centre.settings.sip_port))
    with socket.create_connection(("127.0.0.1", centre.settings.sip_port)) as stream:
        stream.sendall(b"INVITE sip:x SIP/2.0\r\nContent-Length: 100000000\r\n\r\n" + b"\xff" * 2000)
    # A bent INVITE that can still be read is a call, from the carrier's address, that nobody acknowledges: until
    # Asterisk gives it up, half a minute later, it may take one agent. The other is there for the caller.
    for person in (1, 2):
        await telephones.agent(person)
    caller = await telephones.ring(SALES)
    await telephones.hears(caller, 600)
    assert centre.processes["asterisk"].poll() is None


async def test_nobody_registers_without_the_password(telephones: Telephones, centre: Centre) -> None:
    await until(lambda: "401" in register(centre, "phone-1"), what="the account is there")
    # From loopback the carrier's address is known, so an unknown name is the carrier's; it must not register either.
    assert not register(centre, "phone-999").startswith("SIP/2.0 2")
