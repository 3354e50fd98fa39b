"""One dataset against another: the same models, labels lined up, no picture on both sides."""

import json
from dataclasses import replace

import numpy as np
import pytest

from lineament import run_pipeline
from lineament.classifiers import (
    HELD_OUT,
    UNUSED,
    LabelledFaces,
    Recipe,
    evaluate,
    evaluate_transfer,
    make_folds,
    resolve_protocol,
)
from lineament.data import find_duplicates
from lineament.features import FeatureTable, Inputs


def settings():
    protocol = resolve_protocol(d=3, n_classes=3, n_features=None, cv=3, selector="none", balance="none", seed=0)
    return {"protocol": protocol, "recipe": Recipe(labels=("a", "b", "c"))}


def part(toy, seed):
    X = np.random.default_rng(seed).normal(size=(len(toy), 3)) + toy.target[:, None]
    table = FeatureTable(X, ("a", "b", "c"), ("any",) * 3)
    return LabelledFaces(Inputs((table,)), toy.target, np.array([f"{seed}-{row}" for row in range(len(toy))]))


def test_other_datasets_are_scored_by_the_models_of_the_first(toy):
    one, two, three = (part(toy, seed) for seed in range(3))
    folds = make_folds(toy, find_duplicates(one.digests), cv=3, seed=0)
    own, others, models = evaluate_transfer(["lda"], train=one, tests=[two, three], folds=folds, **settings())
    alone, _ = evaluate(["lda"], one.inputs, one.target, folds=folds, **settings())
    np.testing.assert_array_equal(own[0].predicted, alone[0].predicted)
    for test, (result,) in zip((two, three), others):
        assert (result.fold == HELD_OUT).all()
        np.testing.assert_array_equal(result.proba, models["lda"].answer(test.inputs))


def test_pictures_that_both_show_are_not_trained_on(toy):
    one, two = part(toy, 0), part(toy, 1)
    two.digests[:5] = one.digests[:5]
    folds = make_folds(toy, find_duplicates(one.digests), cv=3, seed=0)
    own, _, _ = evaluate_transfer(["lda"], train=one, tests=[two], folds=folds, **settings())
    assert (own[0].fold[:5] == UNUSED).all() and (own[0].fold[5:] >= 0).all()


def test_parts_check_their_rows(toy):
    with pytest.raises(ValueError, match="digests has 3 rows for 60"):
        replace(part(toy, 0), digests=np.array(["a", "b", "c"]))


def test_both_ways_between_real_and_drawn_faces(fer_zip, tmp_path, capsys):
    """A sixtieth of FER2013 against the sample, and the reverse, on one page."""
    import zipfile

    with zipfile.ZipFile(fer_zip) as whole, zipfile.ZipFile(tmp_path / "fer.zip", "w") as small:
        for name in sorted(name for name in whole.namelist() if name.endswith(".jpg"))[::30]:
            small.writestr(name, whole.read(name))
    both = f"fer2013:{tmp_path / 'fer.zip'},sample"
    arguments = ["--train", both, "--test", both, "--classifiers", "lda", "--cv", "2"]
    assert run_pipeline.main([*arguments, "--out", str(tmp_path / "m"), "--cache", str(tmp_path / "c")]) == 0
    assert str(tmp_path / "m" / "report.html") in capsys.readouterr().out
    cells = json.loads((tmp_path / "m" / "metrics.json").read_text())["matrix"]
    scored = {
        (cell["train"], cell["test"]): cell["accuracy"]
        for cell in cells
        if cell["model"] == "lda" and cell["faces"] == "all"
    }
    assert len(scored) == 4
    assert scored["fer2013", "sample"] > 2 / 7 and scored["sample", "fer2013"] > 1 / 7
    page = (tmp_path / "m" / "report.html").read_text()
    assert "Synthetic faces" in page and f"{100 * scored['fer2013', 'sample']:.1f}\u202f%" in page
    assert (tmp_path / "m" / "fer2013" / "report.html").is_file()


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--train", "sample"], "--train and --test go together"),
        (["--train", "sample", "--test", "sample", "--dataset", "sample"], "leave out --dataset"),
        (["--train", "sample", "--test", "smaple"], "Did you mean 'sample'"),
    ],
)
def test_mistakes_are_named(arguments, message, capsys):
    assert run_pipeline.main(arguments) == 2
    assert message in capsys.readouterr().err


def test_landmarks_made_elsewhere_need_no_pictures(sample, sample_landmarks, tmp_path, capsys):
    """OpenFace's columns with a label: no extraction, and a network says what it lacks."""
    columns = [f" x_{i}" for i in range(68)] + [f" y_{i}" for i in range(68)]
    flat = np.concatenate([sample_landmarks.points[..., 0], sample_landmarks.points[..., 1]], axis=1)
    lines = [",".join(["frame", " face_id", " timestamp", " confidence", " success", *columns, " label"])]
    for row in range(0, len(sample), 3):
        start = [row, 0, row / 30, 0.98, 1]
        lines.append(",".join(map(str, [*start, *flat[row], sample.label_names[sample.target[row]]])))
    (tmp_path / "faces.csv").write_text("\n".join(lines))
    arguments = ["--data", str(tmp_path / "faces.csv"), "--out", str(tmp_path / "run"), "--cache", str(tmp_path / "c")]
    assert run_pipeline.main([*arguments, "--classifiers", "lda", "--audit", "none"]) == 0
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert metrics["dataset"]["name"] == "openface" and metrics["landmarks"]["found"] == 1
    assert metrics["models"]["lda"]["cv"]["accuracy"]["mean"] > 0.5
    assert run_pipeline.main([*arguments, "--classifiers", "lda,cnn"]) == 2
    assert "needs pictures" in capsys.readouterr().err


def test_labels_are_chosen_and_merged(tmp_path):
    run = ["--classifiers", "lda", "--cv", "2", "--audit", "none", "--cache", str(tmp_path / "c")]
    run += ["--out", str(tmp_path / "run")]
    for labels, expected in [
        ("anger,happiness", {"anger": 120, "happiness": 120}),
        ("happy=good,angry=bad,sad=bad", {"bad": 240, "good": 120}),
    ]:
        assert run_pipeline.main([*run, "--labels", labels]) == 0
        metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
        assert metrics["dataset"]["label_counts"] == expected
