"""The SIP request that asks a carrier whether it is there, and its answers."""

from __future__ import annotations

from dealerline.apps.setup.logic.reach import options_request, status_of


def test_the_request_is_sip_as_the_standard_writes_it() -> None:
    text = options_request("sip.example.net", 5060, "udp", ("192.0.2.7", 40000)).decode()
    head, _, body = text.partition("\r\n\r\n")
    lines = head.split("\r\n")
    names = {line.split(":")[0] for line in lines[1:]}
    assert lines[0] == "OPTIONS sip:sip.example.net:5060 SIP/2.0"
    assert names >= {"Via", "Max-Forwards", "From", "To", "Call-ID", "CSeq", "Contact"}
    assert "rport" in head
    assert body == ""


def test_an_address_of_version_six_is_bracketed() -> None:
    text = options_request("sip.example.net", 5060, "tcp", ("2001:db8::7", 40000)).decode()
    assert "SIP/2.0/TCP [2001:db8::7]:40000" in text


def test_only_sip_answers_count() -> None:
    assert status_of(b"SIP/2.0 403 Forbidden\r\nVia: x\r\n\r\n") == 403
    assert status_of(b"HTTP/1.1 400 Bad Request\r\n\r\n") is None
    assert status_of(b"") is None
    assert status_of(b"SIP/2.0 xyz\r\n") is None
