"""Parameters by successive halving, within the training rows of one fit.

Many candidates are tried on few rows, the better third of them on three
times as many, and so on. The rows are those that a fit trains on: whoever is
predicted by it takes no part. Groups stay on one side of the folds within.

A finished search is kept as one JSON file, named by everything that it
depends on, so that a run that is started again goes on after it.
"""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import sklearn
from sklearn.base import clone
from sklearn.model_selection import ParameterGrid, ParameterSampler

from ..data.files import write_atomically
from ..data.scores import macro_f1
from .fit_metadata import fit_params
from .inner import inner_folds

FACTOR = 3  # of rows from rung to rung, and of candidates down
LEAST_GROUPS = 3  # of every class, on each rung
VERSION = 2  # of what a search does; another one does not take the kept results of this


@dataclass(frozen=True)
class SearchLevel:
    """How thorough: `n_candidates` at first, on `n_rungs` numbers of rows of which the last is at most `most_rows`."""

    n_candidates: int
    n_rungs: int
    n_folds: int
    most_rows: int


LEVELS = {
    "none": None,
    "quick": SearchLevel(n_candidates=9, n_rungs=2, n_folds=3, most_rows=4_000),
    "full": SearchLevel(n_candidates=27, n_rungs=3, n_folds=4, most_rows=20_000),
}
TUNINGS = {
    "none": "good defaults",
    **{
        name: f"{level.n_candidates} settings a model and fold at first, the better third on {FACTOR} times the rows, "
        f"up to {level.most_rows:,}"
        for name, level in LEVELS.items()
        if level
    },
}


@dataclass(frozen=True)
class Trial:
    """One candidate on one rung.

    `params` by path in the classifier; `rows` that the folds within were
    made of; `score`, mean macro F1 over them, 0 to 1; `chosen`: fitted in the
    end, told by the trial on the most rows alone.
    """

    params: dict
    rows: int
    score: float
    chosen: bool = False


@dataclass(frozen=True)
class Search:
    """How every fit of a run is searched: `level` None for not at all, `folder` None to keep nothing.

    `random_state` draws the same candidates for every fold of a run.
    """

    level: SearchLevel | None
    random_state: int = 0
    folder: Path | None = None


def tune(
    back,
    X: np.ndarray,
    y: np.ndarray,
    groups: np.ndarray,
    families: np.ndarray | None = None,
    *,
    space: Mapping[str, Sequence],
    search: Search,
) -> tuple[Trial, ...]:
    """What was tried, the last rung last and its best trial chosen.

    The first candidate is `back` as it is, so a search begins where a run
    without one ends; of equal scores the earlier candidate wins.

    Parameters
    ----------
    back : unfitted pipeline whose step "classify" is searched
    X : ndarray of shape (n, d), the training rows of the fit alone, one view of every face
    y, groups : ndarray of shape (n,)
    families : ndarray of shape (d,), or None
        The family of each column.
    space : values by parameter path in "classify"; empty for nothing to search
    search : Search

    Returns
    -------
    tuple of Trial
        Empty where there was nothing to search, or too little to search on.
    """
    if search.level is None or not space:
        return ()
    rows = _Rows(X, y, groups, families)
    file = search.folder and Path(search.folder) / f"{_fingerprint(back, rows, space, search)}.json"
    kept = _read(file)
    if kept is not None:
        return kept
    trials = _halved(back, rows, space, search)
    if file:
        content = json.dumps([asdict(trial) for trial in trials], indent=1)
        write_atomically(file, lambda opened: opened.write(content.encode()))
    return trials


def chosen_params(trials: Sequence[Trial]) -> dict:
    """Parameters of the chosen trial by path in the pipeline; empty where none was made."""
    return next((_in_pipeline(trial.params) for trial in trials if trial.chosen), {})


def candidates(back, space: Mapping[str, Sequence], n: int, random_state: int) -> list[dict]:
    """At most n different settings: that of `back`, then others of the grid of `space` at random.

    Draws go by the order of the space, so that no name decides on them.
    """
    present = back.get_params()
    first = {path: present[f"classify__{path}"] for path in space}
    grid = {f"{place:03d}": values for place, values in enumerate(space.values())}
    drawn = ParameterSampler(grid, min(n, len(ParameterGrid(grid))), random_state=random_state)
    others = [dict(zip(space, (params[place] for place in grid))) for params in drawn]
    return [first, *(params for params in others if params != first)][:n]


