"""The runtime's rules that need neither a process nor the network."""

from __future__ import annotations

import json
import os
import stat
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dealerline.runtime import (
    certificates,
    debian,
    doctor,
    edge,
    examine_machine,
    nodes,
    pages,
    pip_settings,
    plan,
    secrets,
    sipcall,
)
from dealerline.runtime.account import Account
from dealerline.runtime.asterisk import TEMPLATES, TemplateError, render
from dealerline.runtime.logs import LogFile, plain, tail
from dealerline.runtime.nodes import Child, Job, PlanError
from dealerline.runtime.paths import write_file
from dealerline.settings import Settings, SettingsError, load


def _settings(folder: Path, **changes: object) -> Settings:
    return replace(Settings(data=folder / "data", cache=folder / "cache"), **changes)  # type: ignore[arg-type]


def _child(name: str, *needs: str) -> Child:
    return Child(name, {"zh": name, "en": name}, ["true"], needs=needs)


# plan -----------------------------------------------------------------------------------------------------------------
def test_the_first_death_is_answered_at_once_and_later_ones_ever_more_slowly() -> None:
    pauses = [nodes.back_off(deaths) for deaths in range(1, 12)]
    assert pauses[0] == 0
    assert pauses == sorted(pauses)
    assert pauses[-1] == nodes.BACK_OFF[-1]


def test_a_plan_with_a_circle_a_stranger_or_a_twin_is_refused() -> None:
    with pytest.raises(PlanError, match="a -> b -> a"):
        nodes.check_plan([_child("a", "b"), _child("b", "a")])
    with pytest.raises(PlanError, match="needs x"):
        nodes.check_plan([_child("a", "x")])
    with pytest.raises(PlanError, match="twice"):
        nodes.check_plan([_child("a"), _child("a")])


def test_what_all_stand_on_is_stopped_last_also_when_a_job_lies_between() -> None:
    async def nothing(_: object) -> str:
        return ""

    records = Job("records", {"zh": "", "en": ""}, nothing, needs=("postgres",))
    plan_ = [_child("postgres"), records, _child("web", "records"), _child("edge", "web")]
    waves = [[child.name for child in wave] for wave in nodes.stop_waves(plan_)]
    assert waves == [["edge"], ["web"], ["postgres"]]


# settings -------------------------------------------------------------------------------------------------------------
def test_the_childrens_settings_file_reads_back_to_the_same_settings(tmp_path: Path) -> None:
    given = _settings(tmp_path, host='say "hi"\\', tls_cert="/证书.pem", demo=True, http_port=9, database_url="postgresql://a@b/c")
    path = tmp_path / "settings.toml"
    path.write_text(plan.as_toml(given), encoding="utf-8")
    assert load({"DEALERLINE_CONFIG": str(path)}) == given


def test_the_example_file_names_only_settings_that_exist_with_their_real_defaults(tmp_path: Path) -> None:
    example = (Path(__file__).parents[2] / "dealerline.example.toml").read_text(encoding="utf-8")
    lines = [line[2:] for line in example.splitlines() if line.startswith("# ") and " = " in line
             and line[2:].split(" = ")[0].isidentifier()]
    path = tmp_path / "dealerline.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    changed = {"data", "cache", "database_url", "asterisk_url", "asterisk_password", "ami_address"}
    read = load({"DEALERLINE_CONFIG": str(path)})
    usual = load({"DEALERLINE_CONFIG": "/dev/null"}) if Path("/dev/null").is_file() else _settings(tmp_path)
    for line in lines:
        name = line.split(" = ")[0]
        if name not in changed:
            assert getattr(read, name) == getattr(usual, name), name


def test_an_unknown_setting_is_named(tmp_path: Path) -> None:
    path = tmp_path / "dealerline.toml"
    path.write_text("htp_port = 1\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="htp_port"):
        load({"DEALERLINE_CONFIG": str(path)})


# templates ------------------------------------------------------------------------------------------------------------
def test_a_template_with_a_value_nobody_gave_names_file_and_value() -> None:
    with pytest.raises(TemplateError, match=r"pjsip\.conf: no value for @NOBODY@"):
        render("bind = @NOBODY@", {}, "pjsip.conf")


def test_nginx_serves_tls_exactly_when_a_browser_needs_it(tmp_path: Path) -> None:
    template = (TEMPLATES / "nginx" / "nginx.conf").read_text(encoding="utf-8")
    local = render(template, edge.values(_settings(tmp_path), tmp_path), "nginx.conf")
    assert "listen 127.0.0.1:8080;" in local
    assert "ssl_certificate" not in local
    named = render(template, edge.values(_settings(tmp_path, host="call.example"), tmp_path), "nginx.conf")
    assert "listen 127.0.0.1:8080 ssl;" in named
    assert "ssl_certificate_key" in named


def test_a_folder_name_that_nginx_would_read_as_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="without spaces and signs"):
        edge.values(_settings(tmp_path / "a $b"), tmp_path)


