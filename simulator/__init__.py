"""The outside world: a private Asterisk that is carrier, customers, outside phones and desk phones, with real audio.

``simulator.asterisk`` writes its configuration and becomes it; ``python -m simulator`` is the control service that
makes it call, speak, press keys and listen; ``simulator.cli`` is ``./dealerline ring`` and ``./dealerline robots``.
"""
