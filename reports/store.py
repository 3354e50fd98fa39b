"""A run folder that can be read again: everything that a report is made from, without pictures and models.

============================ =====================================================
run.json                     protocol, settings, costs, audit, explanation, names
faces.parquet                a row a picture: label, subject, split, found, conditions
predictions.parquet          a row a model and picture, see `metrics.predictions_table`
gallery.parquet              the few faces that the page shows, with their landmarks
============================ =====================================================
"""

import json
from dataclasses import asdict, fields, replace
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from ..classifiers.audit import Audit, Comparison, CurvePoint
from ..classifiers.evaluate import Evaluation, Protocol
from ..data.dataset import Dataset, Skipped
from ..data.duplicates import Duplicates
from ..data.errors import LineamentError
from ..data.images import UnreadableImage
from ..features.table import FeatureTable
from ..data.files import write_atomically
from ..landmarks.extract import LandmarkSet
from ..landmarks.layout import N_POINTS
from .document import plain
from .excerpt import Excerpt, Thumbnail
from .explanations import explanation_document, explanation_of
from .metrics import predictions_table
from .run import Failure, Run

FORMAT = 1
RUN, FACES, PREDICTIONS, GALLERY = "run.json", "faces.parquet", "predictions.parquet", "gallery.parquet"
SIMPLE = (
    "families", "detector", "on_miss", "config", "seconds", "command", "n_landmarks_fresh", "landmark_seconds",
    "peak_memory", "model_bytes", "versions",
)  # fmt: skip


class KeptElsewhere:
    """The pictures of a run that was read from its folder: counted, not held."""

    def __init__(self, n):
        self.n = n

    def __len__(self):
        return self.n

    def __getitem__(self, index):
        raise UnreadableImage("a run folder keeps no pictures")

    def take(self, rows):
        return KeptElsewhere(len(rows))