# secrets, certificates ------------------------------------------------------------------------------------------------
def test_secrets_are_made_once_closed_to_others_and_never_changed(tmp_path: Path) -> None:
    made = secrets.make_secrets(tmp_path / "secrets")
    before = {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}
    assert set(made) == set(before) == {*secrets.NAMES, secrets.SETUP}
    assert len(set(before.values())) == len(before)
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "secrets").iterdir()} == {0o600}
    (tmp_path / "secrets" / "ari").unlink()
    assert secrets.make_secrets(tmp_path / "secrets") == ["ari"]
    after = {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}
    assert {k: v for k, v in after.items() if k != "ari"} == {k: v for k, v in before.items() if k != "ari"}


def test_a_self_signed_certificate_names_the_host_and_is_kept_until_the_host_changes(tmp_path: Path) -> None:
    first = certificates.certificate(_settings(tmp_path, host="call.example"))
    kept = first.chain.read_bytes()
    found = certificates.read(first.chain)
    assert certificates.covers(found, "call.example")
    assert not certificates.covers(found, "other.example")
    assert stat.S_IMODE(first.key.stat().st_mode) == 0o600
    assert certificates.certificate(_settings(tmp_path, host="call.example")).chain.read_bytes() == kept
    again = certificates.certificate(_settings(tmp_path, host="192.0.2.7"))
    assert certificates.covers(certificates.read(again.chain), "192.0.2.7")


def test_half_a_certificate_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(certificates.CertificateError, match="belong together"):
        certificates.certificate(_settings(tmp_path, host="call.example", tls_cert="/a.pem"))


# logs -----------------------------------------------------------------------------------------------------------------
def test_logs_are_json_lines_that_turn_over_and_keep_a_line_cut_in_two_whole(tmp_path: Path) -> None:
    log = LogFile(tmp_path, "web", limit=2000, keep=2)
    log.feed(b"half a ")
    log.feed('line: 完\n{"at": 1, "text": "already JSON"}\n'.encode())
    lines = [json.loads(line) for line in (tmp_path / "web.log").read_text(encoding="utf-8").splitlines()]
    assert [line["text"] for line in lines] == ["half a line: 完", "already JSON"]
    for number in range(200):
        log.line(f"line {number}")
    log.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["web.log", "web.log.1", "web.log.2"]
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 3 * 2300
    assert "line 199" in (tail(tmp_path / "web.log", 1) or tail(tmp_path / "web.log.1", 1))[0]


def test_a_log_line_is_shown_in_plain_words_whoever_wrote_it() -> None:
    assert plain('{"at": "2026-11-22T03:09:58.403+00:00", "message": "hello"}') == "03:09:58 hello"
    assert plain('{"at": 0.5, "text": "hello"}') == "00:00:00 hello"
    assert plain("no JSON at all") == "no JSON at all"
    assert plain("[1, 2]") == "[1, 2]"


def test_a_file_is_replaced_whole_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    write_file(tmp_path / "a.json", "one", 0o600)
    write_file(tmp_path / "a.json", "two", 0o640)
    assert (tmp_path / "a.json").read_text() == "two"
    assert stat.S_IMODE((tmp_path / "a.json").stat().st_mode) == 0o640
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


# where packages come from ---------------------------------------------------------------------------------------------
def test_pips_own_places_are_told_to_uv() -> None:
    listed = ("global.index-url='https://mirror.example/simple'\nglobal.extra-index-url='file:///a file:///b'\n"
              ":env:.find-links='/wheels'\nglobal.no-index='true'\nnonsense\n")
    assert pip_settings.assignments(listed) == {
        "UV_INDEX_STRATEGY": "unsafe-best-match", "UV_DEFAULT_INDEX": "https://mirror.example/simple",
        "UV_INDEX": "file:///a file:///b", "UV_FIND_LINKS": "/wheels", "UV_NO_INDEX": "1"}


def test_the_newer_debian_is_looked_for_where_the_machine_has_its_main_archive() -> None:
    rows = [["http://mirror.example/debian-security/", "main", "bookworm-security", "/k.gpg"],
            ["http://mirror.example/debian/", "main", "bookworm-updates", "/k.gpg"],
            ["http://mirror.example/debian/", "contrib", "bookworm", "/k.gpg"],
            ["http://mirror.example/debian/", "main", "bookworm", "/k.gpg"],
            ["http://mirror.example/debian/", "main", "bookworm", "/k.gpg"],
            ["https://packages.example/cloud", "main", "cloud-sdk", "/other.gpg"], ["short"]]
    assert list(debian._choose(rows)) == [debian.Source("http://mirror.example/debian/", "/k.gpg")]


