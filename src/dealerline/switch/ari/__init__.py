"""Asterisk as the switch sees it: ``Ari`` (events and requests on one WebSocket) and ``Manager`` (recorders)."""

from dealerline.switch.ari.client import Ari, quietly
from dealerline.switch.ari.errors import AmiError, AriError, AriLost, AriTimeout
from dealerline.switch.ari.manager import Manager

__all__ = ["AmiError", "Ari", "AriError", "AriLost", "AriTimeout", "Manager", "quietly"]
