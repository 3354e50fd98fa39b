"""The whole pipeline in one command: load, landmarks, features, evaluate, report.

    python run_pipeline.py --help
"""

import logging
import os
import resource
import shlex
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from apps.options import as_config, parse_options
from classifiers import CLASSIFIERS, Protocol, evaluate, make_folds, resolve_protocol
from classifiers.audit import audit
from classifiers.bundle import save_model
from classifiers.cnn import check_torch
from data import Dataset, LineamentError, Skipped, find_duplicates, image_digests, load_dataset
from features import face_crops, feature_table
from landmarks import LandmarkSet, extract_landmarks
from reports import Run, write_report
from reports.metrics import only_label

log = logging.getLogger(__name__)
N_TIMED = 24  # pictures that the speed of landmarks is measured on


def run(options, *, command: str = "") -> Path:
    """Run the pipeline with parsed options and return the path of the report."""
    check_ready(options)
    clock = Stopwatch()
    with clock.lap("load"):
        dataset = load_dataset(options.dataset, options.data, seed=options.seed)
        digests = image_digests(dataset.images)
    with clock.lap("landmarks"):
        landmarks = extract_landmarks(
            dataset,
            digests=digests,
            detector=options.detector,
            landmark_model=options.landmark_model,
            on_miss=options.on_miss,
            cache=options.cache,
            n_jobs=options.n_jobs,
            progress=True,
        )
        dataset, landmarks, digests = leave_out_unreadable(dataset, landmarks, digests)
    duplicates = find_duplicates(digests)
    with clock.lap("features"):
        table = feature_table(landmarks.points, options.features)
        inputs = {"features": table.X}
        if any(CLASSIFIERS[name].takes == "images" for name in options.classifiers):
            inputs["images"] = face_crops(dataset, landmarks)
    protocol, evaluations, models, audited = compare_models(
        dataset, landmarks, duplicates, table, inputs, options, clock
    )
    for name, model in models.items():
        about = {"labels": list(dataset.label_names), "families": options.features, "detector": options.detector}
        save_model(options.out / "models", name, model, about=about)
    return write_report(
        Run(
            dataset=dataset,
            landmarks=landmarks,
            duplicates=duplicates,
            table=table,
            families=tuple(options.features),
            evaluations=tuple(evaluations),
            protocol=protocol,
            detector=options.detector,
            on_miss=options.on_miss,
            config=as_config(options),
            seconds=clock.seconds,
            skipped=dataset.skipped,
            command=command,
            n_landmarks_fresh=landmarks.n_fresh,
            landmark_seconds=landmark_seconds(dataset, options),
            peak_memory=peak_memory(),
            audit=audited,
        ),
        options.out,
    )


def compare_models(dataset, landmarks, duplicates, table, inputs, options, clock):
    """Protocol, evaluations, fitted models and audit; one label alone is reported as such, with no model."""
    grouped_by = "identical pictures" if dataset.groups is None else "subject and identical pictures"
    if len(np.unique(dataset.target)) == 1:
        log.warning("Every picture bears one label: there is nothing to tell apart, and no model is fitted.")
        protocol = Protocol(cv=options.cv, seed=options.seed, grouped_by=grouped_by)
        return protocol, [only_label(dataset, cv=options.cv)], {}, None
    protocol = resolve_protocol(
        d=len(table.names),
        n_classes=len(np.unique(dataset.target)),
        cv=options.cv,
        selector=options.selector,
        n_features=options.n_features,
        balance=options.balance,
        seed=options.seed,
        grouped_by=grouped_by,
    )
    folds = make_folds(dataset, duplicates, cv=options.cv, seed=options.seed)
    with clock.lap("evaluate"):
        evaluations, models = evaluate(
            options.classifiers,
            inputs=inputs,
            feature_names=table.names,
            target=dataset.target,
            n_classes=len(dataset.label_names),
            folds=folds,
            protocol=protocol,
            options={"max_epochs": options.cnn_epochs},
            n_jobs=options.n_jobs,
            progress=True,
        )
    with clock.lap("audit"):
        audited = audit(
            dataset,
            duplicates,
            table.X,
            found=landmarks.found,
            folds=folds,
            protocol=protocol,
            classifiers=options.classifiers,
            level=options.audit,
            n_jobs=options.n_jobs,
        )
    return protocol, evaluations, models, audited


def check_ready(options) -> None:
    """Raise `LineamentError` now for what would stop the run only after the landmarks."""
    if any(CLASSIFIERS[name].takes == "images" for name in options.classifiers):
        check_torch()
    if options.cv < 2:
        raise LineamentError(f"--cv {options.cv} is no cross-validation: it needs at least 2 folds. Try --cv 5.")
    for folder in (options.out, options.cache):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            probe = folder / f".writable.{os.getpid()}"
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise LineamentError(
                f"Cannot write into {folder} ({error.strerror}). Choose another folder with --out or --cache."
            ) from error


def leave_out_unreadable(dataset: Dataset, landmarks: LandmarkSet, digests: np.ndarray):
    """Move pictures that cannot be decoded from the rows to the list of skipped files."""
    readable = np.flatnonzero(landmarks.readable)
    if len(readable) == len(dataset):
        return dataset, landmarks, digests
    skipped = tuple(
        Skipped(str(key), problem) for key, problem in zip(dataset.keys, landmarks.problems) if problem
    )
    return dataset.take(readable, skipped=skipped), landmarks.take(readable), digests[readable]


def landmark_seconds(dataset: Dataset, options) -> float:
    """Seconds from a picture to its landmarks on one core, over a few pictures that are evenly spread."""
    rows = np.unique(np.linspace(0, len(dataset) - 1, N_TIMED).astype(int))
    few = dataset.take(rows)
    settings = {"digests": few.keys, "detector": options.detector, "landmark_model": options.landmark_model}
    extract_landmarks(few.take([0]), **settings | {"digests": few.keys[:1]})  # the models are read once a process
    start = time.perf_counter()
    extract_landmarks(few, **settings)
    return (time.perf_counter() - start) / len(rows)


def peak_memory() -> int:
    """Bytes of the largest process of this run so far, workers that have ended included."""
    kilobytes = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return kilobytes * (1 if sys.platform == "darwin" else 1024)


class Stopwatch:
    """Seconds by the name of the step."""

    def __init__(self):
        self.seconds = {}

    @contextmanager
    def lap(self, name):
        start = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - start


def main(arguments: list[str] | None = None) -> int:
    """Parse, run, and print where the report is; errors that the user can mend give one line and exit code 2."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    logging.basicConfig(format="%(levelname)s: %(message)s")
    try:
        report = run(parse_options(arguments), command=shlex.join(["python", "run_pipeline.py", *arguments]))
    except LineamentError as error:
        print(f"run_pipeline: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("run_pipeline: interrupted. The landmarks found so far are kept; run again to go on.", file=sys.stderr)
        return 130
    print(f"Report: {report}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
