"""Damaged and odd pictures: a row with points or a listed reason, never a crash."""

import numpy as np

from benchmarks.mutations import MUTATIONS, extract, mutated, outcome


def test_mutated_pictures_give_rows_or_reasons(sample):
    kinds, contents = mutated(sample.images, 12 * len(MUTATIONS))
    landmarks = extract(contents)
    outcomes = [outcome(landmarks, row) for row in range(len(kinds))]
    for row, kind in enumerate(kinds):
        assert np.isfinite(landmarks.points[row]).all() == (outcomes[row] != "reason"), kind
    of = {kind: {outcomes[row] for row in range(len(kinds)) if kinds[row] == kind} for kind in MUTATIONS}
    assert of["huge header"] == of["no picture"] == {"reason"}
    assert "reason" not in of["16-bit"] | of["CMYK"] | of["alpha"] | of["gif"] | of["exif"] | of["1x1"] | of["thin"]
