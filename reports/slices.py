"""The same scores on parts of the pictures: found or not, large or small, sharp or not, turned or straight."""

import numpy as np
import pandas as pd

from ..data.scores import scores
from .formats import THIN, count, p_text, percent, points
from .intervals import differences, shares
from .metrics import main_part, scored_parts
from .run import Run
from .statistics import holm
from .uncertainty import ALPHA, NO_DIFFERENCE, Difference, units_of

FEWEST_PICTURES, FEWEST_CLUSTERS = 20, 10  # in a slice and in the rest, below which it is not judged
MOST_VALUES = 12  # of a trait in words
NEAR_A_THIRD = 0.1
MOST_NAMED = 4  # parts that are too small
UNITS = {"face size": "px", "yaw": "°", "pitch": "°", "roll": "°"}
TOO_FEW, WHOLE, WORSE, BETTER = "too few to judge", "all pictures", "worse", "better"
SLICE_COLUMNS = (
    "model", "by", "slice", "n", "n_clusters", "accuracy", "recall_macro", "f1_macro", "low", "high", "rest",
    "difference", "difference_low", "difference_high", "p", "p_holm", "detectable", "verdict",
)  # fmt: skip


def conditions_of(run: Run) -> dict[str, np.ndarray]:
    """Numbers (n,) by which pictures are told apart, NaN where unknown: size, score, unsigned pose, sharpness."""
    landmarks = run.landmarks
    pose = np.where(landmarks.found[:, None], np.abs(landmarks.pose), np.nan)
    conditions = {
        "face size": landmarks.size,
        "detector score": landmarks.score.astype(float),
        **dict(zip(("yaw", "pitch", "roll"), pose.T)),
        "sharpness": landmarks.sharpness,
    }
    return {name: values for name, values in conditions.items() if np.isfinite(values).any()}


def slices_of(run: Run) -> list[tuple[str, str, np.ndarray, np.ndarray]]:
    """(condition, slice in words, its mask (n,), that of the rest): of the detector, of numbers, of traits.

    The rest are the other scored pictures whose condition is known.
    """
    rows = scored_parts(run)[main_part(run)]
    found = np.where(run.landmarks.found, "face found", "face not found")
    slices = []
    for name, values in ({"detector": found} | run.excerpt.conditions | dict(run.dataset.traits)).items():
        if np.issubdtype(values.dtype, np.number):
            known, parts = rows & np.isfinite(values), _thirds(values, rows, UNITS.get(name, ""))
        else:
            known, parts = rows & (values != ""), _values(values, rows)
        slices += [(name, words, mask, known & ~mask) for words, mask in parts]
    return slices


def _values(values, rows):
    """The most frequent words of a trait, in alphabetical order."""
    words, counts = np.unique(values[rows & (values != "")], return_counts=True)
    for word in np.sort(words[np.argsort(-counts, kind="stable")[:MOST_VALUES]]).tolist():
        yield word, rows & (values == word)


def _thirds(values, rows, unit):
    finite = rows & np.isfinite(values)
    if not finite.any():
        return
    edges = np.quantile(values[finite], [0, 1 / 3, 2 / 3, 1], method="nearest")
    if len(np.unique(edges)) < 3:  # as good as one value
        return
    place = np.searchsorted(edges[1:-1], values, side="left")
    for third, words in enumerate(("lowest", "middle", "highest")):
        mask = finite & (place == third)
        if mask.any():
            # Equal values stay in one part, which may then be far from a third of the pictures.
            part = " third" if abs(mask.sum() / finite.sum() - 1 / 3) < NEAR_A_THIRD else ""
            low, high = _number(values[mask].min()), _number(values[mask].max())
            span = low if low == high else f"{low} to {high}"
            yield f"{words}{part}, {span}{THIN + unit if unit else ''}", mask


def _number(value):
    text = f"{value:.0f}" if abs(value) >= 20 else f"{value:.1f}" if abs(value) >= 1 else f"{value:.2f}"
    return text.replace("-", "\u2212")


