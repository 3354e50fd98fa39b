"""The pipeline as its users run it: from the command line to the report."""

import json
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest

from benchmarks.small import missing
from lineament import run_pipeline
from lineament.apps import steps
from lineament.data import load_dataset

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def fer_part(fer_zip, tmp_path_factory):
    """Every 40th picture of the real FER2013, as a zip of the same layout: 808 pictures of 7 labels."""
    path = tmp_path_factory.mktemp("fer") / "part.zip"
    with zipfile.ZipFile(fer_zip) as whole, zipfile.ZipFile(path, "w") as part:
        for name in sorted(name for name in whole.namelist() if name.endswith(".jpg"))[::40]:
            part.writestr(name, whole.read(name))
    return path


@pytest.fixture
def run(tmp_path, cache, capsys):
    def start(*arguments, out="run", by_default=False):
        """The pipeline with some flags; but `by_default`, without the questions that take longer than the models."""
        for flag in () if by_default else ("--audit", "--explain"):
            if flag not in arguments:
                arguments = [*arguments, flag, "none"]
        code = run_pipeline.main([*arguments, "--out", str(tmp_path / out), "--cache", str(cache)])
        captured = capsys.readouterr()
        metrics = tmp_path / out / "metrics.json"
        return code, captured.out, captured.err, json.loads(metrics.read_text()) if metrics.is_file() else None

    return start


def without_times(value):
    if isinstance(value, dict):
        timed = ("seconds", "images_per_second", "seconds_per_face")
        return {key: without_times(item) for key, item in value.items() if not key.endswith(timed)}
    return value


def test_a_real_part_of_fer2013_from_zip_to_report(run, fer_part, tmp_path):
    code, out, _, metrics = run("--dataset", "fer2013", "--data", str(fer_part), "--cv", "3")
    assert code == 0 and str(tmp_path / "run" / "report.html") in out
    assert metrics["dataset"]["n_images"] == 808
    assert metrics["landmarks"]["found"] > 0.9
    best = max(model["test"]["all"]["accuracy"] for model in metrics["models"].values())
    assert best > metrics["baseline"]["majority_accuracy"] + 0.1
    assert set(metrics["models"]) == {"svm", "logreg", "lda", "forest"}
    html = (tmp_path / "run" / "report.html").read_text()
    assert "Synthetic faces" not in html
    for file in ("report.md", "config.toml", "predictions.parquet", "models/svm.skops"):
        assert (tmp_path / "run" / file).is_file()


def test_the_sample_is_synthetic_and_no_giveaway(run, tmp_path):
    code, _, _, metrics = run(by_default=True)
    assert code == 0 and metrics["audit"] and metrics["seconds"]["explain"] > 1 and not missing(tmp_path / "run")
    best = max(model["cv"]["accuracy"]["mean"] for model in metrics["models"].values())
    assert 0.60 <= best <= 0.95
    assert all(model["test"] is None for model in metrics["models"].values())
    for page in ("report.html", "report.md"):
        assert "ynthetic" in (tmp_path / "run" / page).read_text()


def test_jobs_change_nothing(run):
    flags = ["--classifiers", "svm,forest,cnn", "--cnn-epochs", "1", "--cv", "2"]
    flags += ["--audit", "quick", "--explain", "quick"]
    runs = [run(*flags, "--n-jobs", jobs)[3] for jobs in ("1", "2")]
    assert without_times(runs[0]) == without_times(runs[1])


def test_shuffled_labels_score_at_chance(run, sample, monkeypatch):
    """Through the whole pipeline, with selection and oversampling: a leak anywhere would lift it."""
    shuffled = np.random.default_rng(0).permutation(sample.target)

    def load(*args, **kwargs):
        dataset = load_dataset(*args, **kwargs)
        object.__setattr__(dataset, "target", shuffled)
        return dataset

    monkeypatch.setattr(steps, "load_dataset", load)
    _, _, _, metrics = run("--classifiers", "svm,lda", "--selector", "anova", "--balance", "smote")
    for model in metrics["models"].values():
        assert abs(model["cv"]["accuracy"]["mean"] - 1 / 7) < 0.05


