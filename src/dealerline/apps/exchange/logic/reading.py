"""Sheets read row by row: CSV in whatever characters it was written, Excel's workbooks. Files are taken for hostile.

The rule of the file: a file is opened only after its outside was looked at, and whatever is wrong with it is a Problem
that says what to change. Limits are of the file, not of the machine's patience: nobody's upload may eat its memory.
"""

from __future__ import annotations

import codecs
import csv
import itertools
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from dealerline.apps.common.errors import Problem
from dealerline.domain.exchange.cleaning import tidy
from dealerline.domain.exchange.mapping import known

MOST_COLUMNS = 500
MOST_ROWS = 300_000
LONGEST_CELL = 32_767  # Excel's own limit
MOST_UNPACKED = 600 * 1024 * 1024
MOST_STRINGS = 150 * 1024 * 1024  # a workbook's table of texts is the one thing that lies in memory whole
MOST_RATIO = 200  # real sheets pack to a tenth or a thirtieth; bombs to a thousandth
SMALL = 10 * 1024 * 1024  # below this much unpacked no ratio is dangerous
MOST_PARTS = 5000
HEADING_AMONG = 6  # rows among which the headings are
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_BLOCK = 1 << 20
_MERGES = b"<mergeCells"
_RANGE = re.compile(rb'<mergeCell ref="([A-Z]{1,3})(\d{1,7}):[A-Z]{1,3}(\d{1,7})"')
MOST_MERGES = 20 * 1024 * 1024
_RETURN = re.compile(r"_x000D_\n?")  # how workbooks write the return of a line break
_END = "\x00end of the file\x00"  # no text has NULs

Row = tuple[int, list[str]]


class Unreadable(Problem):
    """The file cannot be read; what to change stands in the text."""

    def __init__(self, code: str, zh: str, en: str) -> None:
        super().__init__(code, zh, en, fields={"file": {"zh": zh, "en": en}})


@dataclass(slots=True)
class Sheet:
    """An open sheet. ``headings``: of the first row that is not empty; ``rows``: those below, with their numbers."""

    format: str
    encoding: str
    headings: list[str]
    rows: Iterator[Row]
    sheets: list[str] = field(default_factory=list)
    sheet: str = ""


@contextmanager
def opened(path: Path, name: str, sheet: str = "") -> Iterator[Sheet]:
    """The file at ``path`` that its sender called ``name``. Raises Unreadable, also while rows are read."""
    kind = look(path, name)
    if kind == "xlsx":
        with _workbook(path, sheet) as found:
            yield found
    else:
        with _csv(path) as found:
            yield found


def look(path: Path, name: str) -> str:
    """csv or xlsx, by content, which must agree with the name. Raises Unreadable."""
    with path.open("rb") as file:
        head = file.read(8)
    if not head:
        raise Unreadable("empty", "文件是空的。", "The file is empty.")
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    if ending in ("xlsm", "xlsb", "xltm"):
        raise Unreadable("macros", "含宏的工作簿不能导入，请另存为 .xlsx。",
                         "Workbooks with macros are not taken: save it as .xlsx.")
    if head == _OLE:
        raise Unreadable("old_excel", "这是旧版 Excel（.xls）或加密的文件，请去掉密码并另存为 .xlsx 或 .csv。",
                         "This is an old Excel file (.xls) or one with a password: remove the password and save it as "
                         ".xlsx or .csv.")
    zipped = head[:4] == b"PK\x03\x04"
    if ending not in ("csv", "txt", "tsv", "xlsx"):
        raise Unreadable("ending", "只能导入 .xlsx 和 .csv 文件。", "Only .xlsx and .csv files can be imported.")
    if zipped != (ending == "xlsx"):
        if zipped:
            raise Unreadable(
                "wrong_ending",
                f"文件名以 .{ending} 结尾，内容却是 Excel 工作簿或压缩包：如果是工作簿，请改名为 .xlsx。",
                f"The name ends in .{ending}, but the content is an Excel workbook or an archive: if it "
                "is a workbook, rename it to .xlsx.",
            )
        raise Unreadable("wrong_ending", "文件名以 .xlsx 结尾，内容却不是 Excel 工作簿，或已损坏：请重新导出。",
                         "The name ends in .xlsx, but the content is no Excel workbook, or it is damaged: export it "
                         "again.")
    return "xlsx" if zipped else "csv"


