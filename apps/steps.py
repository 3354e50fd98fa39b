"""The steps of a run, each from the slice of the options that it needs; `run_pipeline.run` puts them in their order."""

import logging
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..classifiers import CLASSIFIERS, ClassifierOptions, Evaluation, Execution, Folds, Protocol, resolve_protocol
from ..classifiers.bundle import save_model
from ..classifiers.doubt import doubts_of
from ..classifiers.model import VIEWS, FaceModel, Recipe
from ..classifiers.nets import check_settings, check_torch, side_of
from ..classifiers.spec import CROPS
from ..classifiers.stored import LeftOut
from ..data import (
    Dataset,
    Duplicates,
    LineamentError,
    Skipped,
    check_enough,
    find_duplicates,
    fold_groups,
    fold_spellings,
    leave_out_rare,
    load_dataset,
    near_pairs,
    relabel,
    units_to_train_on,
    usual_folds,
)
from ..data.files import remove_left_behind
from ..data.labels import FOLDS
from ..data.lock import locked
from ..data.memory import peak_memory
from ..data.parallel import Workers
from ..data.similar import Signatures
from ..features import (
    FeatureTable,
    Inputs,
    Measures,
    measure,
    neutral_faces,
    reference_sentence,
    relative_table,
    without_references,
)
from ..landmarks import Faces, Finder, given_faces, look_at
from ..reports import Failure, Run
from ..reports.settings import versions
from .options import RunOptions, as_config

log = logging.getLogger(__name__)

LEFT_BEHIND_S = 3600  # after which no machine still writes one batch into a cache that several share


@dataclass(frozen=True)
class Prepared:
    """A dataset with its faces and all that models are given of them: row i of picture i throughout."""

    dataset: Dataset
    faces: Faces
    duplicates: Duplicates
    inputs: Inputs
    reference: str = ""  # what the measurements are differences from, in words

    @property
    def table(self) -> FeatureTable:
        return self.inputs.table


@dataclass(frozen=True)
class Finished:
    """What a run leaves: its page, and the ranking as `reports._rows` gives it (empty for a matrix)."""

    page: Path
    rows: list[dict]


@contextmanager
def ready(options: RunOptions) -> Iterator[None]:
    """Hold the folder of a run, and raise `LineamentError` now for what would stop it only after the landmarks."""
    if _crop(options):
        check_torch()
        check_settings(options.models.cnn_settings)
        _check_weights(options.models.cnn_weights)
    cache = options.look.cache
    try:
        cache.mkdir(parents=True, exist_ok=True)
        probe = cache / f".writable.{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise LineamentError(f"Cannot write into {cache} ({error.strerror}). Choose another --cache.") from error
    with locked(options.out):
        remove_left_behind(options.out)
        remove_left_behind(cache, older_than_s=LEFT_BEHIND_S)
        yield


def load(name: str, path: Path | None, options: RunOptions) -> Dataset:
    """The dataset, with the labels that the options ask for."""
    source = options.source
    dataset = load_dataset(name, path, seed=options.protocol.seed, options=source.reader_options)
    if dataset.traits and not options.questions.slices_by:
        log.info("Known of the faces besides: %s (--slices-by).", ", ".join(dataset.traits))
    dataset = dataset.with_traits(options.questions.slices_by)
    apart = source.spellings == "apart"
    dataset = dataset if apart else fold_spellings(dataset)
    dataset = relabel(dataset, source.labels, as_written=apart) if source.labels else dataset
    least = options.protocol.min_count
    dataset = leave_out_rare(dataset, least) if least else dataset
    for note in dataset.notes:
        log.warning("%s", note)
    return dataset


def check_labels(dataset: Dataset, options: RunOptions) -> None:
    """Raise `LineamentError` with its cure where a label is too rare for the folds, before landmarks are looked for."""
    units = units_to_train_on(dataset)
    check_enough(dataset, options.protocol.cv or usual_folds(units, len(dataset)))


