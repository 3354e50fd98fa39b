"""`lineament train`: a model of one's own in one command, and its use."""

import cv2
import pandas as pd
import pytest

from lineament import load
from lineament.apps import cli
from lineament.data import load_dataset


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Drawn faces by label and subject, two labels."""
    folder, sample = tmp_path_factory.mktemp("pictures"), load_dataset("sample")
    for row, label in enumerate(sample.target):
        name = sample.label_names[label]
        if name in ("happy", "surprise") and row % 3 == 0:
            path = folder / name / f"{sample.groups[row]}_{row}.png"
            path.parent.mkdir(exist_ok=True)
            cv2.imwrite(str(path), sample.images[row])
    return folder


def train(*arguments):
    return cli.main(["train", *map(str, arguments)])


def test_a_model_of_ones_own_is_trained_told_and_used(pictures, tmp_path, capsys):
    out = tmp_path / "mine" / "my.skops"
    cache = tmp_path / "cache"
    assert (
        train(pictures, "--out", out, "--classifiers", "lda,knn", "--cv", "2", "--cache", cache, "--n-jobs", "1") == 0
    )
    printed = capsys.readouterr().out
    assert sorted(path.name for path in out.parent.iterdir()) == ["my.md", "my.skops"]
    recipe = load(out).recipe
    cv, card = recipe.metrics["cv"], out.with_suffix(".md").read_text()
    first = next(line for line in printed.splitlines() if line.startswith(("lda", "knn")))
    assert first.split()[0] == recipe.classifier  # the first of the table is the one that was kept
    assert f"{100 * cv['accuracy']:.1f} %" in first and f"{100 * cv['accuracy']:.1f} %" in card
    assert recipe.views == ("face", "mirror") and recipe.families == ("shape",) and recipe.refusal
    assert "lineament train" in card and recipe.training_digest in card
    assert cli.main(["predict", str(pictures), "--model", str(out), "--out", str(tmp_path / "a.csv")]) == 0
    table = pd.read_csv(tmp_path / "a.csv")
    assert {"p_happy", "p_surprise"} <= set(table) and (
        table["label"] == table["input"].str.split("/").str[-2]
    ).mean() > 0.8


def test_a_mistake_is_told_before_any_work(pictures, tmp_path, capsys):
    for arguments, message in (
        (["--out", tmp_path / "my.pkl"], "such a model is a file that ends in .skops"),
        (["--out", tmp_path / "my.skops", "--classifiers", "ldo"], "Unknown classifiers 'ldo'. Did you mean 'lda'?"),
        (["--out", tmp_path / "my.skops", "--classifiers", "lda,cnn"], "are kept in different kinds of file"),
        (["--out", tmp_path / "my.skops", "--cv", "1"], "cv: '1' is not a whole number of at least 2"),
    ):
        assert train(pictures, *arguments) == 2
        told = capsys.readouterr().err
        assert message in told and told.count("\n") == 1 and not list(tmp_path.iterdir())
