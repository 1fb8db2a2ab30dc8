"""How written text is read aloud."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealerline.speech import lexicon
from dealerline.speech.numbers import cardinal, decimal, spell
from dealerline.speech.text import language_of, normalise, sentences

MANDARIN = [
    # telephone numbers: digit by digit, 1 as 幺, in the groups people use
    ("请拨13812345678", "请拨幺三八，幺二三四，五六七八"),
    ("请拨+86 138 1234 5678", "请拨幺三八，幺二三四，五六七八"),
    ("请拨400-810-1234", "请拨四零零，八幺零，幺二三四"),
    ("021-62345678", "零二幺，六二三四，五六七八"),
    ("0571-87654321", "零五七幺，八七六五，四三二幺"),
    ("请拨打95518", "请拨打九五五幺八"),
    ("拨打110或12315", "拨打幺幺零或幺二三幺五"),
    # money
    ("指导价128800元", "指导价十二万八千八百元"),
    ("128,800元", "十二万八千八百元"),
    ("¥658.00", "六百五十八元"),
    ("￥12.5万", "十二点五万元"),
    ("12.88万元", "十二点八八万元"),
    ("2000元", "两千元"),
    # dates and times
    ("2026年11月28日", "二零二六年十一月二十八日"),
    ("2026-11-28", "二零二六年十一月二十八日"),
    ("2026/1/2", "二零二六年一月二日"),
    ("9:30", "九点半"),
    ("18:05", "十八点零五分"),
    ("14:00", "十四点"),
    ("2点", "两点"),
    ("9:30-18:00", "九点半到十八点"),
    ("上午 8 点半", "上午八点半"),
    # plates, order numbers, chassis numbers, models
    ("京A88888", "京诶，八八八八八"),
    ("粤B·12345", "粤比，幺二三四五"),
    ("沪AD12345", "沪诶，迪幺二三四五"),
    ("订单号 0236", "订单号零二三六"),
    ("工单号：WX01", "工单号：达不溜艾克斯零幺"),
    ("尾号5678", "尾号五六七八"),
    ("LSVAA4182E2123456", "艾勒艾斯维诶诶四幺八二伊二幺二三四五六"),
    ("小米SU7", "小米SU七"),
    ("奥迪A6L", "奥迪诶六艾勒"),
    # shares, discounts, ranges, units
    ("50%", "百分之五十"),
    ("3.5折", "三点五折"),
    ("85折", "八五折"),
    ("3-5天", "三到五天"),
    ("12,000km", "一万两千公里"),
    ("油箱50L", "油箱五十升"),
    ("-5℃", "负五摄氏度"),
    # keys: a pause before the digit, without which listeners did not catch it
    ("购车请按 1。", "购车请按，一。"),
    ("人工服务请按0。", "人工服务请按，零。"),
    # counting
    ("第 2 位", "第二位"),
    ("2位", "两位"),
    ("约 2 分钟", "约两分钟"),
    ("2号楼", "二号楼"),
    ("20 多位", "二十多位"),
    ("10000000", "一千万"),
    ("007", "零零七"),
]


@pytest.mark.parametrize(("written", "said"), MANDARIN)
def test_mandarin_says(written: str, said: str) -> None:
    assert normalise(written, "zh") == said


ENGLISH = [
    ("Call 13812345678", "Call one three eight, one two three four, five six seven eight"),
    ("at 14:05", "at 2 oh 5 p.m."),
    ("at 9:30", "at 9 30 a.m."),
    ("on 2026-11-28", "on November 28, 2026"),
    ("¥128,800", "128800 yuan"),
    ("12,000 km", "12000 kilometers"),
    ("50%", "50 percent"),
    ("Press 1.", "Press 1."),
    ("Antu, Chaoyang", "Ahn-too, Chow-yahng"),
]


@pytest.mark.parametrize(("written", "said"), ENGLISH)
def test_english_says(written: str, said: str) -> None:
    assert normalise(written, "en") == said


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (0, "零"), (10, "十"), (12, "十二"), (20, "二十"), (101, "一百零一"), (110, "一百一十"), (111, "一百一十一"),
        (200, "两百"), (1010, "一千零一十"), (10010, "一万零一十"), (20002, "两万零二"), (100005, "十万零五"),
        (100000000, "一亿"), (200000000, "两亿"), (100010001, "一亿零一万零一"), (-7, "负七"),
    ],
)  # fmt: skip
def test_numbers_are_counted_the_way_people_count(number: int, said: str) -> None:
    assert cardinal(number) == said


def _read_back(said: str) -> int:
    """An independent reader of Mandarin numerals, to check the writer."""
    digits = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"两": 2}
    total = section = digit = 0
    for char in said:
        if char in digits:
            digit = digits[char]
        elif char in "十百千":
            section += (digit or 1) * {"十": 10, "百": 100, "千": 1000}[char]
            digit = 0
        else:
            scale = {"万": 10**4, "亿": 10**8, "兆": 10**12}[char]
            total += (section + digit) * scale
            section = digit = 0
    return total + section + digit


@given(st.integers(min_value=0, max_value=10**16 - 1))
def test_every_number_reads_back_as_itself(number: int) -> None:
    assert _read_back(cardinal(number)) == number


@given(st.text(max_size=200))
def test_no_text_makes_it_fail_and_mandarin_never_keeps_a_digit(text: str) -> None:
    assert not re.search(r"[0-9]", normalise(text, "zh"))
    normalise(text, "en")


@given(st.from_regex(r"[0-9,.:%\-/年月日点元按第 ]{1,30}", fullmatch=True))
def test_no_jumble_of_numbers_makes_it_fail(text: str) -> None:
    assert not re.search(r"[0-9]", normalise(text, "zh"))


def test_spelled_letters_have_a_mandarin_sound_each() -> None:
    assert spell("A1") == "诶幺"
    assert len(spell("ABCDEFGHIJKLMNOPQRSTUVWXYZ")) >= 26


def test_decimals_keep_their_trailing_digits() -> None:
    assert decimal("12.50") == "十二点五零"


def test_language_tags_of_any_form_are_understood_and_others_refused() -> None:
    assert [language_of(tag) for tag in ("zh", "zh-hans", "zh_CN", "en", "en-GB")] == ["zh", "zh", "zh", "en", "en"]
    with pytest.raises(ValueError, match="fr"):
        language_of("fr")


def test_a_text_is_spoken_sentence_by_sentence() -> None:
    assert sentences("您好。请按，一。") == ["您好。", "请按，一。"]
    assert sentences("Press 1. Thank you, Mr. Li. It is 9 a.m. in B. St. Goodbye.") == [
        "Press 1.", "Thank you, Mr. Li.", "It is 9 a.m. in B. St.", "Goodbye.",
    ]  # fmt: skip


def test_every_entry_of_the_lexicon_has_one_syllable_a_character() -> None:
    for word, said in lexicon.WORDS.items():
        assert len(word) == len(said.split()), word
    phrases = lexicon.phrases()
    assert phrases["重听"] == [["chóng"], ["tīng"]]
    assert phrases["单女士"] == [["shàn"], ["nǚ"], ["shì"]]


@pytest.mark.parametrize(
    ("plain", "marked"),
    [("lv4", "lǜ"), ("gui4", "guì"), ("liu2", "liú"), ("hao3", "hǎo"), ("sheng5", "sheng"), ("zhou1", "zhōu")],
)
def test_tone_marks_sit_on_the_right_vowel(plain: str, marked: str) -> None:
    assert lexicon.marked(plain) == marked


@pytest.mark.parametrize("wrong", ["ting", "", "1", "ting6", "bcd1"])
def test_a_malformed_syllable_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"syllable|vowel"):
        lexicon.marked(wrong)
