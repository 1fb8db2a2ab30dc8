"""What comes in from other systems' lists: kinds of rows, their columns, how a cell becomes a value, what is wrong with
it, and which headings mean which column. Pure: no file is opened here and no table asked.
"""

from dealerline.domain.exchange.cleaning import Cleaned, Fault, clean
from dealerline.domain.exchange.kinds import KINDS, Column, Kind
from dealerline.domain.exchange.mapping import fingerprint, guess, guess_kind, places

__all__ = ["KINDS", "Cleaned", "Column", "Fault", "Kind", "clean", "fingerprint", "guess", "guess_kind", "places"]
