"""A model is one thing that answers faces: a fitted pipeline, and the recipe by which faces are brought before it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..data.errors import LineamentError
from ..data.parallel import Workers
from ..features import Inputs, Measures, measure
from ..landmarks import Faces, Finder, look_at
from .abstention import UNSURE, answered, confidence_of
from .conformal import sets_of
from .doubt import refusal_threshold, set_thresholds
from .spec import CROPS, FEATURES

if TYPE_CHECKING:
    import pandas as pd

FACE, MIRROR = "face", "mirror"
VIEWS = {"none": (FACE,), "mirror": (FACE, MIRROR)}  # by `augment`


@dataclass(frozen=True)
class Recipe:
    """How a model was made, and how faces are prepared for it; plain values throughout.

    Parameters
    ----------
    classifier : str
        Name in `CLASSIFIERS`.
    labels : tuple of str
        In the order of the probabilities; empty for "the classes of the pipeline".
    families : tuple of str
        Families of the measurements that it takes; empty for a model of crops.
    views : tuple of str
        What it is asked about a face, ("face",) or ("face", "mirror"); its answer is the mean.
    crop : int or None
        Side of the gray crop that it takes, px; None for a model of measurements.
    detector : str
    landmark_model : str
        "" for the one that is installed.
    on_miss : str
        What is done where no face is found.
    reference : str
        What the measurements are differences from, "none" or "neutral".
    versions : dict of str to str
        What it was made with.
    training_digest : str
        SHA-256 of the rows and labels that it was fitted on.
    metrics : dict
        Scores by part, "cv" (the mean of the folds), "test" and, where copies of training pictures lie there,
        "test_clean" (those pictures left out), as `data.scores.scores` gives them.
    calibration : dict
        By part too: `accuracy`, and the mean `confidence` in the answers, which equals it where probabilities are true.
    refusal : dict
        By risk, "0.05", "0.1", "0.2": the confidence from which it answers, as `doubt.doubts_of` gives it.
    sets : dict
        By level, "0.8", "0.9", "0.95": the thresholds of label sets. Both are empty for a model made before them.
    """

    classifier: str = ""
    labels: tuple[str, ...] = ()
    families: tuple[str, ...] = ()
    views: tuple[str, ...] = (FACE,)
    crop: int | None = None
    detector: str = ""
    landmark_model: str = ""
    on_miss: str = ""
    reference: str = "none"
    versions: Mapping[str, str] = field(default_factory=dict)
    training_digest: str = ""
    metrics: Mapping[str, Mapping] = field(default_factory=dict)
    calibration: Mapping[str, Mapping] = field(default_factory=dict)
    refusal: Mapping[str, Mapping] = field(default_factory=dict)
    sets: Mapping[str, Mapping] = field(default_factory=dict)

    def __post_init__(self):
        for name in ("labels", "families", "views"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        if self.views not in VIEWS.values():
            raise ValueError(f"Views are {' or '.join(map(str, VIEWS.values()))}, not {self.views}")

    @property
    def takes(self) -> str:
        """What it is made for, as `ClassifierSpec.takes`."""
        return FEATURES if self.crop is None else CROPS

    def to_dict(self) -> dict:
        """Plain values, as JSON holds them."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, document: Mapping) -> "Recipe":
        """The recipe of `to_dict`; entries that are not known are left out."""
        known = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in document.items() if name in known})


