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
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from lineament.apps.options import as_config, parse_options
from lineament.classifiers import (
    CLASSIFIERS,
    ClassifierOptions,
    Evaluation,
    Execution,
    LabelledFaces,
    Protocol,
    Recipe,
    evaluate,
    evaluate_transfer,
    make_folds,
    resolve_protocol,
)
from lineament.classifiers.audit import audit
from lineament.classifiers.bundle import save_model
from lineament.classifiers.explain import explain
from lineament.classifiers.nets import check_torch
from lineament.classifiers.stored import LeftOut
from lineament.data import (
    Dataset,
    Duplicates,
    LineamentError,
    Skipped,
    find_duplicates,
    image_digests,
    line_up,
    load_dataset,
    near_pairs,
    relabel,
    survey_images,
)
from lineament.features import (
    FeatureTable,
    Inputs,
    face_crops,
    face_table,
    neutral_faces,
    reference_sentence,
    relative_table,
    without_references,
)
from lineament.landmarks import LandmarkSet, extract_landmarks, given_landmarks
from lineament.reports import Failure, Run, keep_run, write_report
from lineament.reports.matrix import Cell, write_matrix
from lineament.reports.metrics import only_label

log = logging.getLogger(__name__)
N_TIMED = 24  # pictures that the speed of landmarks is measured on


def run(options, *, command: str = "") -> Path:
    """Run the pipeline with parsed options and return the path of the report."""
    check_ready(options)
    clock = Stopwatch()
    with clock.lap("load"):
        dataset = load(options.dataset, options.data, options)
    measured = measure(dataset, options, clock)
    if len(np.unique(measured.dataset.target)) == 1:
        return report_one_label(measured, options, clock, command=command)
    protocol = protocol_of(measured, options)
    folds = make_folds(measured.dataset, measured.duplicates, cv=options.cv, seed=options.seed)
    with clock.lap("evaluate"):
        evaluations, models = evaluate(
            options.classifiers,
            measured.inputs,
            measured.dataset.target,
            folds=folds,
            **settings_of(measured, protocol, options),
        )
    # Kept before anything else is asked of it: whatever fails or is stopped from here on, the evaluation stands.
    finished = finished_run(measured, evaluations, models, protocol, options, clock, command=command)
    keep_run(finished, options.out)
    attempts = Attempts(clock)
    with attempts.at("audit"):
        finished = replace(finished, audit=attempts.made("audit", audit(
            measured.dataset,
            measured.duplicates,
            measured.table.X,
            found=measured.landmarks.found,
            protocol=protocol,
            classifiers=options.classifiers,
            level=options.audit,
            n_jobs=options.n_jobs,
        )))  # fmt: skip
    with attempts.at("explanation", lap="explain"):
        finished = replace(finished, explanation=attempts.made("explanation", explain(
            measured.table,
            found=measured.landmarks.found,
            folds=folds,
            evaluations=evaluations,
            models=models,
            seed=options.seed,
            level=options.explain,
            n_jobs=options.n_jobs,
        )))  # fmt: skip
    finished = replace(finished, failures=tuple(attempts.failures), seconds=dict(clock.seconds))
    return write_report(replace(finished, peak_memory=peak_memory()), options.out)


def run_matrix(options, *, command: str = "") -> Path:
    """Train on each dataset of `--train`, score on each of `--test`, and return the path of the matrix page."""
    check_ready(options)
    clock = Stopwatch()
    with clock.lap("load"):
        datasets = {spec: load(*named(spec), options) for spec in dict.fromkeys([*options.train, *options.test])}
        datasets = lined_up(datasets)
    measured = {spec: measure(dataset, options, clock) for spec, dataset in datasets.items()}
    cells = []
    for spec in options.train:
        own, protocol = measured[spec], protocol_of(measured[spec], options)
        others = [test for test in options.test if test != spec]
        with clock.lap("evaluate"):
            evaluations, scored, models = evaluate_transfer(
                options.classifiers,
                train=own.part,
                tests=[measured[test].part for test in others],
                folds=make_folds(own.dataset, own.duplicates, cv=options.cv, seed=options.seed),
                **settings_of(own, protocol, options),
            )
        name = own.dataset.name
        out = options.out / name
        finished = finished_run(own, evaluations, models, protocol, options, clock, command=command, out=out)
        page = write_report(finished, out)
        if spec in options.test:
            cells.append(Cell(own.dataset, own.dataset, own.landmarks.found, tuple(evaluations), page))
        for test, results in zip(others, scored):
            other = measured[test]
            cells.append(Cell(own.dataset, other.dataset, other.landmarks.found, tuple(results), page))
    return write_matrix(cells, options.out, command=command)


@dataclass(frozen=True)
class Measured:
    """A dataset with its landmarks and features: all that evaluation needs, row i of picture i."""

    dataset: Dataset
    digests: np.ndarray
    landmarks: LandmarkSet
    duplicates: Duplicates
    table: FeatureTable
    inputs: Inputs
    reference: str = ""  # what the measurements are differences from, in words

    @property
    def part(self) -> LabelledFaces:
        return LabelledFaces(inputs=self.inputs, target=self.dataset.target, digests=self.digests)


