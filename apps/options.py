"""The options of a run: typed slices, from the command line, a TOML config, the environment or Python.

Every field below is declared once. Its flag (--n-jobs), its key in a config
(n_jobs), its variable (LINEAMENT_N_JOBS) and its place in --help follow.
"""

import argparse
import difflib
import logging
import os
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, field, fields
from pathlib import Path

import joblib

from ..classifiers import AUGMENTS, BALANCES, CLASSIFIERS, SELECTORS
from ..classifiers.audit import AUDITS
from ..classifiers.ensemble import DEFAULT_MEMBERS
from ..classifiers.explain import EXPLANATIONS
from ..classifiers.registry import member_names
from ..classifiers.tuning import TUNINGS
from ..data import BACKENDS, DATASETS, SPELLINGS, LineamentError, check_choice, data_home
from ..features import DEFAULT_FAMILIES, FAMILIES, REFERENCES
from ..landmarks import DETECTORS, ON_MISS
from . import values
from .parser import Hints, Parser, choice_lines

log = logging.getLogger(__name__)

ENVIRONMENT_PREFIX = "LINEAMENT_"
OTHER_VARIABLES = ("LINEAMENT_CONFIG", "LINEAMENT_HOME", "LINEAMENT_YUNET")  # read elsewhere
NEAR = 0.8  # a variable that resembles an option this much is a slip, and stops the run
EPILOG = "Flags may stand in a TOML file (--config) or in the environment (LINEAMENT_N_JOBS=2) too; a flag wins."


def option(default, parse: Callable, metavar: str, about: str, choices: Mapping[str, str] | None = None):
    """A field of a slice; a `default` that is a function is called for the value.

    `parse` is one of `values`; `choices` maps each allowed value to its meaning.
    """
    told = {"parse": parse, "metavar": metavar, "about": about, "choices": choices or {}}
    return field(**{"default_factory" if callable(default) else "default": default}, metadata=told)


def part(of: type, title: str):
    """A slice within `RunOptions`, and its title in --help."""
    return field(default_factory=of, metadata={"slice": of, "title": title})


def _abouts(registry) -> dict[str, str]:
    return {name: entry.about for name, entry in registry.items()}


@dataclass(frozen=True)
class SourceOptions:
    """The pictures: one dataset, or several to train and to score on, where `dataset` is None.

    Raises
    ------
    LineamentError
        If `train` and `test` do not go together, or stand beside `dataset` or `data`.
    """

    dataset: str | None = option(
        None, values.name, "NAME", "the pictures (default: sample; with --data: auto, by its layout)", _abouts(DATASETS)
    )
    data: Path | None = option(None, values.path, "PATH", "folder, archive or table of the dataset, as downloaded")
    reader_options: dict | None = option(
        None, values.pairs, "NAME=VALUE,…", "what the dataset's reader leaves to choose, such as angles=all of kdef"
    )
    labels: tuple | dict | None = option(
        None, values.labels, "LIST",
        "labels to keep (anger,happiness), or to rename and merge (happy=positive,sad=negative)",
    )  # fmt: skip
    spellings: str = option("fold", values.name, "NAME", "what is done about spellings of one label", SPELLINGS)
    train: tuple | None = option(
        None, values.names, "NAME:PATH,…",
        "datasets to train on, to be scored on those of --test: fer2013:PATH, or sample",
    )  # fmt: skip
    test: tuple | None = option(
        None, values.names, "NAME:PATH,…", "datasets to score on; the page shows a matrix of both lists"
    )

    def __post_init__(self):
        if bool(self.train) != bool(self.test):
            raise LineamentError("--train and --test go together: name the datasets to train on and those to score on.")
        if self.train and (self.dataset or self.data):
            raise LineamentError("--train and --test name their datasets themselves: leave out --dataset and --data.")
        if not self.train:
            object.__setattr__(self, "dataset", self.dataset or ("auto" if self.data else "sample"))

    @property
    def run_name(self) -> str:
        """The folder that a run of these goes to, unless another one is named."""
        if self.train:
            return "matrix"
        return self.data.stem if self.dataset == "auto" and self.data else self.dataset


@dataclass(frozen=True)
class LookOptions:
    """How faces and their landmarks are found."""

    detector: str = option("hog", values.name, "NAME", "how faces are found", _abouts(DETECTORS))
    landmark_model: Path | None = option(
        None, values.path, "FILE", "another dlib 68-point model (default: the one installed)"
    )
    on_miss: str = option("fallback", values.name, "NAME", "landmarks where no face is found", ON_MISS)
    cache: Path = option(lambda: data_home() / "landmarks", values.path, "DIR", "folder of cached landmarks")


@dataclass(frozen=True)
class MeasureOptions:
    """What is measured of a face."""

    features: tuple = option(
        tuple(DEFAULT_FAMILIES), values.names, "LIST", "families of measurements, comma-separated",
        _abouts(FAMILIES),
    )  # fmt: skip
    reference: str = option("none", values.name, "NAME", "what a face's measurements are compared with", REFERENCES)
    augment: str = option("none", values.name, "NAME", "what is trained on besides the faces", AUGMENTS)


