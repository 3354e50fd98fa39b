"""Why single faces got their answers."""

from collections.abc import Mapping, Sequence

import numpy as np

from .explanation import FaceExplained, Move
from .questions import Questions

N_MOVES = 3  # clusters named for one face


def explained_faces(
    questions: Questions, plain: Sequence[np.ndarray], found: np.ndarray, columns_of: Mapping[str, np.ndarray]
) -> tuple[FaceExplained, ...]:
    """Of every label one face named rightly, as sure as usual, and the one named wrongly that was surest.

    `plain` are the answers as they are, `found` (n,) the faces that were found, `columns_of` clusters by name.
    """
    rows = questions.rows
    owner = np.repeat(np.arange(len(questions.models)), [len(model.scored) for model in questions.models])
    proba = np.concatenate(plain)
    predicted, sure = proba.argmax(axis=1), proba.max(axis=1)
    usable = found[rows] & np.isfinite(questions.X[rows]).all(axis=1)
    faces = []
    for label in range(questions.n_classes):
        bears = usable & (questions.target[rows] == label)
        right, wrong = np.flatnonzero(bears & (predicted == label)), np.flatnonzero(bears & (predicted != label))
        chosen = [right[np.argsort(sure[right], kind="stable")[len(right) // 2]]] if len(right) else []
        chosen += [wrong[sure[wrong].argmax()]] if len(wrong) else []
        faces += [
            _explained(questions, questions.models[owner[place]], rows[place], proba[place], columns_of)
            for place in chosen
        ]
    return tuple(faces)


def _explained(questions, model, row, proba, columns_of):
    answer, medians, names = int(proba.argmax()), model.medians, list(columns_of)
    changes_to_medians = [(columns, medians[columns]) for columns in columns_of.values()]
    alone = questions.answers(model, [row], changes_to_medians)
    changes = proba[answer] - alone[:, 0, answer]
    moves = []
    for place in np.argsort(-np.abs(changes), kind="stable")[:N_MOVES]:
        column = questions.table.names.index(names[place])
        values = (questions.X[row, column], medians[column], changes[place])
        moves.append(Move(names[place], *map(float, values)))
    speaking_for = [list(columns_of.values())[place] for place in _falling(changes)]
    flips = _flips(questions, model, row, answer, speaking_for)
    return FaceExplained(int(row), answer, float(proba[answer]), tuple(moves), *flips)


def _flips(questions, model, row, answer, groups):
    """After how many of these groups of columns, set to their medians one after another, the answer is another."""
    if not groups:
        return None, None
    grown = [np.concatenate(groups[: n + 1]) for n in range(len(groups))]
    proba = questions.answers(model, [row], [(columns, model.medians[columns]) for columns in grown])[:, 0]
    answers = proba.argmax(axis=-1)
    changed = np.flatnonzero(answers != answer)
    return (int(changed[0]) + 1, int(answers[changed[0]])) if len(changed) else (None, None)


def _falling(changes):
    """Places of the positive changes, the largest first."""
    return [place for place in np.argsort(-changes, kind="stable") if changes[place] > 0]
