import json
import signal
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest

from lineament.data import Dataset, image_digests, load_dataset
from lineament.data.images import ArrayImages
from lineament.data.parallel import Workers
from lineament.landmarks import look_at
from lineament.reports import write_report
from made_runs import made_run, with_excerpt

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"

SLOW = {  # files of tests that fit, open a browser or run whole programs: left out of `make check`
    "test_abstention", "test_audit", "test_benchmarks", "test_browser", "test_bundle", "test_cache",
    "test_claims_sections", "test_clean", "test_cli", "test_cnn", "test_descriptors", "test_docs", "test_evaluate",
    "test_explain", "test_extending", "test_foreign_runs", "test_furrows", "test_fuzz", "test_kernel",
    "test_landmark_engine", "test_landmarks", "test_leaks", "test_measure", "test_model", "test_nets",
    "test_nets_recipe", "test_nets_resumed", "test_notebooks", "test_nothing_lost", "test_odd_runs", "test_pipeline",
    "test_portable", "test_predict", "test_reference", "test_report_numbers", "test_report_pairs", "test_reports",
    "test_sections", "test_signals", "test_surroundings", "test_ties", "test_train", "test_transfer",
    "test_transformers", "test_trees", "test_tuning", "test_video", "test_wheel", "test_wide",
}  # fmt: skip
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.stem in SLOW or "fer_zip" in item.fixturenames:
            item.add_marker(pytest.mark.slow)


@pytest.fixture
def start():
    """Start a program as a terminal would, whatever this shell ignores: `start(command, **of Popen)`.

    Background jobs, nohup and some runners ignore Ctrl-C, and a child inherits that, as it does a closed stdin.
    What still runs when the test ends is killed.
    """
    started = []

    def start_one(command, **settings):
        settings = {"stdin": subprocess.DEVNULL, "text": True, "preexec_fn": _default_signals} | settings
        started.append(subprocess.Popen(command, **settings))
        return started[-1]

    yield start_one
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def _default_signals():
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    for number in SIGNALS:
        signal.signal(number, signal.SIG_DFL)


@pytest.fixture(scope="session")
def fer_zip():
    """FER2013 as downloaded, beside the project."""
    path = SHARED / "fer2013.zip"
    if not path.is_file():
        pytest.skip(f"needs FER2013 at {path}")
    return path


@pytest.fixture(scope="session")
def photos():
    """Group photos with annotated faces, beside the project."""
    path = SHARED / "photos"
    if not path.is_dir():
        pytest.skip(f"needs the photos at {path}")
    return path


@pytest.fixture(scope="session")
def sample():
    return load_dataset("sample", seed=0)


@pytest.fixture(scope="session")
def sample_digests(sample):
    return image_digests(sample.images)


@pytest.fixture(scope="session")
def sample_landmarks(sample, tmp_path_factory):
    return look_at(sample.images, cache=tmp_path_factory.mktemp("landmarks"), workers=Workers(2))


@pytest.fixture(scope="session")
def crop(sample):
    """A picture of one face that the detector sees."""
    return np.asarray(sample.images[3])


@pytest.fixture(scope="session")
def face_and_none(crop, tmp_path_factory):
    """A folder with a face, and with a picture without any."""
    place = tmp_path_factory.mktemp("face_and_none")
    cv2.imwrite(str(place / "face.png"), crop)
    cv2.imwrite(str(place / "none.png"), np.full((64, 64), 90, np.uint8))
    return place


@pytest.fixture
def face(sample_landmarks):
    """One real fit of 68 points, (1, 68, 2) px."""
    return sample_landmarks.points[sample_landmarks.found][:1].astype(float)


@pytest.fixture
def toy():
    """A labelled dataset of noise without a face: 3 labels, 12 subjects, 60 pictures."""
    rng = np.random.default_rng(0)
    n = 60
    return Dataset(
        name="toy",
        images=ArrayImages(rng.integers(0, 255, (n, 48, 48), dtype=np.uint8)),
        target=np.arange(n, dtype=np.int64) % 3,
        label_names=("a", "b", "c"),
        keys=np.array([f"k{i}" for i in range(n)]),
        groups=np.array([f"s{i // 5}" for i in range(n)]),
    )


@pytest.fixture
def undrawn(monkeypatch):
    """Pages with empty pictures, for tests of words and numbers: drawing is nine tenths of the time."""
    empty = {"light": b"light", "dark": b"dark"}
    monkeypatch.setattr("lineament.reports.write.draw", lambda picture: empty)


@pytest.fixture(scope="module")
def run():
    """A made run of two models with audit, for files that ask what is told of it."""
    return with_excerpt(made_run(audited=True))


@pytest.fixture(scope="module")
def folder(run, tmp_path_factory):
    out = tmp_path_factory.mktemp("run")
    assert write_report(run, out) == out / "report.html"
    return out


@pytest.fixture(scope="module")
def metrics(folder):
    return json.loads((folder / "metrics.json").read_text())


@pytest.fixture(scope="module")
def html(folder):
    return (folder / "report.html").read_text()
