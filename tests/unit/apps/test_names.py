"""Names are found by pinyin and sorted by it: surnames read as surnames, minority names, emoji, single characters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealerline.apps.customers.logic.names import pinyin_of, sort_key


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("张三", "zhangsan zs"),
        ("单雄信", "shanxiongxin sxx"),
        ("单县汽车有限公司", "danxianqicheyouxiangongsi dxqcyxgs"),  # a company has no surname
        ("尉迟恭", "yuchigong ycg"),
        ("曾国藩", "zengguofan zgf"),
        ("买买提·艾力", "maimaitiaili mmtal"),
        ("王", "wang w"),
        ("Daniel Hofmann", "daniel hofmann"),
        ("李😀", "li l"),
        ("😀", ""),
        ("", ""),
    ],
)
def test_a_name_is_found_by_its_pinyin_whole_and_by_initials(name: str, found: str) -> None:
    assert pinyin_of(name) == found


def test_names_sort_as_a_dictionary_does() -> None:
    names = ["钟离", "张三", "李四", "章一", "Alice", "😀", "张", "曾国藩", "厘米", "单雄信"]
    assert sorted(names, key=sort_key) == [
        "Alice",
        "厘米",
        "李四",
        "单雄信",
        "曾国藩",
        "张",
        "张三",
        "章一",
        "钟离",
        "😀",
    ]


@given(st.text(max_size=200))
def test_any_name_has_a_key_that_fits_its_column(name: str) -> None:
    assert 0 < len(sort_key(name)) <= 200
    assert len(pinyin_of(name)) <= 800


def test_a_name_of_120_characters_keeps_its_initials() -> None:
    assert pinyin_of("张" * 120).endswith(" " + "z" * 120)
