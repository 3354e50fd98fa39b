"""Faces for the page: which pictures, in which words."""

import numpy as np

from ..features import normalised
from .confusions import gallery_rows
from .excerpt import Example, Excerpt, thumbnails
from .explanations import explained_rows
from .metrics import variance_between_labels
from .run import Run
from .slices import conditions_of

N_FOUND, N_MISSED = 12, 4


def excerpt_of(run: Run) -> Excerpt:
    """What the report of a run keeps of its pictures, landmarks and measurements."""
    landmarks = run.landmarks
    rows = sorted({*example_rows(run), *gallery_rows(run), *explained_rows(run)})
    return Excerpt(
        thumbnails=thumbnails(run.dataset.images, landmarks.points, landmarks.boxes, rows),
        conditions=conditions_of(run),
        mean_face=mean_face(run),
        between=variance_between_labels(run),
    )


def example_rows(run: Run) -> list[int]:
    """Found faces of every label in turn, from sure to unsure, then faces that were not found."""
    found, readable = run.landmarks.found, run.landmarks.readable
    return [*spread_over_labels(run, found & readable, N_FOUND), *spread_over_labels(run, ~found & readable, N_MISSED)]


def spread_over_labels(run: Run, mask: np.ndarray, most: int) -> list[int]:
    """At most `most` rows of `mask`: the labels in turn, evenly over each label's order by score."""
    queues = []
    each = -(-most // max(1, len(np.unique(run.dataset.target[mask]))))
    for label in range(len(run.dataset.label_names)):
        rows = np.flatnonzero(mask & (run.dataset.target == label))
        rows = rows[np.argsort(-np.nan_to_num(run.landmarks.score[rows]), kind="stable")]
        # The ends of the order are odd pictures: take the inner points of an even grid.
        places = np.linspace(0, len(rows), min(each, len(rows)) + 2)[1:-1].astype(int)
        queues.append(rows[np.unique(places)].tolist() if len(rows) else [])
    turns = [queue[turn] for turn in range(most) for queue in queues if turn < len(queue)]
    return turns[:most]


def example_faces(run: Run) -> list[Example]:
    """The example faces, as labelled."""
    return [_example(run, row) for row in example_rows(run) if row in run.excerpt.thumbnails]


def _example(run: Run, row: int) -> Example:
    label, found = run.dataset.label_names[run.dataset.target[row]], bool(run.landmarks.found[row])
    alt = f"Face labelled {label}, {'found' if found else 'not found'}, {_drawn(run, row)}."
    return Example(run.excerpt.thumbnails[row].tile(), label if found else f"{label}, not found", alt)


def _drawn(run, row):
    return "its 68 landmarks drawn" if run.excerpt.thumbnails[row].has_points else "no landmarks"


def error_faces(run: Run, worst) -> list[Example]:
    """Faces of rows of `confusions.worst_table`: the label, and what the model said with which probability."""
    examples = []
    for row in worst.itertuples():
        if row.row not in run.excerpt.thumbnails:
            continue
        missed = "" if row.found else ", face not found"
        said = f"{row.predicted} {100 * row.probability:.0f}\u202f%, {row.true} {100 * row.probability_true:.0f}\u202f%"
        alt = f"Face labelled {row.true}, {_drawn(run, row.row)}{missed}; the model said {said}."
        examples.append(Example(run.excerpt.thumbnails[row.row].tile(), f"{row.true}: said {said}{missed}", alt))
    return examples


def pair_faces(run: Run, pair) -> list[Example]:
    """Faces of one row of `confusions.confused_table`."""
    return [
        Example(
            run.excerpt.thumbnails[row].tile(),
            str(run.dataset.keys[row]),
            f"Face labelled {pair.true} that the model took for {pair.predicted}, {_drawn(run, row)}.",
        )
        for row in pair.rows
        if row in run.excerpt.thumbnails
    ]


def mean_face(run: Run) -> np.ndarray | None:
    """Mean landmarks (68, 2) of the found faces, in inter-ocular distances; None where none was found."""
    points = normalised(run.landmarks.points[run.landmarks.found])
    points = points[np.isfinite(points).all(axis=(1, 2))]
    return points.mean(axis=0) if len(points) else None
