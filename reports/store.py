"""A run folder that can be read again: everything that a report is made from, without pictures and models.

============================ =====================================================
run.json                     protocol, settings, costs, audit, explanation, names
faces.parquet                a row a picture: label, subject, sequence, split, found, conditions, traits
predictions.parquet          a row a model and picture, see `metrics.predictions_table`
gallery.parquet              the few faces that the page shows, with their landmarks
============================ =====================================================
"""

import json
import os
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from ..classifiers import Evaluation, Protocol
from ..classifiers.audit import Audit
from ..classifiers.explain import Explanation
from ..data.dataset import Dataset, Skipped
from ..data.duplicates import COPIES, Duplicates
from ..data.errors import LineamentError
from ..data.files import write_atomically
from ..data.images import UnreadableImage
from ..features.table import FeatureTable
from ..landmarks import Faces
from ..landmarks.layout import N_POINTS
from .excerpt import Excerpt, Thumbnail
from .kinds import misfit
from .metrics import predictions_table
from .run import Failure, Run
from .settings import plain

FORMAT = 1
RUN, FACES, PREDICTIONS, GALLERY = "run.json", "faces.parquet", "predictions.parquet", "gallery.parquet"
DATASET = ("name", "label_names", "synthetic", "about", "notes")
SIMPLE = (
    "families", "detector", "on_miss", "config", "seconds", "command", "n_landmarks_fresh", "landmark_seconds",
    "peak_memory", "model_bytes", "versions",
)  # fmt: skip
CONDITION, TRAIT = "condition ", "trait "  # before the name of a condition or trait, as a column


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
    write_atomically(folder / RUN, lambda file: file.write(text.encode(errors="backslashreplace")))


def load_run(folder) -> Run:
    """A run from its folder. Pictures, landmarks and measurements stay behind: rows of NaN stand for them.

    Raises
    ------
    LineamentError
        If the folder holds no run, or one of another format.
    """
    folder = Path(folder)
    if why := _no_run(folder):
        raise LineamentError(f"{folder} {why}")
    try:
        document = json.loads((folder / RUN).read_text(encoding="utf-8"))
        frames = [pd.read_parquet(folder / name) for name in (FACES, PREDICTIONS, GALLERY)]
    except Exception as error:  # bad bytes raise many types in json and in Arrow
        raise LineamentError(
            f"{folder} cannot be read as a run ({_first_line(error)}). "
            "Give a folder that run_pipeline.py --out has written."
        ) from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        found = document.get("format") if isinstance(document, dict) else None
        raise LineamentError(
            f"{folder} has the run format {found}; this version reads {FORMAT}. Run the pipeline again."
        )
    try:
        run = _run_of(document, *frames)
        why = misfit(run, Run) or _unfit_arrays(run)
    except Exception as error:  # a document of another shape raises whatever its values lack
        why = f"{type(error).__name__}: {_first_line(error)}"
    if why:
        raise LineamentError(
            f"{folder} is damaged, or not of this version: {why}. Run the pipeline again, or ask for the folder anew."
        )
    return run


def _no_run(folder) -> str:
    """What lies at a place where no run is, and what to do, as the rest of a sentence; "" where there may be one."""
    if os.path.isfile(folder):  # unlike pathlib's, these say no where nothing may be read
        return "is a file: give the folder of a run, unpacked."
    if not os.path.isdir(folder):
        return "is not there. Give a folder that run_pipeline.py --out has written."
    if not os.access(folder, os.R_OK | os.X_OK):
        return "may not be read. Ask its owner, or run as another user."
    below = sorted(path.parent for path in (*folder.glob(f"*/{RUN}"), *folder.glob(f"*/*/{RUN}")))
    if os.path.exists(folder / RUN) or not below:
        return ""
    return f"holds no run itself, but {below[0]} is one: give that."