# CSV ----------------------------------------------------------------------------------------------------------------
def encoding_of(path: Path) -> str:
    """The characters a text file is written in: its mark decides, else UTF-8 when all of it is, else GB18030."""
    with path.open("rb") as file:
        head = file.read(4096)
    for mark, name in ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
                       (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if head.startswith(mark):
            return name
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if even + odd:  # text without a mark has no NUL, unless every Latin letter and comma has one
        if odd > len(head) // 10 and even == 0:
            return "utf-16-le"
        if even > len(head) // 10 and odd == 0:
            return "utf-16-be"
        raise Unreadable("no_text", "这不是文本文件，请导出为 CSV 或 .xlsx。",
                         "This is no text file: export the list as CSV or .xlsx.")
    for name in ("utf-8", "gb18030"):
        decoder = codecs.getincrementaldecoder(name)()
        try:
            with path.open("rb") as file:
                while block := file.read(_BLOCK):
                    decoder.decode(block)
                decoder.decode(b"", final=True)
            return name
        except UnicodeDecodeError:
            continue
    raise Unreadable("characters", "无法识别文件的字符编码，请另存为 UTF-8 编码的 CSV。",
                     "The characters are neither UTF-8 nor GB18030 nor UTF-16: save the file as CSV in UTF-8.")


@contextmanager
def _csv(path: Path) -> Iterator[Sheet]:
    encoding = encoding_of(path)
    csv.field_size_limit(LONGEST_CELL * 4)
    with path.open(encoding=encoding, newline="") as file:
        try:
            sample = file.read(65_536)
            file.seek(0)
            reader = csv.reader(itertools.chain(file, ("\n", _END)), delimiter=_delimiter(sample))
            rows = _checked(_csv_rows(reader))
            headings, rows = _headings(rows)
        except UnicodeDecodeError as error:
            raise _torn(encoding) from error
        yield Sheet("csv", encoding.replace("-sig", ""), headings, _width(rows, headings))


def _torn(encoding: str) -> Unreadable:
    return Unreadable("characters", f"文件中有不属于 {encoding} 编码的字符，可能已损坏：请重新导出。",
                      f"There are bytes that are no {encoding} in the file; it may be damaged: export it again.")


def _csv_rows(reader: Any) -> Iterator[Row]:
    """Until the end that was put behind the file: inside a cell, a quotation mark has swallowed all rows before it."""
    line = 0
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except UnicodeDecodeError as error:
            raise _torn(error.encoding) from error
        except csv.Error as error:
            raise Unreadable("huge_cell", f"第 {reader.line_num} 行附近无法读取：可能缺少一个引号，或单元格过大。",
                             f"Near line {reader.line_num} the file cannot be read: a quote may be missing, or a cell "
                             "is too large.") from error
        if cells == [_END]:
            return
        if cells and cells[-1].endswith(_END):
            raise Unreadable("quote", f"第 {line + 1} 行有一个引号没有成对，之后的行都读不出来：请修改后重新上传。",
                             f"A quotation mark in row {line + 1} is never closed, and swallows all rows after it: "
                             "mend it and upload the file again.")
        line = reader.line_num
        yield line, cells


def _delimiter(sample: str) -> str:
    """What parts most cells of the first lines, outside quotes."""
    lines = [line for line in sample.splitlines() if line.strip()][:10]
    counts = dict.fromkeys(",\t;|", 0)
    for line in lines:
        quoted = False
        for c in line:
            quoted ^= c == '"'
            if not quoted and c in counts:
                counts[c] += 1
    return max(counts, key=lambda mark: counts[mark])


# Excel --------------------------------------------------------------------------------------------------------------
def _inspect(path: Path) -> None:
    """Raises Unreadable when the archive is broken, locked, or would unpack to too much."""
    broken = Unreadable(
        "broken",
        "工作簿已损坏，无法打开：请重新导出。",
        "The workbook is damaged and cannot be opened: export it again.",
    )
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise broken from error
    if any(part.flag_bits & 1 for part in parts):
        raise Unreadable(
            "locked", "工作簿有密码，请去掉密码后再导入。", "The workbook has a password: remove it first."
        )
    names = {part.filename for part in parts}
    if "[Content_Types].xml" not in names or "xl/workbook.xml" not in names:
        raise Unreadable("no_workbook", "这是压缩包，不是 Excel 工作簿。", "This is an archive, but no Excel workbook.")
    if any("vbaProject" in name for name in names):
        raise Unreadable("macros", "含宏的工作簿不能导入，请另存为 .xlsx。",
                         "Workbooks with macros are not taken: save it as .xlsx.")
    total = sum(part.file_size for part in parts)
    packed = max(1, sum(part.compress_size for part in parts))
    texts = sum(part.file_size for part in parts if part.filename.endswith("sharedStrings.xml"))
    if (len(parts) > MOST_PARTS or total > MOST_UNPACKED or texts > MOST_STRINGS
            or (total > SMALL and total / packed > MOST_RATIO)):
        raise Unreadable("bomb", "工作簿解压后过大，为安全起见不予打开：请分成几个文件，或导出为 CSV。",
                         "Unpacked the workbook would be far too large, and is not opened for safety: split it, or "
                         "export it as CSV.")


@contextmanager
def _workbook(path: Path, wanted: str) -> Iterator[Sheet]:
    from openpyxl import load_workbook  # costs 0.3 s: only who reads a workbook pays

    _inspect(path)
    broken = Unreadable(
        "broken", "工作簿已损坏，无法读取：请重新导出。", "The workbook is damaged and cannot be read: export it again."
    )
    try:
        book = load_workbook(path, read_only=True, data_only=False, keep_links=False)
    except Exception as error:
        raise broken from error
    try:
        names = [sheet.title for sheet in book.worksheets if sheet.sheet_state == "visible"]
        if not names:
            raise Unreadable("no_sheet", "工作簿里没有可见的工作表。", "The workbook has no visible sheet.")
        if wanted and wanted not in names:
            raise Unreadable("no_sheet", "工作簿里没有这个工作表。", "The workbook has no such sheet.")
        for name in [wanted] if wanted else names:
            sheet = book[name]
            sheet.reset_dimensions()  # what the file says of its own size is not believed
            rows = _checked(_book_rows(sheet, _merged(book, sheet), broken))
            try:
                headings, rows = _headings(rows)
                break
            except Unreadable as error:  # an empty sheet before the one that is meant
                if error.code != "no_headings" or name in (wanted, names[-1]):
                    raise
        yield Sheet("xlsx", "", headings, _width(rows, headings), names, name)
    finally:
        book.close()


def _merged(book: Any, sheet: Any) -> dict[int, list[tuple[int, int]]]:
    """Cells merged over several rows: the first row -> (the last one, the column's index).

    They stand behind all cells, and who reads a workbook as a stream is not told of them.
    """
    from openpyxl.utils import column_index_from_string

    behind, found = b"", False
    try:
        with book._archive.open(sheet._worksheet_path) as part:
            while len(behind) < MOST_MERGES and (block := part.read(_BLOCK)):
                behind = (behind if found else behind[-len(_MERGES):]) + block
                place = -1 if found else behind.find(_MERGES)
                behind, found = behind[max(place, 0):], found or place >= 0
    except (zipfile.BadZipFile, zlib.error, OSError, KeyError, EOFError):
        return {}  # who reads its rows meets the same, and tells it
    merged: dict[int, list[tuple[int, int]]] = {}
    for column, first, last in _RANGE.findall(behind if found else b""):
        if first != last:
            merged.setdefault(int(first), []).append((int(last), column_index_from_string(column.decode()) - 1))
    return merged


def _book_rows(sheet: Any, merged: dict[int, list[tuple[int, int]]], broken: Unreadable) -> Iterator[Row]:
    """What is merged over several rows holds for each of them that has something else."""
    rows = sheet.iter_rows(max_col=MOST_COLUMNS + 1, max_row=MOST_ROWS * 4)
    held: dict[int, tuple[int, str]] = {}
    number = 0
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except Exception as error:  # openpyxl lets whatever its parts raise through
            raise broken from error
        number += 1
        cells = [_cell(cell) for cell in row]
        if held and any(cells):
            for column, (last, value) in held.items():
                if number <= last:
                    cells += [""] * (column + 1 - len(cells))
                    cells[column] = cells[column] or value
        for last, column in merged.get(number, ()):
            if column < len(cells):
                held[column] = (last, cells[column])
        yield number, cells


def _cell(cell: Any) -> str:
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, str):
        return "=" if cell.data_type == "f" else _RETURN.sub("\n", value)
    if cell.data_type == "f":
        return "="
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat(" ") if isinstance(value, datetime) else value.isoformat()
    return str(value)


