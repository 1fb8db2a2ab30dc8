"""Fixtures of telephone tests: real Asterisks, real sound. See harness.py and tones.py."""

from __future__ import annotations

import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from dealerline.runtime.asterisk import Asterisk
from dealerline.settings import load
from simulator.asterisk import TRUNK, derived_password
from tests.telephony.ears import Clock
from tests.telephony.harness import CHECKOUT, Centre, Telephones, environment
from tests.telephony.scene import Scene


@pytest.fixture(scope="session")
def cache() -> Path:
    """Where the unpacked Debian tree is."""
    folder = load().cache
    if not (folder / "debroot/usr/sbin/asterisk").exists():
        pytest.fail(f"no Asterisk in {folder}/debroot: run ./dealerline up once, or set DEALERLINE_CACHE")
    return folder


@pytest.fixture(scope="session")
def centre(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    """Asterisk, switch and outside world, for the whole session."""
    made = Centre(tmp_path_factory.mktemp("centre"), cache)
    try:
        made.start("asterisk", "carrier")
        made.start("switch")
        yield made
    finally:
        made.stop()


@pytest.fixture
async def telephones(centre: Centre) -> AsyncIterator[Telephones]:
    """Everybody who telephones in one test; all hang up at its end."""
    everybody = Telephones(centre)
    try:
        yield await everybody.open()
    finally:
        await everybody.close()


@pytest.fixture(scope="session")
def plain_centre(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    """A centre without Dealerline: an Asterisk with a few lines of dialplan, and the outside world."""
    made = Centre(tmp_path_factory.mktemp("plain"), cache)
    settings = made.settings
    values = {"HEARD": str(settings.data), "CARRIER_PORT": str(settings.carrier_sip_port), "AMI_SECRET": "",
              "TRUNK": TRUNK, "TRUNK_SECRET": derived_password(settings, "sip", TRUNK),
              "PHONE_SECRET": derived_password(settings, "sip", "phone-3")}
    templates = Path(__file__).parent / "plain_centre"
    asterisk = Asterisk(settings, settings.data / "plain", templates=templates, values=values)
    asterisk.write_config()
    with (settings.logs / "plain.log").open("ab") as log:
        made.processes["plain"] = subprocess.Popen(
            asterisk.command(), cwd=CHECKOUT, env=os.environ | environment(settings), stdin=subprocess.DEVNULL,
            stdout=log, stderr=log, start_new_session=True)
    try:
        made.start("carrier")
        yield made
    finally:
        made.stop()


@pytest.fixture
async def outside(plain_centre: Centre) -> AsyncIterator[Telephones]:
    """Everybody who telephones with the plain centre."""
    everybody = Telephones(plain_centre)
    try:
        yield await everybody.open()
    finally:
        await everybody.close()


@pytest.fixture
async def scene(telephones: Telephones) -> AsyncIterator[Scene]:
    """One conversation to be played in that centre."""
    clock = Clock(telephones.world)
    try:
        yield Scene(telephones, clock)
    finally:
        await clock.close()