def nested_rows(y: np.ndarray, groups: np.ndarray, sizes: Sequence[int], random_state: int) -> list[np.ndarray]:
    """For each of the rising sizes about so many rows, sorted: whole groups with every class in its share.

    Each is part of the next. `LEAST_GROUPS` groups of every class come first.
    """
    names, group = np.unique(groups, return_inverse=True)
    classes, label = np.unique(y, return_inverse=True)
    counts = np.zeros((len(names), len(classes)), dtype=np.int64)
    np.add.at(counts, (group, label), 1)
    kind = counts.argmax(axis=1)  # of a group: its most frequent class
    shuffled = np.random.default_rng(random_state).permutation(len(names))
    rank = np.empty(len(names), dtype=np.int64)  # of a group among those of its kind
    for number in range(len(classes)):
        members = shuffled[kind[shuffled] == number]
        rank[members] = np.arange(len(members))
    share = (rank + 0.5) / np.bincount(kind, minlength=len(classes))[kind]
    share[rank < LEAST_GROUPS] -= 1
    order = shuffled[np.argsort(share[shuffled], kind="stable")]
    end = np.cumsum(counts.sum(axis=1)[order])
    least = (share < 0).sum()
    taken = [order[: max(least, np.searchsorted(end, size, side="right"), 1)] for size in sizes]
    return [np.flatnonzero(np.isin(group, chosen)) for chosen in taken]


@dataclass(frozen=True)
class _Rows:
    X: np.ndarray
    y: np.ndarray
    groups: np.ndarray
    families: np.ndarray | None

    def take(self, rows):
        return _Rows(self.X[rows], self.y[rows], self.groups[rows], self.families)


def _halved(back, rows, space, search):
    level, random_state = search.level, search.random_state
    most = min(len(rows.y), level.most_rows)
    sizes = [math.ceil(most / FACTOR**rung) for rung in reversed(range(level.n_rungs))]
    left = candidates(back, space, level.n_candidates, random_state)
    trials = []
    for chosen in nested_rows(rows.y, rows.groups, sizes, random_state):
        part = rows.take(chosen)
        folds = inner_folds(part.y, part.groups, n_folds=level.n_folds, random_state=random_state)
        if not folds:
            return ()
        tried = [Trial(params, len(chosen), _score(back, params, part, folds)) for params in left]
        trials += tried
        best = sorted(range(len(tried)), key=lambda place: -tried[place].score)  # a stable sort: the earlier of equals
        # In their first order, so that among equals the defaults go on winning.
        left = [left[place] for place in sorted(best[: math.ceil(len(left) / FACTOR)])]
    final = len(trials) - len(tried) + best[0]
    return tuple(
        Trial(trial.params, trial.rows, trial.score, chosen=place == final) for place, trial in enumerate(trials)
    )


def _score(back, params, rows, folds):
    """Mean macro F1 over the folds, of the classes that each validates."""
    scores = []
    for train, valid in folds:
        model, shown = clone(back).set_params(**_in_pipeline(params)), rows.take(train)
        model.fit(shown.X, shown.y, **fit_params(model, groups=shown.groups, families=shown.families))
        scores.append(macro_f1(rows.y[valid], model.predict(rows.X[valid])))
    return float(np.mean(scores))


def _in_pipeline(params):
    return {f"classify__{path}": value for path, value in params.items()}


def _fingerprint(back, rows, space, search):
    """Hexadecimal digest of the rows and of all that the search depends on besides."""
    searched = {path: list(values) for path, values in space.items()}
    families = None if rows.families is None else rows.families.tolist()
    level = asdict(search.level)
    settings = [VERSION, families, sklearn.__version__, _settings(back), searched, level, search.random_state]
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    for values in (rows.X, rows.y, np.unique(rows.groups, return_inverse=True)[1]):
        values = np.ascontiguousarray(values)
        digest.update(f"{values.dtype}{values.shape}".encode())
        digest.update(values)
    return digest.hexdigest()[:32]


def _settings(back):
    """Every parameter of the pipeline by path: plain values as they are, others by their type."""
    plain = (str, int, float, bool, type(None))
    values = {path: value if isinstance(value, plain) else type(value).__qualname__
              for path, value in back.get_params().items()}  # fmt: skip
    return [[type(step).__qualname__ for _, step in back.steps], values]


def _read(file):
    """The trials of a finished search, or None where there is none that can be read."""
    try:
        return tuple(Trial(**trial) for trial in json.loads(file.read_bytes())) if file else None
    except (OSError, ValueError, TypeError):
        return None
