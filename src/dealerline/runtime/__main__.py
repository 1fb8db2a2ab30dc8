"""``./dealerline COMMAND`` ends here. Imports are late: ``down`` and ``status`` run without our packages."""

from __future__ import annotations

import sys

from dealerline.runtime import texts
from dealerline.settings import SettingsError


def main(arguments: list[str]) -> int:
    name, rest = (arguments[0], arguments[1:]) if arguments else ("help", [])
    lang = texts.language()
    if name in ("help", "-h", "--help"):
        print(texts.HELP[lang])
        return 0
    from dealerline.runtime import commands

    command = commands.COMMANDS.get(name)
    if command is None:
        print(texts.say(texts.UNKNOWN, lang, command=name), file=sys.stderr)
        print(texts.HELP[lang], file=sys.stderr)
        return 2
    try:
        return command(rest)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
