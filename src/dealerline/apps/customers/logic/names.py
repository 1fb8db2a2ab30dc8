"""Names for searching and sorting: pinyin whole and by initials."""

from __future__ import annotations

from pypinyin import Style, pinyin


def pinyin_of(name: str) -> str:
    """``张三`` -> ``zhangsan zs``; other letters stay, in small. At most 200 characters."""
    whole = "".join(part[0] for part in pinyin(name, style=Style.NORMAL))
    initials = "".join(part[0] for part in pinyin(name, style=Style.FIRST_LETTER))
    clean = ["".join(c for c in text.lower() if c.isalnum() or c == " ") for text in (whole, initials)]
    return " ".join(dict.fromkeys(clean))[:200]
