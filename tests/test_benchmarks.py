"""Benchmarks as a reader starts them, from a fresh clone: without data, and without what they compare with."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import speed

ROOT = Path(__file__).parents[1]
LISTED = re.findall(r"`python -m benchmarks\.(\w+)", (ROOT / "benchmarks" / "README.md").read_text())
NEED_DATA = {"compare": "--data", "detectors": "--data", "kills": "--data", "small": "--data", "speed": "--data",
             "video": "--photos", "wide": "--data"}  # fmt: skip


def test_every_benchmark_is_listed():
    own = {path.stem for path in (ROOT / "benchmarks").glob("*.py")} - {"command"}
    assert set(LISTED) == own and len(own) > 10


@pytest.mark.parametrize("name", NEED_DATA)
def test_missing_data_are_one_line(name, tmp_path):
    command = [sys.executable, "-m", f"benchmarks.{name}", NEED_DATA[name], str(tmp_path / "no")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert done.returncode == 1 and done.stderr.count("\n") == 1, done.stderr
    assert str(tmp_path / "no") in done.stderr


def test_a_peer_that_is_missing_is_a_row(photos, capsys, monkeypatch):
    monkeypatch.setattr(speed, "face_recognition", lambda: None)
    files = sorted(photos.glob("*.jpg"))[:1]
    speed.compare("Photos", speed._dataset(photos, files), files, (1,), rounds=1)
    rows = capsys.readouterr().out.splitlines()
    assert rows[-1].startswith("| face_recognition | not installed: make peers")
    assert sum(row.startswith("| ours") for row in rows) == 5