def load(name: str, path: Path | None, options) -> Dataset:
    """The dataset, with the labels that the options ask for."""
    dataset = load_dataset(name, path, seed=options.seed, options=options.reader_options)
    return relabel(dataset, options.labels) if options.labels else dataset


def named(spec: str) -> tuple[str, Path | None]:
    """Name and path of a dataset given as NAME:PATH, NAME or PATH.

    >>> named("fer2013:archive.zip")[0]
    'fer2013'
    """
    name, colon, path = spec.partition(":")
    if colon:
        return name, Path(path).expanduser()
    return ("auto", Path(spec).expanduser()) if "/" in spec or Path(spec).suffix else (name, None)


def lined_up(datasets: dict[str, Dataset]) -> dict[str, Dataset]:
    """All datasets with the same labels: those that every one of them has."""
    specs = list(datasets)
    for _ in range(2):  # the second round tells the first ones what the last ones lack
        for one, other in zip(specs, specs[1:] + specs[:1]):
            if one != other:
                datasets[one], datasets[other] = line_up(datasets[one], datasets[other])
    return datasets


def measure(dataset: Dataset, options, clock: "Stopwatch") -> Measured:
    """Find faces, landmarks, duplicates and features of every picture."""
    with clock.lap("landmarks"):
        digests = image_digests(dataset.images)
        landmarks = landmarks_of(dataset, digests, options)
        dataset, landmarks, digests = leave_out_unreadable(dataset, landmarks, digests)
    with clock.lap("features"):
        tables = face_tables(dataset, landmarks, options)
    reference = ""
    if options.reference == "neutral":
        faces = neutral_faces(dataset, landmarks.found, digests)
        reference = reference_sentence(dataset, faces)
        tables = tuple(relative_table(table, faces) for table in tables)
        dataset, landmarks, digests = (
            without_references(dataset, faces),
            landmarks.take(faces.kept),
            digests[faces.kept],
        )
    with clock.lap("duplicates"):
        duplicates = duplicates_of(dataset, digests, options)
    with clock.lap("features"):
        wants_crops = any(CLASSIFIERS[name].takes == "crops" for name in options.classifiers)
        inputs = Inputs(tables, face_crops(dataset, landmarks) if wants_crops else None)
    return Measured(dataset, digests, landmarks, duplicates, inputs.table, inputs, reference)


def face_tables(dataset: Dataset, landmarks: LandmarkSet, options) -> tuple[FeatureTable, ...]:
    """The measurements of the faces, and of their mirror images where those are trained on as well."""
    views = (False, True) if options.augment == "mirror" else (False,)
    return tuple(
        face_table(dataset, landmarks.points, options.features, mirror=mirror, n_jobs=options.n_jobs)
        for mirror in views
    )


