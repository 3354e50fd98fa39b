"""Cells of our CSV tables are no formulas, whatever labels and files are called."""

import csv
import io

import numpy as np
import pandas as pd
import pytest

from lineament.reports import write_comparison, write_report
from lineament.reports.spreadsheet import csv_text
from made_runs import N, made_run, relabelled

EVIL = ("=HYPERLINK(A1)", "+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", "\tjoy", "\rwoe")


def rows_of(text):
    return list(csv.reader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("word", EVIL)
def test_a_word_that_is_a_formula_becomes_text(word):
    text = f"'{word}".replace("\r", "\n")
    frame = pd.DataFrame({"label": [word, "joy", None], word: ["a=b", word, "x"], "kind": pd.Categorical([word] * 3)})
    header, first, second, third = rows_of(csv_text(frame))
    assert header == ["label", text, "kind"]
    assert first == [text, "a=b", text] and second[1] == text and third[0] == ""


def test_numbers_stay_as_they_are():
    frame = pd.DataFrame({"change": [-0.5, np.nan], "n": [-3, 4], "text": ["-1.5e-3", "+2"], "truth": [True, False]})
    assert csv_text(frame) == frame.to_csv(index=False, lineterminator="\n")


@pytest.mark.slow
def test_no_cell_of_a_report_is_a_formula(tmp_path, undrawn):
    """Labels, skipped files and models by such names, in every table of a run and of a comparison."""
    run = relabelled(made_run(audited=True), np.arange(N) % 6, EVIL)
    for name in ("one", "two"):
        write_report(run, tmp_path / name)
    write_comparison({"=one": run, "@two": run}, tmp_path / "compare")
    cells, neutral = 0, 0
    for path in tmp_path.rglob("*.csv"):
        for cell in (cell for row in rows_of(path.read_bytes().decode()) for cell in row):
            cells += 1
            neutral += cell.startswith("'") and cell[1:].replace("\n", "\r") in EVIL
            assert not cell.startswith(("=", "+", "-", "@", "\t", "\r")) or np.isfinite(float(cell)), path
    assert cells > 500 and neutral > 20