# both ---------------------------------------------------------------------------------------------------------------
def _checked(rows: Iterator[Row]) -> Iterator[Row]:
    """Rows that are not empty, within the limits."""
    count = 0
    for number, cells in rows:
        while cells and not cells[-1].strip():
            cells.pop()
        if not cells:
            continue
        if len(cells) > MOST_COLUMNS:
            raise Unreadable("columns", f"第 {number} 行超过 {MOST_COLUMNS} 列：请删除不需要的列。",
                             f"Row {number} has more than {MOST_COLUMNS} columns: remove those that are not needed.")
        for place, cell in enumerate(cells):
            if "\x00" in cell:  # no database keeps it
                cells[place] = cell.replace("\x00", "")
            if len(cell) > LONGEST_CELL:
                raise Unreadable(
                    "huge_cell",
                    f"第 {number} 行第 {place + 1} 列的内容过长（超过 {LONGEST_CELL} 个字）。",
                    f"The cell in row {number}, column {place + 1} is too long (more than {LONGEST_CELL} characters).",
                )
        count += 1
        if count > MOST_ROWS + 1:
            raise Unreadable("rows", f"文件超过 {MOST_ROWS} 行：请分成几个文件。",
                             f"The file has more than {MOST_ROWS} rows: split it.")
        yield number, cells