def prepare(dataset: Dataset, options: RunOptions, clock: "Stopwatch") -> Prepared:
    """Look at every picture of a dataset, and measure its faces."""
    measures = measures_of(options)
    with clock.lap("landmarks"):
        faces = look(dataset, options, measures)
        dataset, faces = _without_unreadable(dataset, faces)
    with clock.lap("features"):
        inputs, reference = measure(faces, measures), ""
        if options.measures.reference == "neutral":
            neutral = neutral_faces(dataset, faces.found, faces.digests)
            reference = reference_sentence(dataset, neutral)
            crops = None if inputs.crops is None else inputs.crops[neutral.kept]
            inputs = Inputs(tuple(relative_table(table, neutral) for table in inputs.views), crops)
            dataset, faces = without_references(dataset, neutral), faces.take(neutral.kept)
    with clock.lap("duplicates"):
        duplicates = _duplicates(faces)
    return Prepared(dataset, faces.without_taken(), duplicates, inputs, reference)


def measures_of(options: RunOptions) -> Measures:
    """What the models of a run are given of a face."""
    return Measures(tuple(options.measures.features), VIEWS[options.measures.augment], _crop(options))


def _crop(options) -> int | None:
    """The side of crops: the largest that a network of the run takes."""
    return max((side_of(name) for name in options.models.classifiers if CLASSIFIERS[name].takes == CROPS), default=None)


def _check_weights(path):
    if path is not None and not path.is_file():
        raise LineamentError(f"There is no file {path} (--cnn-weights).")


def look(dataset: Dataset, options: RunOptions, measures: Measures) -> Faces:
    """The faces of a dataset, with its own points where it brings some."""
    given = None if dataset.landmarks is None else given_faces(dataset.images, dataset.landmarks)
    # Points that came with the data stand for no picture: there is nothing to take a signature of.
    copies = [Signatures()] if given is None else []
    where = options.look
    return look_at(
        dataset.images,
        finder=Finder(where.detector, where.landmark_model, where.on_miss),
        given=given,
        takers=[*copies, *measures.takers],
        cache=where.cache,
        workers=workers_of(options),
    )


def workers_of(options: RunOptions) -> Workers:
    """The processes of a run, with progress bars."""
    return Workers(options.work.n_jobs, options.work.backend, options.work.scheduler, progress=True)


def _without_unreadable(dataset, faces):
    """Move pictures that cannot be decoded from the rows to the list of skipped files."""
    if faces.readable.all() or dataset.landmarks is not None:
        return dataset, faces
    rows = np.flatnonzero(faces.readable)
    skipped = tuple(Skipped(str(key), problem) for key, problem in zip(dataset.keys, faces.problems) if problem)
    return dataset.take(rows, skipped=skipped), faces.take(rows)


def _duplicates(faces) -> Duplicates:
    """Equal pictures; nearly equal ones too, where the look took what tells them."""
    near = near_pairs(faces.taken["hash"], faces.taken["thumb"]) if "hash" in faces.taken else None
    return find_duplicates(faces.digests, near)


def protocol_of(prepared: Prepared, options: RunOptions) -> Protocol:
    """The protocol of the options for this dataset."""
    chosen, dataset = options.protocol, prepared.dataset
    return resolve_protocol(
        d=len(prepared.table.names),
        n_classes=len(np.unique(dataset.target)),
        cv=chosen.cv or _usual_folds(prepared),
        selector=chosen.selector,
        n_features=chosen.n_features,
        balance=chosen.balance,
        seed=chosen.seed,
        grouped_by=grouped_by(prepared),
        tune=chosen.tune,
        reference=prepared.reference,
        augment=options.measures.augment,
    )


def _usual_folds(prepared):
    """How many folds the faces allow, told where they are fewer than usual."""
    units = units_to_train_on(prepared.dataset, groups=fold_groups(prepared.dataset, prepared.duplicates))
    n = usual_folds(units, len(prepared.dataset))
    if n < FOLDS:
        log.warning("Cross-validation of %d folds instead of %d: the rarest label has no more to train on.", n, FOLDS)
    return n