@pytest.mark.parametrize(
    "flags, check",
    [
        (["--classifiers", "svm"], lambda m: set(m["models"]) == {"svm"}),
        (
            ["--classifiers", "forest,cnn", "--cnn-epochs", "1", "--cv", "2"],
            lambda m: set(m["models"]) == {"forest", "cnn"},
        ),
        (["--features", "angles"], lambda m: m["features"]["families"] == ["angles"]),
        (["--selector", "l1", "--n-features", "30"], lambda m: m["protocol"]["selector"] == "l1"),
        (["--balance", "smote"], lambda m: m["protocol"]["balance"] == "smote"),
        (["--tune", "quick", "--features", "angles", "--cv", "2"], lambda m: m["protocol"]["tune"] == "quick"),
        (["--classifiers", "vote,stack", "--members", "lda,knn"], lambda m: set(m["models"]) == {"vote", "stack"}),
        (["--cv", "10"], lambda m: len(m["models"]["lda"]["cv"]["accuracy"]["folds"]) == 10),
        (["--on-miss", "drop"], lambda m: m["landmarks"]["on_miss"] == "drop"),
        (["--detector", "none"], lambda m: m["landmarks"]["found"] == 0),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_flags_change_what_is_run_and_the_report_says_so(flags, check, run, tmp_path):
    base = [] if "--classifiers" in flags else ["--classifiers", "lda"]
    code, _, _, metrics = run(*base, *flags)
    assert code == 0 and check(metrics)
    page = (tmp_path / "run" / "report.html").read_text()
    assert flags[1].split(",")[0] in page


def test_config_repeats_a_run(run, tmp_path):
    first = run("--classifiers", "lda", "--selector", "anova", "--n-features", "20", "--seed", "3")[3]
    again = run("--config", str(tmp_path / "run" / "config.toml"), out="again")[3]
    assert without_times(first) == without_times(again)


def labelled_fer(folder, faces, extra=()):
    """FER2013's layout from arrays; `extra` files as (name, bytes)."""
    import cv2

    for number, (label, image) in enumerate(faces):
        file = folder / "train" / label / f"Training_{number}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(cv2.imencode(".jpg", image)[1].tobytes())
    for name, content in extra:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture
def small_faces(sample):
    rows = [row for row in range(len(sample)) if sample.label_names[sample.target[row]] in ("happy", "angry")][:48]
    return [(sample.label_names[sample.target[row]], sample.images[row]) for row in rows]


def test_a_truncated_jpeg_and_odd_pictures_are_listed_or_kept(run, small_faces, tmp_path):
    black, dot = np.zeros((48, 48), np.uint8), np.zeros((1, 1), np.uint8)
    folder = labelled_fer(tmp_path / "d", [*small_faces, ("happy", black), ("angry", dot)])
    good = (folder / "train" / "happy").glob("*.jpg").__next__().read_bytes()
    (folder / "train" / "happy" / "Training_999.jpg").write_bytes(good[: len(good) // 2])
    (folder / "train" / "angry" / "Training_998.jpg").write_bytes(b"")
    code, _, _, metrics = run("--dataset", "fer2013", "--data", str(folder), "--classifiers", "lda", "--cv", "2")
    assert code == 0
    assert metrics["dataset"]["n_images"] == 50
    page = (tmp_path / "run" / "report.html").read_text()
    assert "Training_999.jpg" in page and "Training_998.jpg" in page
    assert metrics["landmarks"]["n_found"] < 50


def test_user_mistakes_end_in_one_clear_line(run, small_faces, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    no_zip = tmp_path / "no.zip"
    no_zip.write_bytes(b"hello")
    rare = labelled_fer(tmp_path / "rare", [*small_faces, ("fear", small_faces[0][1])])
    fer = ["--dataset", "fer2013", "--data"]
    for arguments, message in [
        (["--classifiers", "svn"], "Did you mean 'svm'"),
        ([*fer, str(tmp_path / "nowhere")], "no file or folder"),
        ([*fer, str(empty)], "is empty"),
        ([*fer, str(no_zip)], "not a readable"),
        ([*fer, str(rare), "--classifiers", "lda"], "'fear' has 1 picture to train on, fewer than the 2 folds"),
        (["--cv", "1"], "at least 2 folds"),
        (["--selector", "l1", "--n-features", "5000"], "not between 1 and"),
    ]:
        code, out, err, _ = run(*arguments)
        assert code == 2 and message in err and len(err.strip().splitlines()[-1]) < 400, (arguments, err)
        assert "Traceback" not in err


def test_an_output_folder_that_cannot_be_written(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert run_pipeline.main(["--out", str(tmp_path / "file" / "run")]) == 2
    assert "Cannot write into" in capsys.readouterr().err


def test_without_torch_only_the_cnn_is_refused(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    assert run("--classifiers", "lda")[0] == 0
    code, _, err, _ = run("--classifiers", "lda,cnn")
    assert code == 2 and "pip install 'lineament[cnn]'" in err


def test_ctrl_c_during_extraction_and_a_rerun_that_resumes(tmp_path, start):
    command = [sys.executable, "run_pipeline.py", "--classifiers", "lda", "--n-jobs", "1"]
    command += ["--audit", "none", "--explain", "none"]
    command += ["--out", str(tmp_path / "run"), "--cache", str(tmp_path / "cache")]
    process = start(command, cwd=ROOT, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while not list(tmp_path.rglob("*.npz")):
        assert time.monotonic() < deadline and process.poll() is None, "no batch was cached"
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130 and "run again to go on" in err and "Traceback" not in err
    cached = len(list(tmp_path.rglob("*.npz")))
    again = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert again.returncode == 0 and "Report:" in again.stdout
    assert 0 < cached < len(list(tmp_path.rglob("*.npz")))