def test_a_fetch_knows_all_its_packages_and_how_much_of_them_is_here(tmp_path: Path) -> None:
    sizes = debian._listed(
        "Reading package lists...\n"
        "'http://mirror.example/debian/pool/main/a/asterisk/asterisk_22.5.2%7edfsg-1_amd64.deb' "
        "asterisk_1%3a22.5.2~dfsg-1_amd64.deb 2000 SHA256:00\n"
        "'http://mirror.example/it's/sox_14.4_amd64.deb' sox_14.4_amd64.deb 1000 \n"
    )
    assert sizes == {"asterisk_1%3a22.5.2~dfsg-1_amd64.deb": 2000, "sox_14.4_amd64.deb": 1000}
    (tmp_path / "partial").mkdir()
    assert debian._bytes_here(tmp_path, sizes) == 0
    (tmp_path / "partial" / "asterisk_1%3a22.5.2~dfsg-1_amd64.deb").write_bytes(bytes(700))
    (tmp_path / "sox_14.4_amd64.deb").write_bytes(bytes(1000))
    (tmp_path / "sox_14.3_amd64.deb").write_bytes(bytes(5000))  # of an earlier day
    assert debian._bytes_here(tmp_path, sizes) == 1700


def test_an_interrupted_fetch_still_unpacks_what_had_come_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """apt lists only what is missing here: asked carelessly, half the packages would be forgotten."""
    asked: list[list[str]] = []

    def apt(command: list[str], problem: str) -> str:
        asked.append(command)
        return ""

    monkeypatch.setattr(debian, "_apt", apt)
    debian._sizes(debian._options(tmp_path), tmp_path)
    folders = [option for option in asked[0] if option.startswith("Dir::Cache::archives=")]
    assert not list(Path(folders[-1].partition("=")[2]).glob("*.deb"))
    assert folders[-1] != folders[0]


def test_children_may_keep_byte_code_even_where_a_container_forbids_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    settings = _settings(tmp_path)
    settings.run.mkdir(parents=True)
    me = Account("me", os.getuid(), os.getgid(), False)
    made = plan.environment(settings, me, tmp_path, sys.executable)
    assert "PYTHONDONTWRITEBYTECODE" not in made
    assert made["PYTHONPYCACHEPREFIX"] == str(settings.cache / "pycache")


def test_pages_are_built_again_when_a_source_changes_and_not_when_a_package_is_installed(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.ts").write_text("1")
    first = pages.digest(tmp_path)
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / "x.js").write_text("x")
    assert pages.digest(tmp_path) == first
    (tmp_path / "src" / "a.ts").write_text("2")
    assert pages.digest(tmp_path) != first


# the doctor's ear -----------------------------------------------------------------------------------------------------
def test_alaw_brings_a_tone_through_and_hears_no_other() -> None:
    sound = sipcall.tone(1004, 1.0)
    through = sipcall.from_alaw(sipcall.to_alaw(sound))
    assert sipcall.level(through, 1004) == pytest.approx(-12, abs=0.3)
    assert sipcall.level(through, 700) < -50
    assert sipcall.level(np.zeros(0), 1004) == -120


def test_alaw_agrees_with_the_standard_at_its_corners() -> None:
    # G.711: silence is 0xD5, the loudest positive value 0xAA, the loudest negative 0x2A.
    assert sipcall.to_alaw(np.array([0.0, 1.0, -1.0])) == bytes([0xD5, 0xAA, 0x2A])


def test_the_doctor_survives_a_check_that_fails_itself_and_says_how_to_mend_it(tmp_path: Path) -> None:
    def broken(_: Settings) -> list[doctor.Finding]:
        raise RuntimeError("no such thing")

    found = doctor.examine(_settings(tmp_path), [broken, examine_machine.clock])
    assert found[0].result == "wrong"
    assert "no such thing" in found[0].text["en"]
    assert found[0].mend
    assert found[1].check == "clock"


def test_the_doctor_names_a_time_zone_and_a_full_disk(tmp_path: Path) -> None:
    tmp_path.joinpath("data").mkdir()
    sick = _settings(tmp_path, timezone="Mars/Base", min_free_mb=10**9)
    found = doctor.examine(sick, [examine_machine.clock, examine_machine.disk])
    assert [finding.result for finding in found] == ["wrong", "wrong"]
    assert "Mars/Base" in found[0].text["zh"]
    assert all(finding.mend and set(finding.mend) == {"zh", "en"} for finding in found)


def test_a_name_that_is_not_localhost_is_reached_by_tls_and_so_gives_the_microphone(tmp_path: Path) -> None:
    [found] = examine_machine.address(_settings(tmp_path, host="call.example"))
    assert found.result == "ok"
    assert "https://call.example:8080" in found.text["en"]