def grouped_by(prepared: Prepared) -> str:
    """What stays on one side of a fold, in words."""
    dataset, near = prepared.dataset, prepared.duplicates.near_searched
    copies = "identical and nearly identical pictures" if near else "identical pictures"
    persons = ["subjects"] if dataset.groups is not None else []
    frames = ["frames of one sequence"] if dataset.sequences is not None else []
    return ", ".join([*persons, *frames, copies])


def recipe_of(prepared: Prepared, options: RunOptions) -> Recipe:
    """What the models of a run have in common: how a face is found and measured, and what answers are called."""
    return Recipe(
        labels=prepared.dataset.label_names,
        families=tuple(options.measures.features),
        detector=options.look.detector,
        landmark_model=str(options.look.landmark_model or ""),
        on_miss=options.look.on_miss,
        reference=options.measures.reference,
        versions=versions(),
    )


def classifier_options(options: RunOptions) -> ClassifierOptions:
    """The flags that only some classifiers understand."""
    models = options.models
    return ClassifierOptions(
        members=tuple(models.members),
        max_epochs=models.cnn_epochs,
        settings=models.cnn_settings,
        weights=str(models.cnn_weights) if models.cnn_weights else None,
        checkpoints=str(options.out / "checkpoints"),
    )


def execution(options: RunOptions) -> Execution:
    """How the work of fitting is done."""
    return Execution(n_jobs=options.work.n_jobs, progress=True, tuning_folder=options.out / "tuning")


def finished_run(
    prepared: Prepared, protocol: Protocol, evaluations, options: RunOptions, clock: "Stopwatch", *, command: str
) -> Run:
    """All that a report is made from."""
    return Run(
        dataset=prepared.dataset,
        landmarks=prepared.faces,
        duplicates=prepared.duplicates,
        table=prepared.table,
        families=tuple(options.measures.features),
        evaluations=tuple(evaluations),
        protocol=protocol,
        detector=options.look.detector,
        on_miss=options.look.on_miss,
        config=as_config(options),
        seconds=dict(clock.seconds),
        skipped=prepared.dataset.skipped,
        command=command,
        n_landmarks_fresh=prepared.faces.n_fresh,
        landmark_seconds=prepared.faces.seconds_per_face,
        peak_memory=peak_memory(),
    )


def doubting(
    models: dict[str, FaceModel], evaluations: Sequence[Evaluation], folds: Folds, prepared: Prepared
) -> dict[str, FaceModel]:
    """The models with what their recipes say of when not to answer."""
    kept = {"clusters": folds.groups, "found": prepared.faces.found}
    return {one.name: models[one.name].with_recipe(**doubts_of(one, **kept)) for one in evaluations}


def save_models(models: dict[str, FaceModel], out: Path) -> None:
    """Write every model of a run to its folder."""
    for model in models.values():
        save_model(out / "models", model)


class Stopwatch:
    """Seconds by the name of the step, added up over laps."""

    def __init__(self):
        self.seconds = {}

    @contextmanager
    def lap(self, name):
        start = time.perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start


class Attempts:
    """Steps that may fail without harm: what they raise is told, and kept in `failures`."""

    def __init__(self, clock: Stopwatch):
        self.clock = clock
        self.failures = []

    def at(self, step: str, function, *arguments, lap: str = ""):
        """What the function returns; None where it fails, or says why it was not made."""
        try:
            with self.clock.lap(lap or step):
                result = function(*arguments)
        except Exception as error:
            log.exception("The %s failed; the evaluation is kept, and the report says so.", step)
            result = LeftOut(f"{type(error).__name__}: {error}")
        if not isinstance(result, LeftOut):
            return result
        self.failures.append(Failure(step, result.reason))
        return None

    def told(self, run: Run) -> Run:
        """The run with what failed and what its steps took."""
        return replace(run, failures=tuple(self.failures), seconds=dict(self.clock.seconds), peak_memory=peak_memory())
