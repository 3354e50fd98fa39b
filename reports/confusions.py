"""Where models err: the pairs of labels they confuse most, and the errors they were surest of."""

import numpy as np
import pandas as pd

from .metrics import main_part, scored_parts
from .run import Run

N_PAIRS = 4
FACES_A_PAIR = 3
N_WORST = 6
PAIR_COLUMNS = ("model", "true", "predicted", "n", "share", "rows")
WORST_COLUMNS = ("model", "row", "key", "true", "predicted", "probability", "probability_true", "found")


def surest_errors(run: Run, evaluation) -> np.ndarray:
    """Rows of the main part that were answered wrongly, the surest first."""
    scored = scored_parts(run)[main_part(run)]
    wrong = np.flatnonzero(scored & (evaluation.predicted != evaluation.target))
    sureness = evaluation.proba[wrong, evaluation.predicted[wrong]]
    return wrong[np.argsort(-sureness, kind="stable")]


def confused_table(run: Run) -> pd.DataFrame:
    """Most frequent confusions: `model`, `true`, `predicted`, `n`, `share` of the true label, `rows` of examples."""
    names, rows = run.dataset.label_names, []
    scored = scored_parts(run)[main_part(run)]
    totals = np.bincount(run.dataset.target[scored], minlength=len(names))
    for evaluation in run.evaluations:
        wrong = surest_errors(run, evaluation)
        cells = evaluation.target[wrong] * len(names) + evaluation.predicted[wrong]
        seen, counts = np.unique(cells, return_counts=True)
        for cell, n in sorted(zip(seen, counts), key=lambda pair: (-pair[1], pair[0]))[:N_PAIRS]:
            true, predicted = divmod(int(cell), len(names))
            faces = _spread(wrong[cells == cell], FACES_A_PAIR)
            rows.append((evaluation.name, names[true], names[predicted], int(n), n / totals[true], faces))
    return pd.DataFrame(rows, columns=list(PAIR_COLUMNS))


def _spread(rows, most):
    """At most `most` of the rows, evenly from the surest to the least sure: not the worst alone."""
    return tuple(rows[np.linspace(0, len(rows) - 1, min(most, len(rows))).astype(int)].tolist())


def worst_table(run: Run) -> pd.DataFrame:
    """The surest errors: `model`, `row`, `key`, `true`, `predicted`, their probabilities, `found`."""
    names, rows = run.dataset.label_names, []
    for evaluation in run.evaluations:
        for row in surest_errors(run, evaluation)[:N_WORST].tolist():
            true, predicted = run.dataset.target[row], evaluation.predicted[row]
            given = evaluation.proba[row]
            rows.append(
                (
                    evaluation.name,
                    row,
                    str(run.dataset.keys[row]),
                    names[true],
                    names[predicted],
                    float(given[predicted]),
                    float(given[true]),
                    bool(run.landmarks.found[row]),
                )  # fmt: skip
            )
    return pd.DataFrame(rows, columns=list(WORST_COLUMNS))


def gallery_rows(run: Run) -> list[int]:
    """Rows whose faces the page shows as errors, sorted."""
    shown = set(worst_table(run)["row"])
    return sorted(shown.union(*confused_table(run)["rows"]))
