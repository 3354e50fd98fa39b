"""The examples of docs/extending.md: each is one new file and at most one line elsewhere, and all of them work."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
FILE = re.compile(r"^`([\w/]+\.py)`:\n\n```python\n(.*?)```", re.MULTILINE | re.DOTALL)
LINE = re.compile(r"^and in `([\w/]+\.py)`, after `(.*?)`:\n\n```python\n(.*?)```", re.MULTILINE | re.DOTALL)
EXAMPLES = [part for part in PAGE.split("\n## ")[1:] if FILE.search(part)]
KINDS = ("A reader", "A detector", "A family of geometric", "A family of measurements of the skin", "A selector",
         "A classifier", "A network", "A section")  # fmt: skip


def test_every_kind_has_an_example():
    assert len(EXAMPLES) == len(KINDS)
    assert all(example.startswith(kind) for example, kind in zip(EXAMPLES, KINDS))


@pytest.mark.parametrize("example", EXAMPLES, ids=[kind.replace(" ", "_") for kind in KINDS])
def test_an_example_is_one_new_file_and_one_line(example):
    (file, text), (registry, place, line) = only(FILE, example), only(LINE, example)
    assert not (ROOT / file).exists(), f"{file} is there already"
    assert line.count("\n") == 1 and line.strip()
    assert sum(place in known for known in (ROOT / registry).read_text().splitlines()) == 1
    compile(text, file, "exec")


def only(pattern, example):
    (match,) = pattern.finditer(example)
    return match.groups()


@pytest.fixture(scope="module")
def extended(tmp_path_factory):
    """A copy of the project with every example in it, as a folder to import `lineament` from."""
    clone = tmp_path_factory.mktemp("extended") / "lineament"
    leave_out = shutil.ignore_patterns(".git", ".venv", "__pycache__", "runs", "build", "tests", "*.egg-info", "docs")
    shutil.copytree(ROOT, clone, ignore=leave_out)
    for example in EXAMPLES:
        file, text = only(FILE, example)
        (clone / file).write_text(text, encoding="utf-8")
        registry, place, line = only(LINE, example)
        lines = (clone / registry).read_text(encoding="utf-8").splitlines(keepends=True)
        (at,) = (number for number, known in enumerate(lines) if place in known)
        (clone / registry).write_text("".join([*lines[: at + 1], line, *lines[at + 1 :]]), encoding="utf-8")
    return clone.parent


@pytest.fixture(scope="module")
def pictures(sample, tmp_path_factory):
    folder = tmp_path_factory.mktemp("named")
    for row in range(0, len(sample), 7):
        label, subject = sample.label_names[sample.target[row]], sample.groups[row]
        cv2.imwrite(str(folder / f"{label}-s{int(re.sub('[^0-9]', '', str(subject)))}-{row}.png"), sample.images[row])
    cv2.imwrite(str(folder / "other.png"), np.zeros((4, 4), np.uint8))
    return folder


def called(extended, *arguments, cwd):
    code = f"import sys; sys.path.insert(0, {str(extended)!r}); from lineament.apps.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    return done


def test_all_examples_run_together(extended, pictures, tmp_path):
    pytest.importorskip("torch")
    (pictures / "other.png").unlink(missing_ok=True)
    flags = ["--data", str(pictures), "--detector", "middle", "--features", "smile,quarters", "--selector", "spread"]
    flags += ["--n-features", "4", "--classifiers", "naive-bayes,lda,cnn-tiny", "--cnn-epochs", "1", "--cv", "2"]
    flags += ["--audit", "none", "--explain", "none", "--out", "run", "--cache", "cache", "--n-jobs", "1"]
    done = called(extended, "run", *flags, cwd=tmp_path)
    assert "Named pictures" in done.stderr
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    for told in ("Where the models agree", "the middle of the picture", "smile_right", "naive-bayes", "cnn-tiny"):
        assert told in page, told
    assert "All models gave the same answer for" in (tmp_path / "run" / "report.md").read_text(encoding="utf-8")
    assert (tmp_path / "run" / "tables" / "agreement.csv").is_file()
    load = "from lineament import load; print(*load('run/models/naive-bayes.skops').recipe.families)"
    code = f"import sys; sys.path.insert(0, {str(extended)!r}); {load}"
    told = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert told.stdout.split() == ["smile", "quarters"], told.stderr


def test_help_names_them_all(extended, tmp_path):
    text = called(extended, "run", "--help", cwd=tmp_path).stdout
    for name in ("named", "middle", "smile", "quarters", "spread", "naive-bayes", "cnn-tiny"):
        assert re.search(rf"^\s+{name}\s", text, re.MULTILINE), name
