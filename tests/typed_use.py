"""A user's program, for `make types`: the types that the public names promise. It is read by mypy, not run."""

from collections.abc import Sequence
from pathlib import Path
from typing import assert_type

import numpy as np

import lineament
from lineament import FaceFeatures, FaceModel, find_faces, load_dataset, make_classifier
from lineament.classifiers import CLASSIFIERS, SELECTORS
from lineament.data import Dataset, LineamentError
from lineament.features import FeatureTable, feature_table
from lineament.landmarks import Face, Faces, Finder, look_at


def version() -> str:
    return lineament.__version__


def points_of(picture: np.ndarray) -> list[np.ndarray]:
    faces = find_faces(picture, detector="hog", landmark_model=None)
    assert_type(faces, list[Face])
    assert_type(faces[0].score, float)
    assert_type(faces[0].found, bool)
    return [face.points for face in faces]


def pictures_of(path: Path) -> Dataset:
    try:
        dataset = load_dataset("auto", path, seed=1, options={"angles": "all"})
    except LineamentError as error:
        raise SystemExit(str(error)) from error
    assert_type(dataset, Dataset)
    assert_type(dataset.name, str)
    assert_type(dataset.label_names, tuple[str, ...])
    return dataset.take([0, 1, 2])


def faces_of(dataset: Dataset) -> Faces:
    return look_at(dataset.images, finder=Finder("hog", on_miss="drop"), cache=Path("cache"))


def measurements(points: np.ndarray, families: Sequence[str] = ("distances", "angles")) -> FeatureTable:
    FaceFeatures(families).fit_transform(points)
    table = feature_table(points, families)
    assert_type(table.names, tuple[str, ...])
    return table


def fitted(table: FeatureTable, target: np.ndarray) -> object:
    model = make_classifier("svm", selector="anova", n_features=30, balance="class-weight", random_state=0)
    return model.fit(table.X, target)


def choices() -> dict[str, list[str]]:
    return {"classifiers": list(CLASSIFIERS), "selectors": list(SELECTORS)}


def answers(file: Path, dataset: Dataset) -> np.ndarray:
    model = lineament.load(file)
    assert_type(model, FaceModel)
    assert_type(model.recipe.labels, tuple[str, ...])
    return model.predict_proba(model.look_at(dataset.images))


def report() -> Path:
    finished = lineament.run(dataset="sample", classifiers=["svm", "lda"], out="runs/mine")
    assert_type(finished.page, Path)
    return finished.page
