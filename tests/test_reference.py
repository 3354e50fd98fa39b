"""Differences from a person's neutral face: computed right, and without giving the neutral faces away."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from lineament.apps import steps
from lineament.apps.options import parse_options
from lineament.data import Dataset, LineamentError, load_dataset
from lineament.data.images import ArrayImages
from lineament.features import (
    FeatureTable,
    face_table,
    feature_table,
    neutral_faces,
    reference_sentence,
    relative_table,
    without_references,
)
from lineament.features.reference import REASON
from lineament.features.shape import TEMPLATE

PEOPLE = list("aaaabbbccd")
LABELS = ["happy", "neutral", "neutral", "sad", "neutral", "happy", "neutral", "happy", "sad", "neutral"]
N = len(PEOPLE)
ALL_SEEN = np.ones(N, dtype=bool)


@pytest.fixture
def made():
    """Ten faces of four people; c has no neutral face."""
    names = ("happy", "neutral", "sad")
    return Dataset(
        name="made",
        images=ArrayImages(np.arange(N, dtype=np.uint8)[:, None, None] * np.ones((1, 8, 8), dtype=np.uint8)),
        target=np.array([names.index(label) for label in LABELS]),
        label_names=names,
        keys=np.array([f"k{row}" for row in range(N)]),
        groups=np.array(PEOPLE),
    )


def test_the_first_usable_neutral_face_of_each_person(made):
    faces = neutral_faces(made, ALL_SEEN)
    assert_array_equal(faces.of, [1, 1, 1, 1, 4, 4, 4, -1, -1, 9])
    assert_array_equal(faces.kept, [0, 2, 3, 5, 6, 7, 8])
    assert_array_equal(faces.without, [7, 8])
    unseen = ALL_SEEN.copy()
    unseen[[1, 9]] = False
    assert_array_equal(neutral_faces(made, unseen).of, [2, 2, 2, 2, 4, 4, 4, -1, -1, -1])


def test_copies_of_a_reference_leave_too(made):
    digests = np.array([f"d{row}" for row in range(N)])
    digests[2] = digests[1]
    assert_array_equal(neutral_faces(made, ALL_SEEN, digests).kept, [0, 3, 5, 6, 7, 8])


def test_rows_less_their_reference(made):
    table = FeatureTable(np.arange(2.0 * N).reshape(N, 2) ** 2, ("dist_mouth_width", "anything"), ("distances", "any"))
    relative = relative_table(table, neutral_faces(made, ALL_SEEN))
    assert relative.names == table.names
    assert_allclose(relative.X[:5], table.X[[0, 2, 3, 5, 6]] - table.X[[1, 1, 1, 4, 4]])
    assert np.isnan(relative.X[5:]).all()


def test_angles_take_the_shorter_way_round(made):
    X = np.zeros((N, 3))
    X[[0, 1]] = [[3.1, 1.5, 3.1], [-3.1, -1.5, -3.1]]
    names = ("angle_right_brow_tilt", "ellipse_inner_mouth_orientation", "dist_mouth_width")
    relative = relative_table(FeatureTable(X, names, ("any",) * len(names)), neutral_faces(made, ALL_SEEN))
    assert_allclose(relative.X[0], [6.2 - 2 * np.pi, 3 - np.pi, 6.2])


def test_who_left_is_listed(made):
    faces = neutral_faces(made, ALL_SEEN)
    rest = without_references(made, faces)
    assert len(rest) == 7 and [item.key for item in rest.skipped] == ["k1", "k4", "k9"]
    assert {item.reason for item in rest.skipped} == {REASON}
    sentence = reference_sentence(made, faces)
    assert "3 people" in sentence and "known to be neutral" in sentence and "2 faces have no measurements" in sentence


@pytest.mark.parametrize(
    "change, message",
    [
        ({"groups": None}, "who is who"),
        ({"label_names": ("happy", "calm", "sad")}, "keep that label"),
    ],
)
def test_what_it_needs_is_said(made, change, message):
    with pytest.raises(LineamentError, match=message):
        neutral_faces(replace(made, **change), ALL_SEEN)
    with pytest.raises(LineamentError, match="No neutral face"):
        neutral_faces(made, ~ALL_SEEN)


def measure(dataset, *arguments):
    return steps.prepare(dataset, parse_options(arguments, environment={}), steps.Stopwatch())


def test_the_pipeline_keeps_rows_together(sample, sample_landmarks):
    dataset = replace(sample, landmarks=sample_landmarks.points)
    measured = measure(dataset, "--reference", "neutral", "--features", "aus")
    assert len(measured.dataset) == len(measured.faces) == len(measured.table.X) == len(measured.faces.digests) == 800
    assert len(measured.duplicates.copy_of) == 800 and len(measured.dataset.skipped) == 40
    assert "40 people" in measured.reference
    own = face_table(sample_landmarks, ("aus",)).X
    keys = list(sample.keys)
    row = list(measured.dataset.keys).index("s07_happy_1")
    assert_allclose(measured.table.X[row], own[keys.index("s07_happy_1")] - own[keys.index("s07_neutral_0")])
    protocol = steps.protocol_of(measured, parse_options(["--reference", "neutral"], environment={}))
    assert protocol.reference == measured.reference


def test_without_the_flag_nothing_is_subtracted(sample, sample_landmarks):
    measured = measure(replace(sample, landmarks=sample_landmarks.points), "--features", "angles")
    assert len(measured.dataset) == 840 and measured.reference == ""
    assert_allclose(measured.table.X, feature_table(sample_landmarks.points, ("angles",)).X)


def test_labels_without_information_stay_at_chance():
    """Faces of noise: were references scored, or part of their own reference, neutral faces would show."""
    rng = np.random.default_rng(0)
    n_people, each = 60, 8
    person = np.repeat(np.arange(n_people), each)
    target = rng.permuted(np.tile(np.arange(each) % 2, (n_people, 1)), axis=1).ravel()
    dataset = Dataset(
        name="noise",
        images=ArrayImages(rng.integers(0, 255, (len(person), 4, 4), dtype=np.uint8)),
        target=target,
        label_names=("neutral", "happy"),
        keys=np.arange(len(person)).astype(str),
        groups=person.astype(str),
    )
    faces = neutral_faces(dataset, np.ones(len(person), dtype=bool))
    table = relative_table(
        FeatureTable(rng.normal(size=(len(person), 30)), tuple(map(str, range(30))), ("any",) * 30), faces
    )
    lengths, neutral = np.linalg.norm(table.X, axis=1), target[faces.kept] == 0
    spread = lengths.std() * np.sqrt(1 / neutral.sum() + 1 / (~neutral).sum())
    assert abs(lengths[neutral].mean() - lengths[~neutral].mean()) < 3 * spread


def test_first_frames_of_ckplus_are_the_reference(tmp_path):
    """Two people with their owners' points: apex less the person's own first frame."""
    rng = np.random.default_rng(0)
    sequences = {("S005", "001"): "5", ("S005", "002"): "7", ("S010", "001"): "5"}
    own = {subject: TEMPLATE * 40 + 60 + rng.normal(0, 1, (68, 2)) for subject in ("S005", "S010")}
    smile = np.zeros((68, 2))
    smile[[48, 54]] = [[-4, -4], [4, -4]]
    for (subject, number), emotion in sequences.items():
        for frame, points in ((1, own[subject]), (2, own[subject] + smile * (emotion == "5"))):
            level = 60 * frame + 10 * int(emotion) + int(subject[1:])  # even skin, and no two pictures alike
            gray = np.full((120, 120), level, dtype=np.uint8)
            name = f"{subject}/{number}/{subject}_{number}_{frame:08d}"
            files = {
                f"cohn-kanade-images/{name}.png": cv2.imencode(".png", gray)[1].tobytes(),
                f"Landmarks/{name}_landmarks.txt": " ".join(f"{value:.7e}" for value in points.ravel()).encode(),
                **({f"Emotion/{name}_emotion.txt": f"  {emotion}.0\n".encode()} if frame == 2 else {}),
            }
            for path, content in files.items():
                (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
                (tmp_path / path).write_bytes(content)
    dataset = load_dataset("ckplus", tmp_path, options={"landmarks": "yes"})
    measured = measure(dataset, "--reference", "neutral", "--features", "aus")
    assert [str(key)[-25:-4] for key in measured.dataset.keys] == [
        "001/S005_001_00000002",
        "002/S005_002_00000001",
        "002/S005_002_00000002",
        "001/S010_001_00000002",
    ]
    smiles = measured.table.X[:, measured.table.names.index("au12")]
    assert_allclose(smiles, [0.1 * np.sqrt(2), 0, 0, 0.1 * np.sqrt(2)], atol=0.01)
