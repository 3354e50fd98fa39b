"""`lineament data …`, and the table of datasets."""

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from made_files import write
from PIL import Image
from reader_cases import CASES

from lineament.apps import cli, datasets
from lineament.data.describe import contact_sheet, describe
from lineament.data.parallel import Workers
from lineament.data.sources import READERS, load_dataset

ROOT = Path(__file__).resolve().parents[1]


def test_describe_lists_everything(tmp_path, capsys):
    files = {**CASES["folder with parts"].files, "set/train/joy/broken.png": b"no picture"}
    files["set/test/joy/copy.png"] = files["set/Train/joy/a.png"]
    path = write("zip", tmp_path, files)
    assert cli.main(["data", "describe", str(path), "--out", str(tmp_path / "out"), "--n-jobs", "1"]) == 0
    text = capsys.readouterr().out
    for words in ("Taken as Folders of labels", "folder: 6 pictures", "train", "48x48", "1 exact", "Unreadable: 1"):
        assert words in text
    assert "set/train/joy/broken.png" in text and "1 lie in a held-out part too" in text
    sheet = Image.open(tmp_path / "out" / "folder.png")
    assert sheet.height == 2 * 64


def test_subjects_and_skipped_files_are_counted(tmp_path):
    dataset = load_dataset("auto", write("folder", tmp_path, CASES["kdef"].files))
    text = describe(dataset).as_text()
    assert "Subjects: 2, with 1 to 2 pictures each" in text
    assert "Left out: 1" in text and "AF31XXS" in text


def test_landmarks_without_pictures_are_described(tmp_path):
    dataset = load_dataset("auto", write("folder", tmp_path, CASES["openface"].files))
    text = describe(dataset).as_text()
    assert "openface: 3 rows of landmarks, 0 of them with a picture" in text and "Unreadable: none" in text
    assert np.asarray(contact_sheet(dataset))[:, 200:].min() == 255


def test_the_sheet_shows_colour_and_any_shape(toy):
    sheet = np.asarray(contact_sheet(toy, per_label=3))
    assert sheet.shape == (3 * 64, 150 + 3 * 64, 3)
    assert (sheet == np.asarray(contact_sheet(toy, per_label=3))).all()


def test_describe_finds_the_duplicates_of_the_download(fer_zip):
    description = describe(load_dataset("auto", fer_zip), Workers(2))
    duplicates = description.duplicates
    assert duplicates.exact == 1532
    assert 1000 < duplicates.near < 1300
    assert np.bincount(duplicates.copy_of).max() <= 30  # pairs do not chain into one giant group
    across = duplicates.across_split(description.dataset.split)
    assert across["exact"] == 351 and 350 < across["near"] < 500
    assert description.sizes == [((48, 48), 32298)] and not description.unreadable


@pytest.mark.parametrize(
    "arguments, message",
    [
        ([], "arguments are required: ACTION. Run lineament data --help"),
        (["describe", "/nowhere"], "no file or folder"),
        (["describe", "x", "--n-jobs", "0"], "n-jobs"),
        (["describe", "x", "--option", "angles"], "NAME=VALUE|no file"),
        (["fetch", "jaffe"], "cannot be downloaded without its owners' consent"),
        (["fetch", "fer2013"], "--accept-licence"),
        (["fetch", "fer2014"], "Did you mean 'fer2013'"),
    ],
)
def test_mistakes_give_one_line_and_exit_code_2(arguments, message, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert cli.main(["data", *arguments]) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("lineament data: ")
    assert any(part in error for part in message.split("|"))


def test_an_interrupt_gives_130(monkeypatch, tmp_path, capsys):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(datasets, "recognise_dataset", interrupted)
    assert cli.main(["data", "describe", str(tmp_path)]) == 130


def test_list_names_every_reader(capsys):
    assert cli.main(["data", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(READERS)


def test_the_table_of_datasets_is_up_to_date():
    code = "import runpy; print(runpy.run_path('scripts/datasets_table.py')['page'](), end='')"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True, encoding="utf-8")
    assert done.stdout == (ROOT / "docs" / "datasets.md").read_text(encoding="utf-8"), (
        "run python scripts/datasets_table.py"
    )


def test_options_of_a_reader_are_passed_on(tmp_path, capsys):
    path = write("folder", tmp_path, CASES["kdef"].files)
    command = ["describe", str(path), "--option", "angles=all", "--out", str(tmp_path), "--n-jobs", "1"]
    assert cli.main(["data", *command]) == 0
    assert "kdef: 6 pictures" in capsys.readouterr().out
    (tmp_path / "file").touch()
    assert cli.main(["data", *command, "--out", str(tmp_path / "file")]) == 2
    assert "choose another folder" in capsys.readouterr().err
