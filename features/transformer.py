"""`FaceFeatures`: landmarks to named measurements, as a scikit-learn transformer."""

from collections.abc import Iterator, Sequence

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from ..data.errors import LineamentError, check_choice
from ..landmarks.layout import N_POINTS
from .measure import normalised
from .registry import DEFAULT_FAMILIES, FAMILIES
from .table import FeatureTable

CHUNK = 1_000  # faces computed at a time: what stands between points and measurements then fits the cache
BLOCK = 50_000  # faces of a table where tables come one after another


class FaceFeatures(TransformerMixin, BaseEstimator):
    """Measure faces: families of named geometric features.

    Nothing is learned from the data, so the table may be computed once for all folds.

    Parameters
    ----------
    families : sequence of names in `FAMILIES`

    Attributes
    ----------
    n_features_in_ : int
        136: x and y of 68 points.
    """

    def __init__(self, families: Sequence[str] = DEFAULT_FAMILIES):
        self.families = families

    def fit(self, X, y=None):
        """Check the families and the width of `X`, (n, 136) or (n, 68, 2)."""
        check_families(self.families)
        self._landmarks(X, reset=True)
        return self

    def transform(self, X):
        """Measure every face.

        Parameters
        ----------
        X : array of shape (n, 136) or (n, 68, 2)
            Landmarks in pixels: x0, y0, x1, y1, … Rows may be NaN.

        Returns
        -------
        ndarray of shape (n, d), float64
            NaN where the landmarks are.
        """
        check_is_fitted(self)
        points = self._landmarks(X, reset=False)
        table = np.empty((len(points), sum(len(FAMILIES[family].names) for family in self.families)))
        for start in range(0, len(points), CHUNK):
            part = slice(start, start + CHUNK)
            table[part] = self._measure(points[part])
        return table

    def get_feature_names_out(self, input_features=None):
        """Names of the columns, such as `dist_mouth_width`."""
        check_is_fitted(self)
        return np.array([name for family in self.families for name in FAMILIES[family].names], dtype=object)

    def _measure(self, points):
        frames = {"picture": np.asarray(points, dtype=np.float64), "face": normalised(points)}
        families = [FAMILIES[family] for family in self.families]
        return np.concatenate([family.compute(frames[family.frame]) for family in families], axis=1)

    def _landmarks(self, X, *, reset):
        if getattr(X, "ndim", 2) == 3:
            X = np.asarray(X).reshape(len(X), -1)
        X = validate_data(self, X, reset=reset, dtype=(np.float64, np.float32), ensure_all_finite="allow-nan")
        return self._as_points(X)

    def _as_points(self, X):
        if X.shape[1] != 2 * N_POINTS:
            raise ValueError(f"X has {X.shape[1]} columns; {N_POINTS} landmarks are {2 * N_POINTS} (x0, y0, x1, …).")
        return X.reshape(len(X), N_POINTS, 2)

    def __sklearn_is_fitted__(self):
        return hasattr(self, "n_features_in_")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.requires_fit = True
        return tags


def check_families(families: Sequence[str]) -> None:
    """Raise `LineamentError` for no family, an unknown one, or one named twice."""
    if isinstance(families, str) or not len(families):
        raise LineamentError(f"Name at least one feature family, as a list. Choose from {', '.join(sorted(FAMILIES))}.")
    for family in families:
        check_choice("feature family", family, FAMILIES)
        if FAMILIES[family].needs_pixels:
            raise LineamentError(f"The feature family '{family}' needs pictures: measure faces, not points alone.")
    if len(set(families)) < len(families):
        raise LineamentError(f"A feature family is named twice in {', '.join(families)}.")


def feature_table(points: np.ndarray, families: Sequence[str] = DEFAULT_FAMILIES) -> FeatureTable:
    """Measure the faces of landmarks (n, 68, 2), NaN rows staying NaN."""
    transformer = FaceFeatures(families).fit(points)
    family = tuple(family for family in families for _ in FAMILIES[family].names)
    return FeatureTable(transformer.transform(points), tuple(transformer.get_feature_names_out()), family)


def iter_feature_tables(
    points: np.ndarray, families: Sequence[str] = DEFAULT_FAMILIES, *, block: int = BLOCK
) -> Iterator[FeatureTable]:
    """Measure many faces in bounded memory: tables of `block` faces, in order, the last one shorter.

    A table of 1,000,000 faces in the default families is 1.6 GB; its blocks may
    be written down, or narrowed to float32, one by one. `points` may be a memory map.
    """
    for start in range(0, len(points), block):
        yield feature_table(points[start : start + block], families)
