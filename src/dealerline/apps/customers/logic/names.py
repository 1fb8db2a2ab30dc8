"""Names for searching and sorting: pinyin whole and by initials."""

from __future__ import annotations

from functools import lru_cache

SEARCHED_AT_MOST = 800
SORTED_AT_MOST = 200

# As a surname read otherwise than as a word. A company is no surname: 单 of 单县 stays dān, so only short names count.
SURNAMES = {
    "万俟": ("mo4", "qi2"), "尉迟": ("yu4", "chi2"), "单于": ("chan2", "yu2"), "长孙": ("zhang3", "sun1"),
    "单": ("shan4",), "仇": ("qiu2",), "解": ("xie4",), "查": ("zha1",), "曾": ("zeng1",), "朴": ("piao2",),
    "区": ("ou1",), "华": ("hua4",), "任": ("ren2",), "盖": ("ge3",), "翟": ("zhai2",), "乐": ("yue4",),
    "员": ("yun4",), "缪": ("miao4",), "冼": ("xian3",), "召": ("shao4",), "繁": ("po2",), "秘": ("bi4",),
    "折": ("she2",), "洗": ("xian3",), "尹": ("yin3",), "覃": ("qin2",), "牟": ("mu4",), "谌": ("chen2",),
    "晟": ("cheng2",), "燕": ("yan1",), "宁": ("ning4",), "占": ("zhan1",), "都": ("du1",), "重": ("chong2",),
    "种": ("chong2",), "褚": ("chu3",), "曲": ("qu1",), "俞": ("yu2",), "臧": ("zang1",), "逄": ("pang2",),
}
LONGEST_PERSON = 4


@lru_cache(maxsize=20_000)  # an import has the same names again and again, and asks twice of each
def _syllables(name: str) -> tuple[str, ...]:
    """The syllables of a name with their tones (``zhang1``); what is no Chinese stays as it is, in small."""
    # Its dictionaries cost every process of ours that knows customers 0.2 s and 50 MB: only who writes a name pays.
    from pypinyin import Style, pinyin

    def read(text: str) -> list[str]:
        return [part[0] for part in pinyin(text, style=Style.TONE3, neutral_tone_with_five=True)]

    for length in (2, 1):
        reading = SURNAMES.get(name[:length])
        if reading and length < len(name) <= LONGEST_PERSON:
            return (*reading, *read(name[length:]))
    return tuple(read(name))


def _bare(syllable: str, written: bool) -> str:
    """Without its tone, if it is a syllable at all."""
    return syllable[:-1] if not written and syllable[-1:].isdigit() else syllable


def pinyin_of(name: str) -> str:
    """``张三`` -> ``zhangsan zs``; other letters stay, in small. At most 800 characters.

    A name without Chinese has one reading only: ``tom``, not ``tom t``.
    """
    syllables = _syllables(name)
    bare = [_bare(part, part in name) for part in syllables]
    initials = [text if part in name else text[:1] for part, text in zip(syllables, bare, strict=True)]
    clean = ["".join(c for c in "".join(text).lower() if c.isalnum() or c == " ") for text in (bare, initials)]
    return " ".join(dict.fromkeys(clean))[:SEARCHED_AT_MOST]


def sort_key(name: str) -> str:
    """What names are sorted by, byte by byte: ``张三`` -> ``zhang1 san1``.

    So Zhang is before Zhong, all who are called Zhang are together by the next syllable, and 李 of the third tone is
    behind 离 of the second. Names in letters stand among them, and what has neither letters nor digits comes last.
    """
    parts = ["".join(c if c.isalnum() else " " for c in part.lower()) for part in _syllables(name)]
    key = " ".join(" ".join(parts).split())[:SORTED_AT_MOST]
    return key or "~"