def _unfit_arrays(run) -> str:
    """The first array that does not go with the n pictures and d measurements of the run; "" where all do."""
    n, d = run.table.X.shape
    asked = {name: part.rows for name in ("audit", "explanation") if (part := getattr(run, name)) is not None}
    unfit = [f"{name}.rows" for name, rows in asked.items() if not _are_rows(rows, n)]
    excerpt, audit = run.excerpt, run.audit
    unfit += ["between"] if excerpt.between.shape != (d,) else []
    unfit += ["mean_face"] if excerpt.mean_face is not None and excerpt.mean_face.shape != (N_POINTS, 2) else []
    if audit is not None:
        unfit += ["audit.repeats"] if audit.repeats.ndim != 2 or audit.repeats.dtype.kind not in "fi" else []
        for one in audit.comparisons:
            unfit += [f"audit.{one.name}"] if one.honest.ndim != 2 or one.honest.shape != one.leaky.shape else []
    return f"{unfit[0]} has another shape" if unfit else ""


def _are_rows(rows, n) -> bool:
    return rows.ndim == 1 and rows.dtype.kind == "i" and bool(((rows >= 0) & (rows < n)).all())


def _first_line(error) -> str:
    return str(error).strip().partition("\n")[0][:200]


def with_costs(run: Run, folder: Path) -> Run:
    """The run with the sizes of the model files in its folder, where it does not know them yet."""
    if run.model_bytes:
        return run
    sizes = {path.stem: path.stat().st_size for path in sorted((folder / "models").glob("*")) if path.is_file()}
    names = [evaluation.name for evaluation in run.evaluations]
    return replace(run, model_bytes={name: sizes[name] for name in names if name in sizes})


def faces_table(run: Run) -> pd.DataFrame:
    """One row a picture: `key`, `label`, `subject`, `sequence`, `split`, `found`, box, score, copies, conditions."""
    dataset, landmarks = run.dataset, run.landmarks
    boxes = {name: landmarks.boxes[:, side] for side, name in enumerate(("left", "top", "right", "bottom"))}
    repeats = {name: rows for name in COPIES if (rows := getattr(run.duplicates, name)) is not None}
    return pd.DataFrame(
        {
            "key": dataset.keys.astype(str),
            "label": dataset.target,
            "subject": None if dataset.groups is None else dataset.groups.astype(str),
            "sequence": None if dataset.sequences is None else dataset.sequences.astype(str),
            "split": None if dataset.split is None else dataset.split.astype(str),
            "found": landmarks.found,
            "detector_score": landmarks.score,
            **boxes,
            **repeats,
            "problem": list(landmarks.problems),
            **{f"{CONDITION}{name}": values for name, values in run.excerpt.conditions.items()},
            **{f"{TRAIT}{name}": values for name, values in dataset.traits.items()},
        }
    )


def _write_frame(path, frame):
    write_atomically(path, lambda file: frame.to_parquet(file, index=False))


def _gallery_table(excerpt):
    rows = sorted(excerpt.thumbnails)
    kept = [excerpt.thumbnails[row].to_dict() for row in rows]
    columns = {name: [one[name] for one in kept] for name in ("picture", "points")}
    return pd.DataFrame({"row": np.array(rows, dtype=np.int64), **columns})


def _run_document(run):
    dataset = run.dataset
    return plain(
        {
            "format": FORMAT,
            "dataset": {
                name: getattr(dataset, name) for name in ("name", "label_names", "synthetic", "about", "notes")
            },
            "skipped": [asdict(item) for item in run.skipped],
            "untied_copies": run.duplicates.untied,
            "failures": [failure.to_dict() for failure in run.failures],
            "features": list(run.table.names),
            "feature_families": list(run.table.family),
            **run.excerpt.to_dict(),
            "protocol": run.protocol.to_dict(),
            "evaluations": [evaluation.to_dict() for evaluation in run.evaluations],
            "audit": None if run.audit is None else run.audit.to_dict(),
            "explanation": None if run.explanation is None else run.explanation.to_dict(),
            **{name: getattr(run, name) for name in SIMPLE},
        }
    )


