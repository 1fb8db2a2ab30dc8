"""Files as people have them, and files that mean no good."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from openpyxl import Workbook

from dealerline.apps.exchange.logic import reading
from dealerline.apps.exchange.logic.reading import Unreadable, opened

TEXT = '姓名,电话\r\n"张,三",138\r\n\r\n李四,139\r\n'


def workbook(path: Path, rows: list[list[object]]) -> Path:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


def read(path: Path, name: str = "") -> tuple[list[str], list[tuple[int, list[str]]]]:
    with opened(path, name or path.name) as sheet:
        return sheet.headings, list(sheet.rows)


def refused(path: Path, name: str = "") -> str:
    with pytest.raises(Unreadable) as told:
        read(path, name)
    assert told.value.text["zh"] and told.value.text["en"]
    return told.value.code


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
)
def test_whatever_the_characters_are_written_in(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(TEXT.encode(encoding))
    headings, rows = read(path)
    assert headings == ["姓名", "电话"]
    assert [cells for _line, cells in rows] == [["张,三", "138"], ["李四", "139"]]


def test_a_gb18030_file_may_have_a_mark_and_a_quote_that_is_never_closed_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(("\ufeff" + TEXT).encode("gb18030"))
    assert read(path)[0] == ["姓名", "电话"]
    path.write_text('姓名,备注\n张三,"a\nb"\n李四,"c\n王五,d\n赵六,e\n', encoding="utf-8")
    with pytest.raises(Unreadable, match="row 4") as told:
        read(path)
    assert told.value.code == "quote" and "第 4 行" in told.value.text["zh"]
    path.write_text('姓名\n"张三"', encoding="utf-8")
    assert read(path) == (["姓名"], [(2, ["张三"])]), "a last line without an end is none"


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_whatever_parts_the_cells(tmp_path: Path, mark: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f'姓名{mark}电话\n"a{mark}b"{mark}1\n', encoding="utf-8")
    assert read(path) == (["姓名", "电话"], [(2, [f"a{mark}b", "1"])])


def test_a_workbook_with_a_title_over_the_table_and_300_columns(tmp_path: Path) -> None:
    wide = [f"列{n}" for n in range(300)]
    path = workbook(tmp_path / "a.xlsx", [["客户名单", None, None], wide, ["张三", 13812345678, 1.5] + ["x"] * 297])
    headings, rows = read(path)
    assert len(headings) == 300
    assert rows[0][1][:4] == ["张三", "13812345678", "1.5", "x"]


def test_headings_stand_below_titles_and_groups_of_columns(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("客户台账\n制表人：王,日期：2024\n姓名,电话\n张三,1\n", encoding="utf-8")
    assert read(path) == (["姓名", "电话"], [(4, ["张三", "1"])])
    path.write_text("序号,客户信息,,备注\n,姓名,电话,\n1,张三,138,x\n", encoding="utf-8")
    assert read(path) == (["序号", "姓名", "电话", "备注"], [(3, ["1", "张三", "138", "x"])])
    path.write_text("a,b\nname,phone\n", encoding="utf-8")
    assert read(path)[0] == ["name", "phone"]


def test_cells_merged_over_rows_hold_for_each_and_an_empty_sheet_is_passed_over(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.create_sheet("名单")
    for row in (["姓名", "电话", "车牌"], ["张三", 138, "A"], [None, None, "B"], [], ["李四", 139, "C_x000D_\n"]):
        sheet.append(row)
    sheet.merge_cells("A2:A4")
    sheet.merge_cells("B2:B3")
    book.save(tmp_path / "a.xlsx")
    assert read(tmp_path / "a.xlsx")[1] == [
        (2, ["张三", "138", "A"]), (3, ["张三", "138", "B"]), (5, ["李四", "139", "C\n"])]  # fmt: skip
    path = tmp_path / "a.csv"
    path.write_bytes("姓名,备注\nB\x00C,\x00\n".encode("utf-16"))
    assert read(path)[1] == [(2, ["BC", ""])], "no database keeps what is none"


def test_a_formula_is_not_computed_but_told(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", [["姓名", "电话"], ["张三", "=1+1"]])
    assert read(path)[1] == [(2, ["张三", "="])]


def test_a_zip_bomb_is_not_opened(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", [["姓名"], ["张三"]])
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/big.bin", b"0" * (20 * 1024 * 1024))
    assert refused(path) == "bomb"


def test_archives_that_are_no_workbooks_and_workbooks_with_macros_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("hello.txt", "hello")
    assert refused(path) == "no_workbook"
    whole = workbook(tmp_path / "b.xlsx", [["姓名"], ["张三"]])
    with zipfile.ZipFile(whole, "a") as archive:
        archive.writestr("xl/vbaProject.bin", "x")
    assert refused(whole) == "macros"
    assert refused(whole, "b.xlsm") == "macros"


def test_a_torn_workbook_is_refused_not_half_read(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", [["姓名", "电话"], *[[f"张{n}", n] for n in range(200)]])
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert refused(path) == "broken"
    source = zipfile.ZipFile(io.BytesIO(whole))
    with zipfile.ZipFile(path, "w") as archive:
        for part in source.infolist():
            data = source.read(part)
            archive.writestr(part.filename, data[: len(data) // 2] if "sheet1" in part.filename else data)
    assert refused(path) == "broken"


def test_a_list_longer_or_wider_than_the_limits_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.csv"
    monkeypatch.setattr(reading, "MOST_ROWS", 10)
    path.write_text("a,b\n" + "1,2\n" * 11, encoding="utf-8")
    assert refused(path) == "rows"
    path.write_text("a,b\n" + "1," * 600 + "2\n", encoding="utf-8")
    assert refused(path) == "columns"