def save_run(run: Run, folder: Path) -> None:
    """Write what `load_run` reads; `run.excerpt` must be there."""
    _write_frame(folder / FACES, faces_table(run))
    _write_frame(folder / PREDICTIONS, predictions_table(run))
    _write_frame(folder / GALLERY, _gallery_table(run.excerpt))
    text = json.dumps(_run_document(run), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    write_atomically(folder / RUN, lambda file: file.write(text.encode()))


def load_run(folder) -> Run:
    """A run from its folder. Pictures, landmarks and measurements stay behind: rows of NaN stand for them.

    Raises
    ------
    LineamentError
        If the folder holds no run, or one of another format.
    """
    folder = Path(folder)
    try:
        document = json.loads((folder / RUN).read_text(encoding="utf-8"))
        frames = [pd.read_parquet(folder / name) for name in (FACES, PREDICTIONS, GALLERY)]
    except (OSError, ValueError) as error:
        raise LineamentError(
            f"{folder} cannot be read as a run ({error}). Give a folder that run_pipeline.py --out has written."
        ) from error
    if document.get("format") != FORMAT:
        raise LineamentError(
            f"{folder} has the run format {document.get('format')}; this version reads {FORMAT}. "
            "Run the pipeline again."
        )
    return _run_of(document, *frames)


def _write_frame(path, frame):
    write_atomically(path, lambda file: frame.to_parquet(file, index=False))


def faces_table(run: Run) -> pd.DataFrame:
    """One row a picture: `key`, `label`, `subject`, `split`, `found`, box, score, `copy_of`, and every condition."""
    dataset, landmarks = run.dataset, run.landmarks
    boxes = {name: landmarks.boxes[:, side] for side, name in enumerate(("left", "top", "right", "bottom"))}
    repeats = {name: rows for name, rows in vars(run.duplicates).items() if isinstance(rows, np.ndarray)}
    return pd.DataFrame(
        {
            "key": dataset.keys.astype(str),
            "label": dataset.target,
            "subject": None if dataset.groups is None else dataset.groups.astype(str),
            "split": None if dataset.split is None else dataset.split.astype(str),
            "found": landmarks.found,
            "detector_score": landmarks.score,
            **boxes,
            **repeats,
            "problem": list(landmarks.problems),
            **{f"condition {name}": values for name, values in run.excerpt.conditions.items()},
        }
    )


def _gallery_table(excerpt):
    rows = sorted(excerpt.thumbnails)
    kept = [excerpt.thumbnails[row] for row in rows]
    return pd.DataFrame(
        {
            "row": np.array(rows, dtype=np.int64),
            "picture": [_png(thumbnail.picture) for thumbnail in kept],
            "points": [thumbnail.points.ravel() for thumbnail in kept],
        }
    )


def _png(picture):
    return cv2.imencode(".png", picture if picture.ndim == 2 else picture[..., ::-1])[1].tobytes()


def _run_document(run):
    dataset = run.dataset
    return plain(
        {
            "format": FORMAT,
            "dataset": {name: getattr(dataset, name) for name in ("name", "label_names", "synthetic", "about")},
            "skipped": [asdict(item) for item in run.skipped],
            "failures": [asdict(item) for item in run.failures],
            "features": list(run.table.names),
            "between": run.excerpt.between.tolist(),
            "mean_face": None if run.excerpt.mean_face is None else run.excerpt.mean_face.tolist(),
            "protocol": asdict(run.protocol),
            "evaluations": [_evaluation_document(evaluation) for evaluation in run.evaluations],
            "audit": None if run.audit is None else _audit_document(run.audit),
            "explanation": None if run.explanation is None else explanation_document(run.explanation),
            **{name: getattr(run, name) for name in SIMPLE},
        }
    )


def _evaluation_document(evaluation):
    arrays = ("target", "predicted", "proba", "fold")
    return {field.name: getattr(evaluation, field.name) for field in fields(evaluation) if field.name not in arrays}


def _audit_document(audit):
    arrays = {"rows": audit.rows.tolist(), "repeats": audit.repeats.tolist()}
    comparisons = [
        {**vars(one), "honest": one.honest.tolist(), "leaky": one.leaky.tolist()} for one in audit.comparisons
    ]
    curves = {name: [vars(point) for point in getattr(audit, name)] for name in ("learning", "features")}
    return {**vars(audit), **arrays, **curves, "comparisons": comparisons}


def _run_of(document, faces, predictions, gallery):
    names = tuple(document["dataset"]["label_names"])
    dataset = _dataset_of(document, faces, names)
    return Run(
        dataset=dataset,
        landmarks=_landmarks_of(faces),
        duplicates=_duplicates_of(faces),
        table=_empty_table(len(faces), document["features"]),
        evaluations=tuple(
            _evaluation_of(stored, predictions, dataset.target, names) for stored in document["evaluations"]
        ),
        protocol=Protocol(**document["protocol"]),
        skipped=dataset.skipped,
        failures=tuple(Failure(**item) for item in document.get("failures", ())),
        audit=None if document["audit"] is None else _audit_of(document["audit"]),
        explanation=None if document.get("explanation") is None else explanation_of(document["explanation"]),
        excerpt=_excerpt_of(document, faces, gallery),
        **{name: document[name] for name in SIMPLE} | {"families": tuple(document["families"])},
    )


def _dataset_of(document, faces, names):
    def column(name):
        return None if faces[name].isna().all() else faces[name].to_numpy(dtype=str)

    return Dataset(
        images=KeptElsewhere(len(faces)),
        target=faces["label"].to_numpy(dtype=np.int64),
        keys=faces["key"].to_numpy(dtype=str),
        groups=column("subject"),
        split=column("split"),
        skipped=tuple(Skipped(**item) for item in document["skipped"]),
        **document["dataset"] | {"label_names": names},
    )


def _landmarks_of(faces):
    return LandmarkSet(
        points=np.broadcast_to(np.float32(np.nan), (len(faces), N_POINTS, 2)),
        boxes=faces[["left", "top", "right", "bottom"]].to_numpy(dtype=np.int32),
        found=faces["found"].to_numpy(dtype=bool),
        score=faces["detector_score"].to_numpy(dtype=float),
        problems=tuple(faces["problem"]),
    )


def _duplicates_of(faces):
    known = {field.name for field in fields(Duplicates)} & set(faces.columns)
    return Duplicates(**{name: faces[name].to_numpy(dtype=np.int64) for name in sorted(known)})


def _empty_table(n, names):
    return FeatureTable(np.broadcast_to(np.nan, (n, len(names))), tuple(names), ("",) * len(names))


def _evaluation_of(stored, predictions, target, names):
    frame = predictions[predictions["model"] == stored["name"]]
    place = {name: index for index, name in enumerate(names)}
    # A run from before there was tuning says nothing of it.
    tuples = {name: _as_tuples(stored.get(name, [])) for name in ("selected", "fit_seconds", "history", "tuning")}
    return Evaluation(
        target=target,
        predicted=frame["predicted"].astype(object).map(place).fillna(-1).to_numpy(dtype=np.int64),
        proba=frame[[f"proba_{name}" for name in names]].to_numpy(dtype=float),
        fold=frame["fold"].to_numpy(dtype=np.int64),
        **stored | tuples,
    )


def _as_tuples(value):
    return tuple(map(_as_tuples, value)) if isinstance(value, list) else value


def _audit_of(stored):
    comparisons = tuple(
        Comparison(one["name"], np.array(one["honest"]), np.array(one["leaky"]), one["why_not"])
        for one in stored["comparisons"]
    )
    curves = {
        name: tuple(CurvePoint(point["at"], tuple(point["f1_macro"])) for point in stored[name])
        for name in ("learning", "features")
    }
    arrays = {"rows": np.array(stored["rows"]), "repeats": np.array(stored["repeats"])}
    return Audit(**stored | arrays | curves | {"comparisons": comparisons, "fold_sizes": tuple(stored["fold_sizes"])})


def _excerpt_of(document, faces, gallery):
    prefix = "condition "
    return Excerpt(
        thumbnails={
            int(row): Thumbnail(_picture(content), np.asarray(points, dtype=np.float32).reshape(N_POINTS, 2))
            for row, content, points in gallery.itertuples(index=False)
        },
        conditions={
            name.removeprefix(prefix): faces[name].to_numpy(dtype=float)
            for name in faces.columns
            if name.startswith(prefix)
        },
        mean_face=None if document["mean_face"] is None else np.array(document["mean_face"]),
        between=np.array(document["between"], dtype=float),
    )


def _picture(content):
    picture = cv2.imdecode(np.frombuffer(content, dtype=np.uint8), cv2.IMREAD_UNCHANGED)
    return picture if picture.ndim == 2 else picture[..., ::-1]


def with_costs(run: Run, folder: Path) -> Run:
    """The run with the sizes of the model files in its folder, where it does not know them yet."""
    if run.model_bytes:
        return run
    sizes = {path.stem: path.stat().st_size for path in sorted((folder / "models").glob("*")) if path.is_file()}
    names = [evaluation.name for evaluation in run.evaluations]
    return replace(run, model_bytes={name: sizes[name] for name in names if name in sizes})