@dataclass(frozen=True)
class FaceModel:
    """A fitted pipeline that ends in a classifier of label indices, and its recipe."""

    pipeline: object
    recipe: Recipe = Recipe()

    def answer(self, inputs: Inputs) -> np.ndarray:
        """Class probabilities (n, k) of n faces, the mean over the recipe's views.

        Columns are the recipe's labels, 0 for one that the model was not shown; without labels, the pipeline's classes.

        Raises
        ------
        ValueError
            If `inputs` lack what the recipe says.
        """
        views, classes = self._views(inputs), self.pipeline.classes_
        proba = np.zeros((len(inputs), len(self.recipe.labels or classes)))
        if len(inputs):
            known = classes if self.recipe.labels else slice(None)
            proba[:, known] = sum(self.pipeline.predict_proba(X) for X in views) / len(views)
        return proba

    def _views(self, inputs):
        if self.recipe.takes == CROPS:
            if inputs.crops is None:
                raise ValueError("The model takes crops of faces, and there are none.")
            return [inputs.crops]
        if len(inputs.views) < len(self.recipe.views):
            raise ValueError(f"The model takes {len(self.recipe.views)} views of a face, not {len(inputs.views)}.")
        return [table.X for table in inputs.views[: len(self.recipe.views)]]

    @property
    def measures(self) -> Measures:
        """What it is to be told of a face."""
        return Measures(() if self.recipe.crop else self.recipe.families, self.recipe.views, self.recipe.crop)

    def look_at(self, images: Sequence, *, cache: Path | None = None, workers: Workers = Workers()) -> Faces:
        """The faces of pictures, found as those were that it learned from, with all that it will ask of their pixels.

        Parameters
        ----------
        images : lazy sequence of n pictures, such as `data.images.TreeImages`
        cache : folder of the landmark cache, or None
        workers : Workers
        """
        return look_at(images, finder=self.finder, takers=self.measures.takers, cache=cache, workers=workers)

    @property
    def finder(self) -> Finder:
        """How faces are found for it: as those were that it learned from."""
        recipe = self.recipe
        return Finder(recipe.detector, Path(recipe.landmark_model) if recipe.landmark_model else None, recipe.on_miss)

    def predict_proba(self, faces: Faces) -> np.ndarray:
        """Class probabilities (n, k) of n faces, columns in the order of the recipe's labels.

        Raises
        ------
        LineamentError
            If the model was made of differences from a person's neutral face, or needs pictures that are not there.
        """
        self.check_alone()
        return self.answer(measure(faces, self.measures))

    def check_alone(self) -> None:
        """Raise `LineamentError` if a face by itself is not enough for it."""
        if self.recipe.reference != "none":
            raise LineamentError(
                "This model was trained on differences from a neutral face of the same person, which a face alone does "
                "not have. Train one without --reference."
            )

    def predict(self, pictures, **options) -> "pd.DataFrame":
        """What it says of every face in pictures and videos, a row a face; one row without a label where there is none.

        Parameters
        ----------
        pictures : str, Path, ndarray, or any iterable of those
            Pictures, videos, folders, archives and patterns by path; pictures as uint8 arrays (H, W) or (H, W, 3) RGB.
        risk, sets, points, answer_missed, follow : see `predicting.Asked`

        Returns
        -------
        DataFrame
            Columns `input`, `frame`, `timestamp` (s), `face_id`, `found`, `left`, `top`, `right`, `bottom` (px),
            `label`, `unsure`, `p_<label>` for each label; with `sets` also `label_set`, with `points` also x_0 … y_67.
            What could not be read is logged, and listed in `attrs["skipped"]`.

        Raises
        ------
        LineamentError
            If a path is missing, nothing could be read, or the model cannot be asked so.

        Examples
        --------
        >>> table = model.predict("photo.jpg")  # doctest: +SKIP
        >>> table[["label", "p_happy"]]  # doctest: +SKIP
        """
        from .predicting import predicted  # pandas

        return predicted(self, pictures, **options)

    def iter_predict(self, pictures, **options) -> "Iterator[pd.DataFrame]":
        """The same, one table a picture or frame as soon as it is answered: memory does not grow with a video.

        What could not be read is logged alone.
        """
        from .predicting import iter_predicted

        return iter_predicted(self, pictures, **options)

    def answers(self, proba: np.ndarray, *, risk: float = 0.1, guaranteed: bool = True) -> np.ndarray:
        """Label indices (n,) of probabilities (n, k); UNSURE, -1, where the model had better not answer.

        Of the answers that are given, at most the share `risk` is wrong.

        Parameters
        ----------
        proba : ndarray of shape (n, k)
            As `predict_proba` gives them.
        risk : 0.05, 0.1 or 0.2
        guaranteed : bool
            Whether the risk is promised for new faces, but for a chance of 1 in 20, or was merely seen in the
            cross-validation.

        Raises
        ------
        LineamentError
            If the model was made before models knew this, or for another risk.
        """
        threshold = refusal_threshold(self.recipe.refusal, risk, guaranteed=guaranteed)
        return np.where(answered(confidence_of(proba), threshold), proba.argmax(axis=1), UNSURE)

    def label_sets(self, proba: np.ndarray, *, level: float = 0.9, found: np.ndarray | None = None) -> np.ndarray:
        """Sets of labels (n, k), bool, that hold the true one with the probability `level`, whichever label it is.

        Parameters
        ----------
        proba : ndarray of shape (n, k)
            As `predict_proba` gives them.
        level : 0.8, 0.9 or 0.95
        found : ndarray of shape (n,), bool, or None
            Whether the detector saw each face: the sets keep their promise for those that it saw and for those that
            it did not as well, and are larger for it.

        Raises
        ------
        LineamentError
            If the model was made before models knew this, or for another level.
        """
        by_label, by_group = set_thresholds(self.recipe.sets, level)
        sets = sets_of(proba, by_label)
        return sets if found is None else sets | sets_of(proba, by_group[(~found).astype(int)][:, None])

    def with_recipe(self, **changes) -> "FaceModel":
        """The same pipeline under a recipe with these fields changed."""
        return replace(self, recipe=replace(self.recipe, **changes))