def landmarks_of(dataset: Dataset, digests: np.ndarray, options) -> LandmarkSet:
    """The landmarks that came with the data, else those that we find."""
    if dataset.landmarks is not None:
        return given_landmarks(dataset)
    return extract_landmarks(
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


def leave_out_unreadable(dataset: Dataset, landmarks: LandmarkSet, digests: np.ndarray):
    """Move pictures that cannot be decoded from the rows to the list of skipped files."""
    readable = np.flatnonzero(landmarks.readable)
    if len(readable) == len(dataset):
        return dataset, landmarks, digests
    skipped = tuple(Skipped(str(key), problem) for key, problem in zip(dataset.keys, landmarks.problems) if problem)
    return dataset.take(readable, skipped=skipped), landmarks.take(readable), digests[readable]


def duplicates_of(dataset: Dataset, digests: np.ndarray, options) -> Duplicates:
    """Equal pictures; nearly equal ones too, unless subjects are known, which tie them already."""
    if dataset.groups is not None or dataset.landmarks is not None:
        return find_duplicates(digests)
    hashes = survey_images(dataset.images, n_jobs=options.n_jobs).hashes
    return find_duplicates(digests, near_pairs(dataset.images, hashes))


def protocol_of(measured: Measured, options) -> Protocol:
    """The protocol of the options for this dataset."""
    return resolve_protocol(
        d=len(measured.table.names),
        n_classes=len(np.unique(measured.dataset.target)),
        cv=options.cv,
        selector=options.selector,
        n_features=options.n_features,
        balance=options.balance,
        seed=options.seed,
        grouped_by=grouped_by(measured.dataset),
        tune=options.tune,
        reference=measured.reference,
        augment=options.augment,
    )


def grouped_by(dataset: Dataset) -> str:
    """What stays on one side of a split, in words."""
    if dataset.groups is None:
        return "identical and nearly identical pictures"
    return "subject and identical pictures"


def settings_of(measured: Measured, protocol: Protocol, options) -> dict:
    """What evaluation of one dataset and of several have in common."""
    recipe = Recipe(
        labels=measured.dataset.label_names,
        families=options.features,
        detector=options.detector,
        landmark_model=str(options.landmark_model or ""),
        on_miss=options.on_miss,
        reference=options.reference,
    )
    return {
        "protocol": protocol,
        "recipe": recipe,
        "options": ClassifierOptions(members=options.members, max_epochs=options.cnn_epochs),
        "execution": Execution(n_jobs=options.n_jobs, progress=True, tuning_folder=options.out / "tuning"),
    }


def finished_run(
    measured: Measured,
    evaluations: list[Evaluation],
    models: dict,
    protocol: Protocol,
    options,
    clock: "Stopwatch",
    *,
    command: str,
    out: Path | None = None,
) -> Run:
    """Save the models of one dataset and gather all that its report is made from."""
    dataset, out = measured.dataset, out or options.out
    about = {"labels": list(dataset.label_names), "families": options.features, "detector": options.detector}
    about |= {"reference": options.reference, "augment": options.augment}
    for name, model in models.items():
        save_model(out / "models", name, model.pipeline, about=about)
    return Run(
        dataset=dataset,
        landmarks=measured.landmarks,
        duplicates=measured.duplicates,
        table=measured.table,
        families=tuple(options.features),
        evaluations=tuple(evaluations),
        protocol=protocol,
        detector=options.detector,
        on_miss=options.on_miss,
        config=as_config(options),
        seconds=dict(clock.seconds),
        skipped=dataset.skipped,
        command=command,
        n_landmarks_fresh=measured.landmarks.n_fresh,
        landmark_seconds=landmark_seconds(dataset, options),
        peak_memory=peak_memory(),
    )


def report_one_label(measured: Measured, options, clock: "Stopwatch", *, command: str) -> Path:
    """Write the report of a dataset that has nothing to tell apart: no model is fitted."""
    log.warning("Every picture bears one label: there is nothing to tell apart, and no model is fitted.")
    protocol = Protocol(
        cv=options.cv, seed=options.seed, grouped_by=grouped_by(measured.dataset), reference=measured.reference
    )
    only = only_label(measured.dataset, cv=options.cv)
    return write_report(finished_run(measured, [only], {}, protocol, options, clock, command=command), options.out)


def landmark_seconds(dataset: Dataset, options) -> float | None:
    """Seconds from a picture to its landmarks on one core, over a few evenly spread pictures; None if they came along.

    The first picture is not timed: the models are read once a process.
    """
    if dataset.landmarks is not None:
        return None
    rows = np.unique(np.linspace(0, len(dataset) - 1, N_TIMED).astype(int))
    few = dataset.take(rows)
    settings = {"detector": options.detector, "landmark_model": options.landmark_model}
    extract_landmarks(few.take([0]), digests=few.keys[:1], **settings)
    start = time.perf_counter()
    extract_landmarks(few, digests=few.keys, **settings)
    return (time.perf_counter() - start) / len(rows)


def peak_memory() -> int:
    """Bytes of the largest process of this run so far, workers that have ended included."""
    kilobytes = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return kilobytes * (1 if sys.platform == "darwin" else 1024)


def check_ready(options) -> None:
    """Raise `LineamentError` now for what would stop the run only after the landmarks."""
    if any(CLASSIFIERS[name].takes == "crops" for name in options.classifiers):
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


class Attempts:
    """Steps that may fail without harm: what they raise is told, and kept in `failures`."""

    def __init__(self, clock: "Stopwatch"):
        self.clock = clock
        self.failures = []

    @contextmanager
    def at(self, step: str, *, lap: str = ""):
        try:
            with self.clock.lap(lap or step):
                yield
        except Exception as error:
            log.exception("The %s failed; the evaluation is kept, and the report says so.", step)
            self.failures.append(Failure(step, f"{type(error).__name__}: {error}"))

    def made(self, step: str, result):
        """The result, or None where it is the reason why there is none, which is kept in `failures`."""
        if not isinstance(result, LeftOut):
            return result
        log.warning("The %s is left out: %s", step, result.reason)
        self.failures.append(Failure(step, result.reason))
        return None


class Stopwatch:
    """Seconds by the name of the step, added up over laps."""

    def __init__(self):
        self.seconds = {}

    @contextmanager
    def lap(self, name):
        start = time.perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start


def main(arguments: list[str] | None = None) -> int:
    """Parse, run, and print where the report is; errors that the user can mend give one line and exit code 2."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    logging.basicConfig(format="%(levelname)s: %(message)s", level=logging.INFO)
    command = shlex.join(["python", "run_pipeline.py", *arguments])
    try:
        options = parse_options(arguments)
        page = (run_matrix if options.train else run)(options, command=command)
    except LineamentError as error:
        print(f"run_pipeline: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        kept = "Landmarks found and searches finished so far are kept; run again to go on."
        print(f"run_pipeline: interrupted. {kept}", file=sys.stderr)
        return 130
    print(f"Report: {page}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