def _run_of(document, faces, predictions, gallery):
    names = tuple(document["dataset"]["label_names"])
    dataset = _dataset_of(document, faces, names)
    audit, explanation = document["audit"], document.get("explanation")
    return Run(
        dataset=dataset,
        landmarks=_landmarks_of(faces),
        duplicates=_duplicates_of(document, faces),
        table=_empty_table(len(faces), document),
        evaluations=tuple(
            Evaluation.from_dict(one, **_answers(predictions, one["name"], names), target=dataset.target)
            for one in document["evaluations"]
        ),
        protocol=Protocol.from_dict(document["protocol"]),
        skipped=dataset.skipped,
        failures=tuple(Failure.from_dict(item) for item in document.get("failures", ())),
        audit=None if audit is None else Audit.from_dict(audit),
        explanation=None if explanation is None else Explanation.from_dict(explanation),
        excerpt=_excerpt_of(document, faces, gallery),
        **{name: document[name] for name in SIMPLE} | {"families": tuple(document["families"])},
    )


def _answers(predictions, model, names):
    """What a model answered: the arrays that its document leaves out."""
    frame = predictions[predictions["model"] == model]
    place = {name: index for index, name in enumerate(names)}
    return {
        "predicted": frame["predicted"].astype(object).map(place).fillna(-1).to_numpy(dtype=np.int64),
        "proba": frame[[f"proba_{name}" for name in names]].to_numpy(dtype=float),
        "fold": frame["fold"].to_numpy(dtype=np.int64),
    }


def _dataset_of(document, faces, names):
    def column(name):
        return None if name not in faces or faces[name].isna().all() else faces[name].to_numpy(dtype=str)

    return Dataset(
        images=KeptElsewhere(len(faces)),
        target=faces["label"].to_numpy(dtype=np.int64),
        keys=faces["key"].to_numpy(dtype=str),
        groups=column("subject"),
        sequences=column("sequence"),
        split=column("split"),
        traits={
            name.removeprefix(TRAIT): faces[name].to_numpy(dtype=float if is_numeric_dtype(faces[name]) else str)
            for name in faces.columns
            if name.startswith(TRAIT)
        },
        skipped=tuple(Skipped(**item) for item in document["skipped"]),
        **document["dataset"] | {"label_names": names, "notes": tuple(document["dataset"].get("notes", ()))},
    )


def _landmarks_of(faces):
    if faces["found"].dtype != bool:  # any value can be taken for one
        raise TypeError("found is neither true nor false")
    return Faces(
        images=KeptElsewhere(len(faces)),
        points=np.broadcast_to(np.float32(np.nan), (len(faces), N_POINTS, 2)),
        boxes=faces[["left", "top", "right", "bottom"]].to_numpy(dtype=np.int32),
        found=faces["found"].to_numpy(dtype=bool),
        score=faces["detector_score"].to_numpy(dtype=float),
        problems=tuple(faces["problem"]),
    )


def _duplicates_of(document, faces):
    known = {name: faces[name].to_numpy(dtype=np.int64) for name in COPIES if name in faces.columns}
    return Duplicates(**known, untied=document.get("untied_copies", 0))


def _empty_table(n, document):
    names = document["features"]
    family = document.get("feature_families", [""] * len(names))  # an earlier version did not say
    return FeatureTable(np.broadcast_to(np.nan, (n, len(names))), tuple(names), tuple(family))


def _excerpt_of(document, faces, gallery):
    thumbnails = {int(one["row"]): Thumbnail.from_dict(one) for one in gallery.to_dict("records")}
    conditions = {
        name.removeprefix(CONDITION): faces[name].to_numpy(dtype=float)
        for name in faces.columns
        if name.startswith(CONDITION)
    }
    return Excerpt.from_dict(document, thumbnails=thumbnails, conditions=conditions)
