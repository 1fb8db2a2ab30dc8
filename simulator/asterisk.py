"""The outside world's Asterisk: its folders, its hand-written configuration, its console.

``python -m simulator.asterisk`` writes the configuration into ``settings.data/carrier`` and becomes Asterisk. It
listens on loopback only. Its one peer is the centre, by address (``centre``) or by registration (``trunk``); whatever
number the centre dials ends in the Stasis application ``outside``, where the control service plays the called person.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from dealerline.domain import sip
from dealerline.runtime.asterisk import Asterisk
from dealerline.settings import Settings, SettingsError, load

APP = "outside"  # the Stasis application of the control service
TRUNK = "trunk"  # the account a carrier of the centre may register with, instead of being known by address
TEMPLATES = Path(__file__).resolve().parent / "templates"


def derived_password(settings: Settings, secret: str, name: str) -> str:
    """A password made from one of the centre's secrets, so that nothing more has to be stored: 32 hex digits."""
    return sip.password(settings.secret(secret), name)


def ari_password(settings: Settings) -> str:
    """What the control service shows to the outside world's Asterisk."""
    return derived_password(settings, "ari", APP)


def ari_url(settings: Settings) -> str:
    return f"http://127.0.0.1:{settings.carrier_http_port}/ari"


def heard_folder(settings: Settings) -> Path:
    """A pair of files a party: ``<party>-heard.wav`` (what reached his ear) and ``<party>-said.wav`` (what he sent)."""
    return settings.data / "carrier" / "heard"


def outside_asterisk(settings: Settings) -> Asterisk:
    """The Asterisk of the outside world; raises SettingsError when the centre's secrets were never made."""
    values = {
        "HTTP_PORT": str(settings.carrier_http_port), "SIP_PORT": str(settings.carrier_sip_port),
        "CENTRE_PORT": str(settings.sip_port), "RTP_START": str(settings.carrier_rtp_start),
        "RTP_END": str(settings.carrier_rtp_end), "HEARD": str(heard_folder(settings)), "APP": APP, "USER": APP,
        "ARI_SECRET": ari_password(settings), "AMI_SECRET": "", "TRUNK": TRUNK,
        "TRUNK_SECRET": derived_password(settings, "sip", TRUNK),
    }
    return Asterisk(settings, settings.data / "carrier", templates=TEMPLATES, values=values)


def main() -> int:
    """Write the configuration and become Asterisk; never returns when all is well."""
    try:
        settings = load()
        asterisk = outside_asterisk(settings)
        heard_folder(settings).mkdir(parents=True, exist_ok=True)
        asterisk.write_config()
        command = asterisk.command()
        os.execv(command[0], command)
    except (SettingsError, OSError) as error:
        sys.stderr.write(f"{error}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