def slices_table(run: Run) -> pd.DataFrame:
    """Every model on every slice, against the rest of the pictures.

    `model`, `by`, `slice`, `n`, `n_clusters`, the scores, the interval `low`,
    `high` of the accuracy; `rest`, the accuracy of the other pictures,
    `difference` from it with `difference_low`, `difference_high`, `p`,
    `p_holm`, `verdict` and `detectable`. Intervals of differences hold for all
    judged slices of a model at once (Bonferroni), and so do p_holm and the
    difference that would have been shown in 80 % of the cases. NaN where a
    slice or the rest is too small to be judged.
    """
    units = units_of(run, slice(None))
    slices = [(*one, *_sizes(*one[-2:], units)) for one in slices_of(run)]
    alpha = ALPHA / max(sum(judged for *_, judged in slices), 1)
    blocks = []
    for evaluation in run.evaluations:
        rows = [
            {"model": evaluation.name, "by": name, "slice": words, "n_clusters": n_clusters}
            | _slice(evaluation, mask, rest, units, alpha if judged else None)
            for name, words, mask, rest, n_clusters, judged in slices
        ]
        frame = pd.DataFrame(rows, columns=list(SLICE_COLUMNS))
        frame["p_holm"] = holm(frame["p"])
        frame["verdict"] = _verdicts(frame)
        blocks.append(frame)
    return pd.concat(blocks, ignore_index=True)


def _sizes(mask, rest, units):
    """Clusters of a slice, and whether it can be judged."""
    n_clusters = len(np.unique(units[mask]))
    fewest = min(n_clusters, len(np.unique(units[rest])))
    judged = min(mask.sum(), rest.sum()) >= FEWEST_PICTURES and fewest >= FEWEST_CLUSTERS
    return n_clusters, judged


def _slice(evaluation, mask, rest, units, alpha):
    """Scores of a slice and, where `alpha` is given, the difference from the rest at that level."""
    right, known = evaluation.predicted == evaluation.target, mask | rest
    _, cluster = np.unique(units[known], return_inverse=True)
    both = shares(rest[known].astype(np.int64), cluster, right[known], 2)
    (low, _), (high, _) = both.interval()
    found = {**scores(evaluation.target[mask], evaluation.predicted[mask]), "low": low, "high": high}
    found["rest"] = both.value[1]
    if alpha is None:
        return found
    one = Difference.of(differences(both.take([0]), both.take([1])), confidence=1 - alpha)
    bounds = {"difference": one.value, "difference_low": one.low, "difference_high": one.high}
    return found | bounds | {"p": one.p, "detectable": one.detectable}


def _verdicts(frame):
    # The interval asks a little more than Holm's p does: never are the two at odds beside a verdict.
    verdicts = [WHOLE, TOO_FEW, WORSE, BETTER]
    shown = [frame["difference_high"] < 0, frame["difference_low"] > 0]
    return np.select([frame["rest"].isna(), frame["p"].isna(), *shown], verdicts, NO_DIFFERENCE)


def under_served(slices: pd.DataFrame, model: str) -> pd.DataFrame:
    """Slices of a model that it is shown to serve worse than the rest, worst first."""
    frame = slices[(slices["model"] == model) & (slices["verdict"] == WORSE)]
    return frame.sort_values("difference", kind="stable")


def served_worse(slices: pd.DataFrame, model: str) -> list[str]:
    """Parts of the pictures on which the model does worse than on the rest, or what could have been shown."""
    frame = slices[slices["model"] == model]
    judged, few = frame[frame["p"].notna()], frame[frame["verdict"] == TOO_FEW]
    sentences = [
        f"{row.by}, {row.slice}: right in {percent(row.accuracy)} of {count(row.n)} pictures, against "
        f"{percent(row.rest)} of the rest: {points(row.difference)} points ({points(row.difference_low)} to "
        f"{points(row.difference_high)}; p {p_text(row.p_holm)})."
        for row in under_served(slices, model).itertuples()
    ]
    if len(judged) and not sentences:
        sentences = [f"No part is shown to be served worse than the rest. {_power(judged)}"]
    if len(few) and len(judged):
        names = "; ".join(f"{row.by}, {row.slice} ({count(row.n)})" for row in few.head(MOST_NAMED).itertuples())
        more = f"; and {len(few) - MOST_NAMED} parts more" if len(few) > MOST_NAMED else ""
        sentences.append(f"Too few pictures to judge, there or in the rest: {names}{more}.")
    nothing = (
        f"No part could be judged: that takes {FEWEST_PICTURES} pictures of {FEWEST_CLUSTERS} subjects, or of as many "
        "different pictures, in the part and in the rest."
    )
    return sentences or [nothing]


def _power(judged: pd.DataFrame) -> str:
    """What difference the judged slices could have shown."""
    least, most = judged["detectable"].min(), judged["detectable"].max()
    span = _points(least) if _points(least) == _points(most) else f"{_points(least)} to {_points(most)}"
    return (
        f"That is no proof that all are served alike: with this many pictures, a part must lie about {span} points "
        f"behind to be shown in 80{THIN}% of the cases."
    )


def _points(difference):
    return f"{100 * abs(difference):.1f}"