@dataclass(frozen=True)
class ModelOptions:
    """The models to compare."""

    classifiers: tuple = option(
        ("svm", "logreg", "lda", "forest"), values.names, "LIST", "models to compare, comma-separated",
        _abouts(CLASSIFIERS),
    )  # fmt: skip
    members: tuple = option(
        tuple(DEFAULT_MEMBERS), values.names, "LIST", "what stack and vote are made of, comma-separated",
        {name: CLASSIFIERS[name].about for name in member_names()},
    )  # fmt: skip
    cnn_epochs: int | None = option(
        None, values.whole(1), "N", "upper bound of the networks' epochs (default: their recipes', 40 of most)"
    )
    cnn_settings: dict | None = option(
        None, values.pairs, "NAME=VALUE,…",
        "how networks are trained otherwise than by their recipes, such as optimiser=sgd,learning_rate=0.05; all names "
        "stand in docs/models.md",
    )  # fmt: skip
    cnn_weights: Path | None = option(
        None, values.path, "FILE", "weights that networks begin with, such as ImageNet's for cnn-resnet18"
    )


@dataclass(frozen=True)
class ProtocolOptions:
    """How models are trained and scored."""

    cv: int | None = option(
        None, values.whole(2, of=" folds"), "K",
        "number of cross-validation folds, 2 or more (default: 5, fewer where a small dataset has no 5 of a label)",
    )  # fmt: skip
    min_count: int | None = option(
        None, values.whole(1), "N", "leave out labels with fewer subjects, or pictures, to train on"
    )
    seed: int = option(0, values.whole(0, 2**32 - 1), "N", "of the sample, the folds and every model")
    selector: str = option("none", values.name, "NAME", "how features are chosen within each fold", _abouts(SELECTORS))
    n_features: int | None = option(
        None, values.whole(1), "K", "how many the selector keeps (default: 60, lda: classes - 1)"
    )
    balance: str = option("class-weight", values.name, "NAME", "what is done about rare classes", BALANCES)
    tune: str = option(
        "none", values.name, "LEVEL", "search of each model's parameters within each fold's training part", TUNINGS
    )


@dataclass(frozen=True)
class QuestionOptions:
    """What is asked beyond the scores."""

    audit: str = option(
        "quick", values.name, "LEVEL", "one model tested carelessly as well, to show what that is worth", AUDITS
    )
    slices_by: tuple = option(
        (), values.names, "LIST",
        "what the dataset knows of its faces to slice the scores by, such as sex,age; or all (default: none)",
    )  # fmt: skip
    explain: str = option("quick", values.name, "LEVEL", "what the first model's answers rest on", EXPLANATIONS)


@dataclass(frozen=True)
class WorkOptions:
    """Where the work is done; changes no result."""

    n_jobs: int = option(joblib.cpu_count, values.whole(1), "N", "number of processes; changes no result")
    backend: str = option("loky", values.name, "NAME", "where landmarks are found", BACKENDS)
    scheduler: str | None = option(
        None, values.name, "ADDRESS", "of --backend dask, such as tcp://host:8786 (default: a cluster here)"
    )


@dataclass(frozen=True)
class RunOptions:
    """All options of a run, cut into what each step needs."""

    source: SourceOptions = part(SourceOptions, "pictures")
    look: LookOptions = part(LookOptions, "landmarks")
    measures: MeasureOptions = part(MeasureOptions, "measurements")
    models: ModelOptions = part(ModelOptions, "models")
    protocol: ProtocolOptions = part(ProtocolOptions, "training and scoring")
    questions: QuestionOptions = part(QuestionOptions, "further questions")
    work: WorkOptions = part(WorkOptions, "machines")
    out: Path | None = option(None, values.path, "DIR", "folder of the run (default: runs/<dataset>)")

    def __post_init__(self):
        object.__setattr__(self, "out", self.out or Path("runs") / self.source.run_name)


SLICES: dict[str, Field] = {one.name: one for one in fields(RunOptions) if "slice" in one.metadata}
PLACES: dict[str, str] = {one.name: place for place, part in SLICES.items() for one in fields(part.metadata["slice"])}
OPTIONS: dict[str, Field] = {
    one.name: one for of in (*(part.metadata["slice"] for part in SLICES.values()), RunOptions) for one in fields(of)
    if "parse" in one.metadata
}  # fmt: skip


def parse_options(arguments: Sequence[str], *, environment: Mapping[str, str] = os.environ) -> RunOptions:
    """All options, checked. A flag wins over the environment, that over the config file, that over the default.

    Raises
    ------
    LineamentError
        For an unknown name, a value out of its choices, or a config that cannot be read.
    """
    parser = Parser(prog="lineament run", epilog=EPILOG)
    add_options(parser)
    return resolved(vars(parser.parse_args(arguments)), environment=environment)


