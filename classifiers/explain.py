"""What a model's answers rest on, asked only on faces that it was not fitted on.

The model that came first is fitted again on training rows of a fold (of every
fold where the dataset is small), and questioned on rows of that fold: what is
lost when measurements are shuffled, how answers follow a measurement, and
what moved the answer for one face. The official test part is not touched.

Measurements of a face repeat each other, so that a model hardly misses a
single one. They are therefore asked for in clusters too, of measurements that
rise and fall together, and by families.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from threadpoolctl import threadpool_limits

from .ablation import Ablated, Stability, ablation, selection_stability
from .audit import drawn_rows
from .clusters import Cluster, clusters_of
from .evaluate import UNUSED, Evaluation, Folds
from .registry import CLASSIFIERS, of_single_faces
from ..data.errors import check_choice
from ..data.scores import confusion_counts, confusion_scores
from ..features.geometry import FAMILIES

N_EFFECTS = 8  # clusters whose effect on every class is shown
N_MOVES = 3  # clusters named for one face
QUANTILES = (0.1, 0.9)
N_RESAMPLES = 500
MOST_CELLS = 2_000_000  # of a block of altered rows, 16 MB
MOST_CANDIDATES = 20_000  # rows times features that the screen predicts


@dataclass(frozen=True)
class Level:
    """How thorough: rows fitted and questioned at most, features shuffled after the screen, repeats of a shuffle."""

    about: str
    most_train: int
    most_rows: int
    most_screened: int
    n_features: int
    repeats: int


LEVELS = {
    "none": None,
    "quick": Level("from up to 3,000 faces, asked on up to 1,000 others", 3000, 1000, 200, 12, 3),
    "full": Level("from up to 12,000 faces, asked on up to 3,000 others", 12_000, 3000, 600, 40, 10),
}
EXPLANATIONS = {
    "none": "no explanations",
    **{name: f"what answers rest on, {level.about}" for name, level in LEVELS.items() if level},
}


@dataclass(frozen=True)
class Importance:
    """Macro F1 that is lost when the columns of a feature, cluster or family are shuffled together among the faces.

    `drops` one a repeat; `low`, `high` the 95 % interval of their mean, from
    resampled faces (whole groups). The model stays as it was fitted.
    """

    name: str
    n_features: int
    drops: tuple[float, ...]
    low: float
    high: float

    @property
    def drop(self) -> float:
        return float(np.mean(self.drops))


@dataclass(frozen=True)
class Effect:
    """Mean change of every class's probability when a cluster goes from low to high, all else as it is.

    The feature that names it goes from its 10th to its 90th percentile, `low`
    to `high`; its relatives go with it, those with a negative correlation
    down.
    """

    name: str
    low: float
    high: float
    changes: tuple[float, ...]


@dataclass(frozen=True)
class Move:
    """A cluster of one face, and what it adds to the probability of the answer.

    `value` and the training `median` are of the feature that names it.
    `change` is the probability as it is less the one with medians in place of
    the whole cluster: positive for what speaks for the answer.
    """

    name: str
    value: float
    median: float
    change: float


@dataclass(frozen=True)
class FaceExplained:
    """Why one face got its answer.

    `moves`, the largest first. With `flips_after` clusters at their medians,
    those that speak for the answer most first, it becomes `flips_to`; None
    where it stays.
    """

    row: int
    predicted: int
    probability: float
    moves: tuple[Move, ...]
    flips_after: int | None
    flips_to: int | None


@dataclass(frozen=True)
class Explanation:
    """Result of `explain`.

    Parameters
    ----------
    classifier : str
    n_train, n_folds : int
        Rows that the model was fitted on, in each of `n_folds` folds.
    rows : ndarray of shape (n,), int64
        Rows of the dataset that it was questioned on; it was fitted on none of them in the fold that asks.
    score : float
        Macro F1 on these rows as they are.
    n_candidates : int
        Features that the model sees, out of which `features` were picked.
    clusters : tuple of Cluster
    features, related, families : tuples of Importance, the most important first
        Single features that a screen picked, all clusters, all families.
    effects : tuple of Effect
        Of the most important clusters.
    ablation : tuple of Ablated
    stability : tuple of Stability
    faces : tuple of FaceExplained
    seconds : float
    """

    classifier: str
    n_train: int
    n_folds: int
    rows: np.ndarray
    score: float
    n_candidates: int
    clusters: tuple[Cluster, ...]
    features: tuple[Importance, ...]
    related: tuple[Importance, ...]
    families: tuple[Importance, ...]
    effects: tuple[Effect, ...]
    ablation: tuple[Ablated, ...]
    stability: tuple[Stability, ...]
    faces: tuple[FaceExplained, ...]
    seconds: float


def explain(
    X: np.ndarray,
    target: np.ndarray,
    *,
    names: Sequence[str],
    families: Mapping[str, Sequence[int]],
    n_classes: int,
    found: np.ndarray,
    folds: Folds,
    evaluations: Sequence[Evaluation],
    models: Mapping[str, object],
    seed: int = 0,
    level: str = "quick",
    n_jobs: int = 1,
) -> Explanation | None:
    """Explain the model that came first among those that take features.

    Parameters
    ----------
    X : ndarray of shape (n, d)
        Measurements, NaN where there are none.
    target : ndarray of shape (n,), int64
    names : d names
    families : mapping of each family to its columns of `X`
    n_classes : int
    found : ndarray of shape (n,), bool
        The detector saw the face; only such faces are explained one by one.
    folds : Folds of the run
    evaluations, models : as `evaluate` gives them; models are cloned, not used as they are fitted
    seed : int
    level : key of `LEVELS`
    n_jobs : processes of the ablation; changes no result

    Returns
    -------
    Explanation, or None for the level "none" and where no model takes features
    """
    check_choice("explain", level, LEVELS)
    first = explained_evaluation(evaluations)
    if LEVELS[level] is None or first is None:
        return None
    start, chosen = time.perf_counter(), LEVELS[level]
    ablated = ablation(X, target, families=families, folds=folds, seed=seed, n_jobs=n_jobs)
    kept = first.selected if set().union(*first.selected) <= set(names) else ()  # components have no column
    stability = selection_stability(X, target, folds, kept, seed=seed, n_jobs=n_jobs)
    with threadpool_limits(1):
        work = _Work(X, target, tuple(names), n_classes, folds, seed, chosen)
        work = work.fitted(models[first.name], first.selected)
        return work.result(first.name, families, found, ablated, stability, start)


def family_columns(names: Sequence[str], families: Sequence[str]) -> dict[str, list[int]]:
    """Columns of each family of measurements; names that no family lists go by what stands before their first "_"."""
    of = {name: family for family in families if family in FAMILIES for name in FAMILIES[family].names}
    columns = {}
    for column, name in enumerate(names):
        columns.setdefault(of.get(name, name.partition("_")[0]), []).append(column)
    return columns


def explained_evaluation(evaluations: Sequence[Evaluation]) -> Evaluation | None:
    """The evaluation with the best accuracy in cross-validation among models of features."""
    known = [one for one in evaluations if one.name in CLASSIFIERS and CLASSIFIERS[one.name].takes == "features"]
    return max(known, key=_cv_accuracy, default=None)


def _cv_accuracy(evaluation):
    right = evaluation.predicted == evaluation.target
    return np.mean([right[evaluation.fold == fold].mean() for fold in range(evaluation.n_folds)])


@dataclass(frozen=True)
class _Part:
    """A model of fold `number`: fitted on `train`; `screened` and `scored` are rows of the fold, apart from each other.

    `columns` of all measurements are what the model takes; `medians` (d,) of `train`.
    """

    number: int
    model: object
    train: np.ndarray
    screened: np.ndarray
    scored: np.ndarray
    columns: np.ndarray
    medians: np.ndarray


@dataclass(frozen=True)
class _Work:
    X: np.ndarray
    target: np.ndarray
    names: tuple[str, ...]
    n_classes: int
    folds: Folds
    seed: int
    level: Level
    parts: tuple[_Part, ...] = field(default=())

    # --- fitting -----------------------------------------------------------------------------------

    def fitted(self, model, selected):
        """This work with a model of every fold that is needed for the wanted number of rows."""
        sizes = np.bincount(self.folds.fold[self.folds.fold >= 0])
        wanted = self.level.most_rows + self.level.most_screened
        n_parts = int(np.searchsorted(np.cumsum(sizes), min(wanted, sizes.sum()))) + 1
        parts = tuple(self._part(model, selected, fold, n_parts) for fold in range(n_parts))
        return replace(self, parts=parts)

    def _part(self, model, selected, fold, n_parts):
        train = self._train(fold)
        asked = np.random.default_rng([self.seed, fold]).permutation(np.flatnonzero(self.folds.fold == fold))
        n_screened = min(self.level.most_screened // n_parts, len(asked) // 4)
        asked = asked[: n_screened + -(-self.level.most_rows // n_parts)]
        columns, model = self._columns(of_single_faces(model), selected[fold] if fold < len(selected) else ())
        with np.errstate(all="ignore"):
            medians = np.nan_to_num(np.nanmedian(self.X[train], axis=0))
        model.fit(self.X[np.ix_(train, columns)], self.target[train])
        screened, scored = np.sort(asked[:n_screened]), np.sort(asked[n_screened:])
        return _Part(fold, model, train, screened, scored, columns, medians)

    def _train(self, fold):
        """Training rows of a fold, whole groups drawn where they are too many."""
        trained = (self.folds.fold >= 0) & (self.folds.fold != fold)
        others = Folds(np.where(trained, 0, UNUSED), self.folds.groups)
        return drawn_rows(others, most=self.level.most_train, seed=self.seed)

    def _columns(self, model, selected):
        """Columns that the fold's selector kept, which need not be selected again; all of them for components."""
        place = {name: column for column, name in enumerate(self.names)}
        if not selected or not set(selected) <= set(place):
            return np.arange(len(self.names)), model
        columns = np.array([place[name] for name in selected])
        return columns, model.set_params(select="passthrough")

    # --- asking ------------------------------------------------------------------------------------

    def _asked(self, part, rows, changes):
        """Probabilities (m, n, k) of m variants of n rows; a change is (columns, values to put there)."""
        X, step = self.X[rows], max(1, MOST_CELLS // max(1, len(rows) * self.X.shape[1]))
        places = part.model.classes_
        proba = np.zeros((len(changes), len(rows), self.n_classes))
        for start in range(0, len(changes), step):
            chunk = changes[start : start + step]
            block = np.repeat(X[None], len(chunk), axis=0)
            for altered, (columns, values) in zip(block, chunk):
                altered[:, columns] = values
            answers = part.model.predict_proba(block.reshape(-1, X.shape[1])[:, part.columns])
            proba[start : start + step][..., places] = answers.reshape(len(chunk), len(X), -1)
        return proba

    def _shuffled(self, part, rows, groups, repeat):
        """A change a group of columns; the same shuffle for all, so that a group keeps what holds it together."""
        order = np.random.default_rng([self.seed, part.number, repeat]).permutation(len(rows))
        return [(columns, self.X[np.ix_(rows[order], columns)]) for columns in groups]

    def result(self, classifier, families, found, ablated, stability, start) -> Explanation:
        candidates = np.unique(np.concatenate([part.columns for part in self.parts]))
        clusters = clusters_of(self.X[self.parts[0].train], candidates, self.names)
        columns_of = {one.name: np.array([self.names.index(name) for name in one.members]) for one in clusters}
        wholes = {name: np.intersect1d(columns, candidates) for name, columns in families.items()}
        plain = [self._asked(part, part.scored, [([], 0)])[0] for part in self.parts]
        rows = np.concatenate([part.scored for part in self.parts])
        related = self._importances(columns_of, plain)
        by_name = {one.name: one for one in clusters}
        return Explanation(
            classifier=classifier,
            n_train=round(np.mean([len(part.train) for part in self.parts])),
            n_folds=len(self.parts),
            rows=rows,
            score=float(_macro_f1(confusion_counts(self.target[rows], _answers(plain), self.n_classes))),
            n_candidates=len(candidates),
            clusters=clusters,
            features=self._importances({self.names[one]: np.array([one]) for one in self._screened(candidates)}, plain),
            related=related,
            families=self._importances({name: columns for name, columns in wholes.items() if len(columns)}, plain),
            effects=tuple(self._effect(by_name[one.name], columns_of[one.name]) for one in related[:N_EFFECTS]),
            ablation=ablated,
            stability=stability,
            faces=self._faces(plain, found, columns_of),
            seconds=time.perf_counter() - start,
        )

    # --- importance --------------------------------------------------------------------------------

    def _screened(self, candidates):
        """The columns that are worth shuffling: whose shuffle costs the true label most probability, on other rows.

        A probability tells more from few rows than macro F1 does.
        """
        if len(candidates) <= self.level.n_features:
            return candidates
        lost = np.zeros(len(candidates))
        most = max(40, MOST_CANDIDATES // len(candidates)) // len(self.parts)
        for part in self.parts:
            rows = part.screened[:most]
            groups = [[column] for column in candidates]
            changes = [([], 0), *self._shuffled(part, rows, groups, 0)]
            true = self._asked(part, rows, changes)[:, np.arange(len(rows)), self.target[rows]]
            lost += (true[0] - true[1:]).sum(axis=1)
        return candidates[np.argsort(-lost, kind="stable")[: self.level.n_features]]

    def _importances(self, groups, plain):
        """An Importance of each group of columns, by name; the most important first."""
        rows, columns = np.concatenate([part.scored for part in self.parts]), list(groups.values())
        target, k, weights = self.target[rows], self.n_classes, self._resamples(rows)
        # (groups, repeats, rows)
        answers = np.concatenate([self._answers_shuffled(part, columns) for part in self.parts], axis=-1)
        whole, resampled = (_macro_f1(confusion_counts(target, _answers(plain), k, by)) for by in (None, weights))
        found = []
        for (name, members), shuffled in zip(groups.items(), answers):
            drops = tuple(float(whole - _macro_f1(confusion_counts(target, one, k))) for one in shuffled)
            drawn = np.mean([resampled - _macro_f1(confusion_counts(target, one, k, weights)) for one in shuffled], axis=0)
            found.append(Importance(name, len(members), drops, *map(float, np.percentile(drawn, [2.5, 97.5]))))
        return tuple(sorted(found, key=lambda one: -one.drop))

    def _answers_shuffled(self, part, groups):
        repeats = [
            self._asked(part, part.scored, self._shuffled(part, part.scored, groups, repeat)).argmax(axis=-1)
            for repeat in range(self.level.repeats)
        ]
        return np.stack(repeats, axis=1)

    def _resamples(self, rows):
        """How often every row occurs in each of N_RESAMPLES resamples of whole groups, (N_RESAMPLES, n)."""
        _, group = np.unique(self.folds.groups[rows], return_inverse=True)
        n_groups = group.max() + 1
        rng = np.random.default_rng([self.seed, len(rows)])
        return rng.multinomial(n_groups, np.full(n_groups, 1 / n_groups), size=N_RESAMPLES)[:, group]

    def _effect(self, cluster, columns):
        """Partial dependence at two values: the cluster is set for every face, everything else stays."""
        train = self.X[self.parts[0].train]
        falls = np.array(cluster.correlations) < 0
        low, high = np.nanquantile(train[:, columns], QUANTILES, axis=0)
        ends = [(columns, np.where(falls, low, high)), (columns, np.where(falls, high, low))]
        changes = np.concatenate([np.subtract(*self._asked(part, part.scored, ends)) for part in self.parts])
        own = cluster.members.index(cluster.name)
        return Effect(cluster.name, float(low[own]), float(high[own]), tuple(changes.mean(axis=0).tolist()))

    # --- single faces ------------------------------------------------------------------------------

    def _faces(self, plain, found, columns_of):
        """Of every label one face named rightly, as sure as usual, and the one named wrongly that was surest."""
        rows = np.concatenate([part.scored for part in self.parts])
        owner = np.repeat(np.arange(len(self.parts)), [len(part.scored) for part in self.parts])
        proba = np.concatenate(plain)
        predicted, sure = proba.argmax(axis=1), proba.max(axis=1)
        usable = found[rows] & np.isfinite(self.X[rows]).all(axis=1)
        faces = []
        for label in range(self.n_classes):
            bears = usable & (self.target[rows] == label)
            right, wrong = np.flatnonzero(bears & (predicted == label)), np.flatnonzero(bears & (predicted != label))
            chosen = [right[np.argsort(sure[right], kind="stable")[len(right) // 2]]] if len(right) else []
            chosen += [wrong[sure[wrong].argmax()]] if len(wrong) else []
            faces += [self._face(self.parts[owner[place]], rows[place], proba[place], columns_of) for place in chosen]
        return tuple(faces)

    def _face(self, part, row, proba, columns_of):
        answer, medians, names = int(proba.argmax()), part.medians, list(columns_of)
        alone = self._asked(part, [row], [(columns, medians[columns]) for columns in columns_of.values()])
        changes = proba[answer] - alone[:, 0, answer]
        moves = []
        for place in np.argsort(-np.abs(changes), kind="stable")[:N_MOVES]:
            column = self.names.index(names[place])
            values = (self.X[row, column], medians[column], changes[place])
            moves.append(Move(names[place], *map(float, values)))
        flips = self._flips(part, row, answer, [list(columns_of.values())[place] for place in _falling(changes)])
        return FaceExplained(int(row), answer, float(proba[answer]), tuple(moves), *flips)

    def _flips(self, part, row, answer, groups):
        """After how many of these groups of columns, set to their medians one after another, the answer is another."""
        if not groups:
            return None, None
        grown = [np.concatenate(groups[: n + 1]) for n in range(len(groups))]
        proba = self._asked(part, [row], [(columns, part.medians[columns]) for columns in grown])[:, 0]
        answers = proba.argmax(axis=-1)
        changed = np.flatnonzero(answers != answer)
        return (int(changed[0]) + 1, int(answers[changed[0]])) if len(changed) else (None, None)


def _answers(plain):
    """Class indices of the rows of all parts."""
    return np.concatenate(plain).argmax(axis=-1)


def _falling(changes):
    """Places of the positive changes, the largest first."""
    return [place for place in np.argsort(-changes, kind="stable") if changes[place] > 0]


def _macro_f1(confusion):
    return confusion_scores(confusion)["f1_macro"]
