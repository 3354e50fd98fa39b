"""Models of folds, fitted again and questioned on faces of their fold: what they answer when columns are altered."""

from dataclasses import dataclass, replace

import numpy as np
from sklearn.base import clone

from ..data.scores import confusion_counts, confusion_scores
from ..features.table import FeatureTable
from .folds import UNUSED, Folds, drawn_rows
from .registry import fit_single_views

MOST_CELLS = 2_000_000  # of a block of altered rows, 16 MB


@dataclass(frozen=True)
class ExplainLevel:
    """How thorough: rows fitted and questioned at most, features shuffled after the screen, repeats of a shuffle."""

    about: str
    most_train: int
    most_rows: int
    most_screened: int
    n_features: int
    repeats: int


LEVELS = {
    "none": None,
    "quick": ExplainLevel("from up to 3,000 faces, asked on up to 1,000 others", 3000, 1000, 200, 12, 3),
    "full": ExplainLevel("from up to 12,000 faces, asked on up to 3,000 others", 12_000, 3000, 600, 40, 10),
}


@dataclass(frozen=True)
class FoldModel:
    """A model of fold `number`: fitted on `train`; `screened` and `scored` are rows of the fold, apart from each other.

    `columns` of all measurements are what the model takes; `medians` (d,) of `train`.
    """

    number: int
    pipeline: object
    train: np.ndarray
    screened: np.ndarray
    scored: np.ndarray
    columns: np.ndarray
    medians: np.ndarray


@dataclass(frozen=True)
class Questions:
    """Models of folds, and the faces that they are asked about.

    Parameters
    ----------
    table : FeatureTable of n faces
    target : ndarray of shape (n,), int64
    n_classes : int
    folds : Folds of the run
    level : ExplainLevel
    seed : int
    models : tuple of FoldModel
        Empty until `of_model` has fitted them.
    """

    table: FeatureTable
    target: np.ndarray
    n_classes: int
    folds: Folds
    level: ExplainLevel
    seed: int
    models: tuple[FoldModel, ...] = ()

    @property
    def X(self) -> np.ndarray:
        return self.table.X

    @property
    def rows(self) -> np.ndarray:
        """Faces that are asked about, those of one model after the other."""
        return np.concatenate([model.scored for model in self.models])

    @property
    def candidates(self) -> np.ndarray:
        """Columns that any of the models takes, sorted."""
        return np.unique(np.concatenate([model.columns for model in self.models]))

    def of_model(self, pipeline, selected) -> "Questions":
        """These with a model of every fold that is needed for the wanted number of rows.

        `pipeline` is cloned; `selected` are the names of the columns that it kept in each fold.
        """
        sizes = np.bincount(self.folds.fold[self.folds.fold >= 0])
        wanted = self.level.most_rows + self.level.most_screened
        n_folds = int(np.searchsorted(np.cumsum(sizes), min(wanted, sizes.sum()))) + 1
        models = (
            self._fold_model(pipeline, selected[fold] if fold < len(selected) else (), fold, n_folds)
            for fold in range(n_folds)
        )
        return replace(self, models=tuple(models))

    def _fold_model(self, pipeline, selected, fold, n_folds):
        train = self.train_of(fold)
        asked = np.random.default_rng([self.seed, fold]).permutation(np.flatnonzero(self.folds.fold == fold))
        n_screened = min(self.level.most_screened // n_folds, len(asked) // 4)
        asked = asked[: n_screened + -(-self.level.most_rows // n_folds)]
        columns, pipeline = self._columns(clone(pipeline), selected)
        with np.errstate(all="ignore"):
            medians = np.nan_to_num(np.nanmedian(self.X[train], axis=0))
        fitted = fit_single_views(
            pipeline,
            self.X[np.ix_(train, columns)],
            self.target[train],
            groups=self.folds.groups[train],
            families=[self.table.family[column] for column in columns],
        )
        screened, scored = np.sort(asked[:n_screened]), np.sort(asked[n_screened:])
        return FoldModel(fold, fitted, train, screened, scored, columns, medians)

    def train_of(self, fold: int) -> np.ndarray:
        """Training rows of a fold, whole groups drawn where they are too many."""
        trained = (self.folds.fold >= 0) & (self.folds.fold != fold)
        others = Folds(np.where(trained, 0, UNUSED), self.folds.groups)
        return drawn_rows(others, most=self.level.most_train, seed=self.seed)

    def _columns(self, pipeline, selected):
        """Columns that the fold's selector kept, which need not be selected again; all of them for components."""
        place = {name: column for column, name in enumerate(self.table.names)}
        if not selected or not set(selected) <= set(place):
            return np.arange(len(place)), pipeline
        return np.array([place[name] for name in selected]), pipeline.set_params(select="passthrough")

    def answers(self, model: FoldModel, rows, changes) -> np.ndarray:
        """Probabilities (m, n, k) of m variants of n rows; a change is (columns, values to put there)."""
        X, step = self.X[rows], max(1, MOST_CELLS // max(1, len(rows) * self.X.shape[1]))
        proba = np.zeros((len(changes), len(rows), self.n_classes))
        for start in range(0, len(changes), step):
            chunk = changes[start : start + step]
            block = np.repeat(X[None], len(chunk), axis=0)
            for altered, (columns, values) in zip(block, chunk):
                altered[:, columns] = values
            answers = model.pipeline.predict_proba(block.reshape(-1, X.shape[1])[:, model.columns])
            proba[start : start + step][..., model.pipeline.classes_] = answers.reshape(len(chunk), len(X), -1)
        return proba

    def plain_answers(self) -> list[np.ndarray]:
        """Probabilities (n, k) of the rows of each model, as they are."""
        return [self.answers(model, model.scored, [([], 0)])[0] for model in self.models]

    def shuffled(self, model: FoldModel, rows, groups, repeat: int) -> list[tuple]:
        """A change a group of columns; the same shuffle for all, so that a group keeps what holds it together."""
        order = np.random.default_rng([self.seed, model.number, repeat]).permutation(len(rows))
        return [(columns, self.X[np.ix_(rows[order], columns)]) for columns in groups]

    def macro_f1(self, predicted, weights=None):
        """Macro F1 of answers to `rows`; with `weights` (b, n), how often each counts, (b,)."""
        counts = confusion_counts(self.target[self.rows], predicted, self.n_classes, weights)
        return confusion_scores(counts)["f1_macro"]
