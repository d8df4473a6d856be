"""Tables as files: whatever somebody typed, a spreadsheet calculates nothing and no column slips."""

import csv
import io
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kap.core.csv import defused, table

DANGEROUS = tuple("=+-@\t\r\n＝＋－＠")
cells = st.one_of(
    st.text(max_size=40),
    st.builds(
        lambda sign, rest: sign + rest, st.sampled_from([*DANGEROUS, " =", "\x00="]), st.text(max_size=20)
    ),
).filter(lambda text: text.encode("utf-8", "ignore").decode() == text)


def read_back(answer) -> list[list[str]]:
    return list(csv.reader(io.StringIO(answer.content.decode(), newline="")))


@given(st.lists(st.lists(cells, min_size=1, max_size=4), min_size=1, max_size=5))
@example([['a","=1+1', "=cmd|' /C calc'!A0", '"', "x;=1"], ["\n=1", " @sum", "\x00=1", "＝1"]])
def test_no_cell_begins_a_formula_and_no_cell_is_lost(rows):
    back = read_back(table("t.csv", rows))
    assert [len(row) for row in back] == [len(row) for row in rows]
    for typed, found in zip(rows, back, strict=True):
        for cell, shown in zip(typed, found, strict=True):
            assert not shown.startswith(DANGEROUS)
            assert not shown.strip().startswith(DANGEROUS)
            assert shown.removeprefix("'") == cell.replace("\x00", "").removeprefix("'")


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@sum", "\tx", "\rx", "\nx", " =1", "＝1", "\x00=1"])
def test_an_apostrophe_goes_before_what_would_be_calculated(cell):
    assert defused(cell).startswith("'")


@pytest.mark.parametrize(
    ("cell", "words"), [(None, ""), (-3, "-3"), (Decimal("-1.50"), "-1.50"), ("a=b", "a=b"), ("3-4", "3-4")]
)
def test_numbers_and_plain_words_stay_as_they_are(cell, words):
    assert defused(cell) == words


def test_every_cell_is_quoted_so_that_no_separator_opens_a_column():
    assert table("t.csv", [["a;=1", "b"]]).content == b'"a;=1","b"\r\n'


def test_it_is_a_file_to_save_and_no_page():
    answer = table("t.csv", [])
    assert answer["Content-Disposition"] == 'attachment; filename="t.csv"'
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
