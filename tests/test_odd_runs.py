"""Runs that leave out what a report counts on: one label, two, fifty, none of a label, none found."""

import json
import re
from dataclasses import replace

import cv2
import numpy as np
import pandas as pd
import pytest

from benchmarks.small import draw_fer, missing
from lineament import run_pipeline
from lineament.reports import figures, rewrite_report, write_report
from lineament.reports.figures.canvas import fit_labels
from made_runs import N, made_run, relabelled


@pytest.fixture
def undrawn(monkeypatch):
    """Pages with empty pictures: drawing is nine tenths of the time."""
    monkeypatch.setattr("lineament.reports.write.draw", lambda picture: {"light": b"light", "dark": b"dark"})


def words_of(folder):
    text = (folder / "report.html").read_text()
    return re.sub(r"<style.*?</style>|<script.*?</script>|<[^>]*>", " ", text, flags=re.S)


def written(run, folder, *, again=True):
    """Words and metrics of the report; with `again` written twice, from the run and from its folder."""
    write_report(run, folder)
    first = (folder / "report.html").read_bytes()
    if again:
        rewrite_report(folder)
    assert (folder / "report.html").read_bytes() == first
    words = words_of(folder).replace("no points (NaN)", "")  # as the option says it
    assert not re.search(r"\bnan\b|\binf\b", words, flags=re.I)
    return words, json.loads((folder / "metrics.json").read_text())


def test_one_label(tmp_path):
    run = relabelled(made_run(split=False, n_models=1), np.zeros(N, dtype=np.int64), ("happy",))
    words, metrics = written(run, tmp_path, again=False)
    assert "Every picture bears the label “happy”" in words and "nothing to tell apart" in words
    assert metrics["models"]["svm"]["cv"]["accuracy"]["mean"] == 1


def test_two_labels(tmp_path, undrawn):
    words, metrics = written(relabelled(made_run(), np.arange(N) % 2, ("no", "yes")), tmp_path)
    assert "which of 2 labels (no, yes)" in words
    assert set(metrics["models"]["svm"]["test"]["all"]["per_class"]) == {"no", "yes"}


def test_fifty_labels(tmp_path):
    names = tuple(f"label {place:02d}" for place in range(50))
    run = relabelled(made_run(n_models=1), np.arange(N) % 50, names)
    words, metrics = written(run, tmp_path, again=False)
    assert "50 labels" in words and "label 49" in words
    # 48 pictures: two labels have none at all, more have none in the test part.
    assert "The test part holds no picture of" in words
    assert metrics["models"]["svm"]["test"]["all"]["per_class"]["label 49"]["recall"] is None
    assert (tmp_path / "report.html").stat().st_size < 8e6


@pytest.mark.filterwarnings("error")  # matplotlib says so where labels leave no place for what is drawn
def test_figures_cut_long_labels_in_the_middle():
    names = [f"{'a' * 200} one", f"{'a' * 200} two", "joy"]
    table = pd.DataFrame({"true": np.repeat(names, 3), "predicted": names * 3, "n": 1, "share": 1 / 3})
    matrix = figures.ConfusionDisplay(table)
    assert len(figures.png(matrix, figures.LIGHT)) > 1000
    ax = matrix.plot()
    fit_labels(ax)
    written = [label.get_text() for label in ax.get_yticklabels()]
    assert written[2] == "joy" and written[0].endswith("aaa one") and written[1].endswith("aaa two")
    assert all("…" in name and len(name) < 30 for name in written[:2])


def test_a_label_that_the_test_part_lacks(tmp_path, undrawn):
    target = np.where((np.arange(N) >= 36) & (np.arange(N) % 3 == 2), 0, np.arange(N) % 3)
    words, metrics = written(relabelled(made_run(), target, ("angry", "happy", "sad")), tmp_path)
    assert "The test part holds no picture of: sad." in words
    assert metrics["models"]["svm"]["test"]["all"]["per_class"]["sad"]["recall"] is None


@pytest.mark.parametrize("on_miss", ["fallback", "drop"])
def test_no_face_found(tmp_path, undrawn, on_miss):
    words, metrics = written(made_run(found=np.zeros(N, dtype=bool), on_miss=on_miss), tmp_path)
    assert "No face was found" in words
    assert metrics["landmarks"]["found"] == 0
    assert metrics["models"]["svm"]["test"]["detected"]["accuracy"] is None


def test_a_model_that_is_always_right(tmp_path, undrawn):
    run = made_run(n_models=1)
    (model,) = run.evaluations
    right = replace(model, predicted=model.target.copy(), proba=np.eye(3)[model.target])
    words, _ = written(replace(run, evaluations=(right,)), tmp_path)
    assert "errors it was surest of" not in words and "Most confused" not in words


def test_the_pipeline_reports_a_dataset_of_one_label(tmp_path, undrawn, sample):
    rows = np.flatnonzero(sample.target == 3)[:6]
    for row in rows:
        (tmp_path / "faces" / "happy").mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(tmp_path / "faces" / "happy" / f"{sample.keys[row]}.png"), sample.images[row])
    flags = ["--dataset", "folder", "--data", str(tmp_path / "faces"), "--out", str(tmp_path / "run")]
    assert run_pipeline.main([*flags, "--cache", str(tmp_path / "cache"), "--n-jobs", "1"]) == 0
    assert "bear one label, “happy”" in words_of(tmp_path / "run")


@pytest.mark.parametrize("n, k", [(10, 2), (40, 4)])
def test_few_pictures_run_through_the_default_flags(tmp_path, fer_zip, n, k):
    """The fast part of benchmarks/small.py: a report, with audit and explanation, or their absence told."""
    draw_fer(fer_zip, tmp_path / "faces", n, k)
    flags = ["--data", str(tmp_path / "faces"), "--out", str(tmp_path / "run"), "--cache", str(tmp_path / "cache")]
    assert run_pipeline.main([*flags, "--n-jobs", "1"]) == 0
    kept = json.loads((tmp_path / "run" / "run.json").read_text())
    told = " ".join(missing(tmp_path / "run"))
    assert len(kept["evaluations"]) == 4 and sorted(path.stem for path in (tmp_path / "run" / "models").iterdir())
    for step in ("audit", "explanation"):
        assert kept[step] is not None or f"{step} (" in told
    assert "section" not in told and "figure" not in told and "table" not in told and "knowledge" not in told
    assert kept["protocol"]["cv"] == min(5, n // k)
    assert "Error" not in told and ("fewer than four faces" in told) == (n == 10)
