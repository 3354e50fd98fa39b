"""Few pictures, and steps that fail: the evaluation is never lost."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from lineament import run_pipeline
from lineament.classifiers import make_classifier
from lineament.reports import load_run


@pytest.fixture(scope="module")
def forty(fer_zip, tmp_path_factory):
    """A newcomer's dataset: ten pictures of FER2013 in each of four folders."""
    folder = tmp_path_factory.mktemp("forty")
    with zipfile.ZipFile(fer_zip) as archive:
        for label in ("angry", "happy", "sad", "surprise"):
            for name in sorted(n for n in archive.namelist() if n.startswith(f"test/{label}/"))[:10]:
                path = folder / label / Path(name).name
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(archive.read(name))
    return folder


def test_the_default_flags_on_forty_pictures(forty, tmp_path):
    flags = ["--data", str(forty), "--out", str(tmp_path / "run"), "--cache", str(tmp_path / "cache")]
    assert run_pipeline.main(flags) == 0
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert metrics["dataset"]["n_images"] == 40 and set(metrics["models"]) == {"svm", "logreg", "lda", "forest"}
    assert metrics["audit"] is not None
    assert "is missing" not in (tmp_path / "run" / "report.md").read_text()


@pytest.mark.parametrize("step, name", [("audit", "audit"), ("explain", "explanation")])
def test_a_step_that_fails_is_told_and_loses_nothing(forty, tmp_path, monkeypatch, step, name):
    def broken(*args, **kwargs):
        raise ValueError("planted")

    monkeypatch.setattr(run_pipeline, step, broken)
    flags = ["--data", str(forty), "--classifiers", "lda", "--audit", "none", "--explain", "none"]
    flags += ["--out", str(tmp_path / "run"), "--cache", str(tmp_path / "cache")]
    assert run_pipeline.main(flags) == 0
    page = (tmp_path / "run" / "report.html").read_text()
    assert f"The {name} is missing: ValueError: planted." in page
    assert load_run(tmp_path / "run").failures[0].step == name


def test_a_run_stopped_in_its_audit_can_still_be_reported(forty, tmp_path, monkeypatch):
    def stopped(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(run_pipeline, "audit", stopped)
    flags = ["--data", str(forty), "--classifiers", "lda", "--out", str(tmp_path / "run")]
    assert run_pipeline.main([*flags, "--cache", str(tmp_path / "cache")]) == 130
    assert len(load_run(tmp_path / "run").evaluations[0].target) == 40


@pytest.mark.parametrize("name", ["svm", "lssvm", "svm-linear", "svm-nystroem"])
@pytest.mark.parametrize("counts", [(2, 2, 2), (1, 5), (1, 1), (3, 1, 1, 1)])
def test_calibration_falls_back_where_its_split_is_too_small(name, counts):
    y = np.repeat(np.arange(len(counts)), counts)
    X = np.random.default_rng(0).normal(size=(len(y), 5)) + y[:, None]
    proba = make_classifier(name).fit(X, y).predict_proba(X)
    assert proba.shape == (len(y), len(counts)) and np.allclose(proba.sum(axis=1), 1)
