import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from tests.report.conftest import evaluation, settings_of
from vidense.report.findings import group_rows
from vidense.report.runs import read_run
from vidense.report.tables import FORMATS, Sheet, accuracy_sheet, storage_sheet

cells = st.text(min_size=1, max_size=12)


@given(st.lists(st.lists(cells, min_size=3, max_size=3), min_size=1, max_size=4))
def test_whatever_cells_hold_rows_and_columns_stay_what_they_are(rows):
    sheet = Sheet("a title", ("name", "x", "y"), rows)
    markdown, latex = FORMATS[".md"](sheet), FORMATS[".tex"](sheet)
    read = list(csv.reader(io.StringIO(FORMATS[".csv"](sheet), newline="")))

    assert len(read) == len(rows) + 1 and all(len(row) == 3 for row in read)
    assert len(markdown.splitlines()) == len(rows) + 2
    assert latex.count(r" \\" + "\n") == len(rows) + 1
    body = latex.partition(r"\midrule")[2].partition(r"\bottomrule")[0].strip()
    assert all(line.replace(r"\&", "").count("&") == 2 for line in body.splitlines())


def test_what_a_spreadsheet_would_run_is_text_and_a_dash_is_no_value():
    sheet = Sheet("", ("name", "value"), [("=1+1", "\N{EN DASH}"), ("@sum", "2")])

    assert FORMATS[".csv"](sheet) == "name,value\n'=1+1,\n'@sum,2\n"


def test_latex_has_no_letter_with_a_meaning():
    text = FORMATS[".tex"](Sheet("a\nb", ("50 % & more", "x_1"), [(r"C:\dir{a}~^", "#1 $ <|>")]))

    assert r"50 \% \& more & x\_1 \\" in text and text.startswith("% a b\n")
    assert r"C:\textbackslash{}dir\{a\}\textasciitilde{}\textasciicircum{}" in text
    assert r"\#1 \$ \textless{}\textbar{}\textgreater{}" in text


def test_the_table_of_accuracies_says_what_the_page_says():
    rows = {"method": {0: [0.6, 0.5], 1: [0.7, 0.6]}, "random_equal_bytes": {0: [0.2, 0.2]}, "ceiling": {0: [0.9]}}
    (table,) = group_rows([evaluation(rows, settings=settings_of())])
    sheet = accuracy_sheet(table)
    found = [dict(zip(sheet.columns, row, strict=True)) for row in sheet.rows]

    assert [row["trained on"] for row in found] == ["prism", "random, bytes of prism", "whole dataset"]
    assert (found[0]["top-1 %"], found[0]["sets"], found[0]["networks"], found[0]["bytes"]) == (
        "60.0",
        "2",
        "2",
        "4000",
    )
    assert found[1]["bytes"] == "" and table.spec_hash in sheet.title


def test_storage_is_told_part_by_part(make_run):
    sheet = storage_sheet([read_run(make_run("prism-0"))])

    assert sheet.columns[-2:] == ("frames, bytes", "index, bytes")
    assert sheet.rows == [("prism-0", "5", "0.1", "4000", "3500", "500")]
