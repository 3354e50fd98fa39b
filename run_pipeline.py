"""The whole pipeline in one command: load, landmarks, features, evaluate, report.

    python run_pipeline.py --help
"""

import logging
import os
import shlex
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from apps.options import as_config, parse_options
from classifiers import CLASSIFIERS, evaluate, make_folds, resolve_protocol
from classifiers.bundle import save_model
from classifiers.cnn import check_torch
from data import Dataset, LineamentError, Skipped, find_duplicates, image_digests, load_dataset
from features import face_crops, feature_table
from landmarks import LandmarkSet, extract_landmarks
from reports import Run, write_report


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
            backend=options.backend,
            scheduler=options.scheduler,
        )
        dataset, landmarks, digests = leave_out_unreadable(dataset, landmarks, digests)
    duplicates = find_duplicates(digests)
    with clock.lap("features"):
        table = feature_table(landmarks.points, options.features)
        inputs = {"features": table.X}
        if any(CLASSIFIERS[name].takes == "images" for name in options.classifiers):
            inputs["images"] = face_crops(dataset, landmarks)
    protocol = resolve_protocol(
        d=len(table.names),
        n_classes=len(np.unique(dataset.target)),
        cv=options.cv,
        selector=options.selector,
        n_features=options.n_features,
        balance=options.balance,
        seed=options.seed,
        grouped_by="identical pictures" if dataset.groups is None else "subject and identical pictures",
    )
    with clock.lap("evaluate"):
        evaluations, models = evaluate(
            options.classifiers,
            inputs=inputs,
            feature_names=table.names,
            target=dataset.target,
            n_classes=len(dataset.label_names),
            folds=make_folds(dataset, duplicates, cv=options.cv, seed=options.seed),
            protocol=protocol,
            options={"max_epochs": options.cnn_epochs},
            n_jobs=options.n_jobs,
            progress=True,
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
        ),
        options.out,
    )


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
