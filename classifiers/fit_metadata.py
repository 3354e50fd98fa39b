"""What an estimator is told of its rows and columns besides X and y, by keyword, as scikit-learn's metadata are.

=========== ======================================================================
groups (n,)  rows with equal number stay on one side of every split within
faces (n,)   rows with equal number are views of one face, such as its mirror image
families (d,) the family of each column
=========== ======================================================================

An estimator whose `fit` names one of them as a parameter is given it; None says that every row, or column, stands by
itself. There is no list of who takes what: members of an ensemble and estimators within others are asked alike.
"""

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import has_fit_parameter


def fit_params(estimator, *, groups=None, faces=None, families=None) -> dict:
    """Keyword arguments for the `fit` of an estimator: those that it takes, of the ones that are not None.

    Of a pipeline every step is asked, under the names by which pipelines hand parameters on. After a step that makes
    rows up nothing is known of rows any more, after one that makes columns nothing of columns.
    """
    given = {"groups": groups, "faces": faces, "families": families}
    if not isinstance(estimator, Pipeline):
        return {
            key: value
            for key, value in given.items()
            if value is not None and hasattr(estimator, "fit") and has_fit_parameter(estimator, key)
        }
    params = {}
    for name, step in estimator.steps:
        params |= {f"{name}__{key}": value for key, value in fit_params(step, **given).items()}
        if hasattr(step, "fit_resample"):
            given |= {"groups": None, "faces": None}
        if hasattr(step, "transform"):
            given |= {"families": None}
    return params


def of_rows(rows, *values) -> tuple:
    """The rows of every array; None stays None."""
    return tuple(None if value is None else np.asarray(value)[rows] for value in values)


def rows_of_faces(faces, n: int) -> np.ndarray:
    """Rows of every face, (views, faces): row [v, i] is the v-th view of face i; faces as they first occur.

    Parameters
    ----------
    faces : array of shape (n,), or None
        Rows with equal number are views of one face; None for every row its own.
    n : int
        Rows that there are.

    Raises
    ------
    ValueError
        If there are not n, or faces differ in how many views they have.

    >>> rows_of_faces([7, 3, 7, 3], 4)
    array([[0, 1],
           [2, 3]])
    """
    if faces is None:
        return np.arange(n)[None]
    if len(faces) != n:
        raise ValueError(f"faces has {len(faces)} rows for {n} rows of X.")
    _, number, counts = np.unique(faces, return_inverse=True, return_counts=True)
    if counts.min() != counts.max():
        raise ValueError(f"Every face needs as many views as the others, not {counts.min()} to {counts.max()}.")
    rows = np.argsort(number, kind="stable").reshape(len(counts), -1)
    return rows[np.argsort(rows[:, 0])].T