def _headings(rows: Iterator[Row]) -> tuple[list[str], Iterator[Row]]:
    """The row that names the columns, and what comes below it."""
    first = list(itertools.islice(rows, HEADING_AMONG))
    if not first:
        raise Unreadable("no_headings", "找不到标题行：第一行应为各列的名称。",
                         "There is no row of headings: the first row should name the columns.")
    at = _place([cells for _number, cells in first])
    headings = first[at][1]
    above = first[at - 1][1] if at else []
    if sum(1 for cell in above if cell.strip()) > 1:  # columns in groups: what has no name below has one above
        headings = [cell if cell.strip() else over for cell, over in itertools.zip_longest(headings, above,
                                                                                           fillvalue="")]
    return _tidied(headings), itertools.chain(first[at + 1:], rows)


def _place(first: list[list[str]]) -> int:
    """Which of the first rows it is: behind titles the first, but one below that has more words that we know is it."""
    filled = [sum(1 for cell in cells if cell.strip()) for cells in first]
    # A title over the table has one cell, and so has the heading of a list of one column: the next row tells.
    at = next((place for place, count in enumerate(filled[:2]) if count > 1), 0)
    words = [known(cells) for cells in first]
    best = max(range(len(first)), key=lambda place: (words[place], -place))
    return best if words[best] > max(1, words[at]) else at


def _tidied(cells: list[str]) -> list[str]:
    return [" ".join(tidy(cell).split())[:80] for cell in cells]


def _width(rows: Iterator[Row], headings: list[str]) -> Iterator[Row]:
    for number, cells in rows:
        yield number, cells + [""] * (len(headings) - len(cells))