def options_of(**flat) -> RunOptions:
    """The options as a Python program gives them, by the names of a config; neither environment nor config counts.

    Raises
    ------
    LineamentError
        For an unknown name, or a value that the command line would refuse.
    """
    given = {name: value for name, value in flat.items() if value is not None}
    return _built(_checked(given, lambda name: name, "option"))


def resolved(flags: Mapping[str, object], *, environment: Mapping[str, str] = os.environ) -> RunOptions:
    """The same from parsed flags; what else stands in `flags` is left alone."""
    chosen, file = {}, flags.get("config", environment.get(f"{ENVIRONMENT_PREFIX}CONFIG") or None)
    if file is not None:
        chosen = _checked(_read_config(file), lambda name: f"{name} in {file}", f"option in {file}")
    chosen |= _checked(_variables(environment), lambda name: ENVIRONMENT_PREFIX + name.upper(), "option")
    chosen |= _checked({name: flags[name] for name in OPTIONS if name in flags}, flag_of, "option")
    return _built(chosen)


def as_config(options: RunOptions) -> dict:
    """The options as plain values for a TOML file that repeats the run; without those that are None or empty."""
    found = {name: getattr(getattr(options, PLACES[name]) if name in PLACES else options, name) for name in OPTIONS}
    return {name: values.plain(value) for name, value in found.items() if value is not None and value != ()}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add every flag, in groups by slice. None of them has a default here: what is absent was not given."""
    parser.usage = "%(prog)s [FLAG VALUE]…"
    groups = {place: parser.add_argument_group(part.metadata["title"]) for place, part in SLICES.items()}
    rest = parser.add_argument_group("the run")
    for name, one in OPTIONS.items():
        groups.get(PLACES.get(name), rest).add_argument(
            flag_of(name),
            metavar=one.metadata["metavar"],
            help=_help(one),
            choices=Hints(one.metadata["choices"]) or None,
            default=argparse.SUPPRESS,
        )
    rest.add_argument(
        "--config", metavar="FILE", help="TOML file with any of these, such as a run's config.toml",
        default=argparse.SUPPRESS,
    )  # fmt: skip


def flag_of(name: str) -> str:
    """Such as --n-jobs of n_jobs."""
    return "--" + name.replace("_", "-")


def default_of(one: Field):
    """The default of a field, worked out."""
    return one.default if one.default_factory is MISSING else one.default_factory()


def _help(one) -> str:
    about, default = one.metadata["about"], default_of(one)
    if default is not None:
        about += f" (default: {','.join(default) if isinstance(default, tuple) else default})"
    return "\n".join([about.replace("%", "%%"), *choice_lines(one.metadata["choices"])])


def _built(chosen) -> RunOptions:
    """The slices of checked values."""
    slices = {place: {} for place in SLICES}
    for name in chosen.keys() & PLACES.keys():
        slices[PLACES[name]][name] = chosen[name]
    parts = {place: SLICES[place].metadata["slice"](**given) for place, given in slices.items()}
    return RunOptions(**parts, out=chosen.get("out"))


def _checked(given: Mapping, origin: Callable[[str], str], kind: str) -> dict:
    """Parsed values; `origin(name)` says in an error where the value stands, `kind` what the names are."""
    checked = {}
    for name, value in given.items():
        told = OPTIONS[check_choice(kind, name, OPTIONS)].metadata
        try:
            checked[name] = told["parse"](value)
        except ValueError as error:
            raise LineamentError(f"{origin(name)}: {value!r} {error}.") from error
        chosen = checked[name] if isinstance(checked[name], tuple) else [checked[name]]
        for choice in chosen if told["choices"] else ():
            check_choice(origin(name), choice, told["choices"])
    return checked


def _read_config(file: str) -> dict:
    try:
        return tomllib.loads(Path(file).expanduser().read_bytes().decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        reason = f"it is no text in UTF-8 (byte {error.start})"
    except OSError as error:
        reason = error.strerror or error
    except RecursionError:
        reason = "it is nested too deeply"
    except ValueError as error:  # tomllib's own is one
        reason = error
    raise LineamentError(f"The config {file!r} cannot be read: {reason}.")


def _variables(environment) -> dict[str, str]:
    """The options among the variables; a variable that no one reads is told, and a slip of the pen is an error."""
    known = {ENVIRONMENT_PREFIX + name.upper(): name for name in OPTIONS}
    for variable in environment:
        if variable.startswith(ENVIRONMENT_PREFIX) and variable not in (*known, *OTHER_VARIABLES):
            if near := difflib.get_close_matches(variable, [*known, *OTHER_VARIABLES], n=1, cutoff=NEAR):
                raise LineamentError(f"The variable {variable} is no option. Did you mean {near[0]}?")
            log.warning("The variable %s is no option of lineament; it is ignored.", variable)
    return {name: environment[variable] for variable, name in known.items() if environment.get(variable)}
