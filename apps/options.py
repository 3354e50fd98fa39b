"""The flags of the pipeline: one table for the command line, the TOML config and the environment."""

import argparse
import os
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import joblib

from ..classifiers import AUGMENTS, BALANCES, CLASSIFIERS, SELECTORS
from ..classifiers.audit import AUDITS
from ..classifiers.ensemble import DEFAULT_MEMBERS
from ..classifiers.explain import EXPLANATIONS
from ..classifiers.registry import member_names
from ..classifiers.tuning import TUNINGS
from ..data import BACKENDS, DATASETS, LineamentError, check_choice, data_home, parse_labels
from ..features import ALL_FAMILIES, DEFAULT_FAMILIES, REFERENCES
from ..landmarks import DETECTORS, ON_MISS

ENVIRONMENT_PREFIX = "LINEAMENT_"


@dataclass(frozen=True)
class Option:
    """One flag. `parse` reads text, a number or a list; `choices` maps each allowed value to its meaning."""

    parse: Callable
    default: object
    help: str
    metavar: str
    choices: Mapping[str, str] | None = None


def _abouts(registry) -> dict[str, str]:
    return {name: entry.about for name, entry in registry.items()}


def _names(value) -> list[str]:
    names = value.split(",") if isinstance(value, str) else list(value)
    names = [str(name).strip() for name in names if str(name).strip()]
    if not names:
        raise ValueError("names no value")
    return list(dict.fromkeys(names))


def _path(value) -> Path:
    return Path(str(value)).expanduser()


def _at_least(least: int) -> Callable[[object], int]:
    def parse(value):
        number = int(value)
        if isinstance(value, float | bool) or number < least:
            raise ValueError(f"is not a whole number of at least {least}")
        return number

    return parse


def _labels(value):
    return parse_labels(value) if isinstance(value, str) else value


def _pairs(value) -> dict[str, str]:
    if isinstance(value, str):
        parts = [item.partition("=") for item in value.split(",")]
        if not all(name.strip() and sign for name, sign, _ in parts):
            raise ValueError("is not NAME=VALUE")
        return {name.strip(): chosen.strip() for name, _, chosen in parts}
    return {str(name): str(chosen) for name, chosen in value.items()}


OPTIONS = {
    "dataset": Option(
        str, None, "the pictures (default: sample; with --data: auto, by its layout)", "NAME", _abouts(DATASETS)
    ),
    "data": Option(_path, None, "folder, archive or table of the dataset, as downloaded", "PATH"),
    "reader_options": Option(
        _pairs, None, "what the dataset's reader leaves to choose, such as angles=all of kdef", "NAME=VALUE,…"
    ),
    "labels": Option(
        _labels, None, "labels to keep (anger,happiness), or to rename and merge (happy=positive,sad=negative)", "LIST"
    ),
    "train": Option(
        _names, None, "datasets to train on, to be scored on those of --test: fer2013:PATH, or sample", "NAME:PATH,…"
    ),
    "test": Option(_names, None, "datasets to score on; the page shows a matrix of both lists", "NAME:PATH,…"),
    "classifiers": Option(
        _names, ["svm", "logreg", "lda", "forest"], "models to compare, comma-separated", "LIST", _abouts(CLASSIFIERS)
    ),
    "members": Option(
        _names,
        list(DEFAULT_MEMBERS),
        "what stack and vote are made of, comma-separated",
        "LIST",
        {name: CLASSIFIERS[name].about for name in member_names()},
    ),
    "tune": Option(str, "none", "search of each model's parameters within each fold's training part", "LEVEL", TUNINGS),
    "features": Option(
        _names, list(DEFAULT_FAMILIES), "families of measurements, comma-separated", "LIST", _abouts(ALL_FAMILIES)
    ),
    "reference": Option(str, "none", "what a face's measurements are compared with", "NAME", REFERENCES),
    "selector": Option(str, "none", "how features are chosen within each fold", "NAME", _abouts(SELECTORS)),
    "n_features": Option(_at_least(1), None, "how many the selector keeps (default: 60, lda: classes - 1)", "K"),
    "cv": Option(int, 5, "number of cross-validation folds, 2 or more", "K"),
    "balance": Option(str, "class-weight", "what is done about rare classes", "NAME", BALANCES),
    "augment": Option(str, "none", "what is trained on besides the faces", "NAME", AUGMENTS),
    "detector": Option(str, "hog", "how faces are found", "NAME", _abouts(DETECTORS)),
    "landmark_model": Option(_path, None, "another dlib 68-point model (default: the one installed)", "FILE"),
    "on_miss": Option(str, "fallback", "landmarks where no face is found", "NAME", ON_MISS),
    "audit": Option(str, "quick", "one model tested carelessly as well, to show what that is worth", "LEVEL", AUDITS),
    "explain": Option(str, "quick", "what the first model's answers rest on", "LEVEL", EXPLANATIONS),
    "cnn_epochs": Option(_at_least(1), None, "upper bound of the network's epochs (default: 40)", "N"),
    "n_jobs": Option(_at_least(1), joblib.cpu_count(), "number of processes; changes no result", "N"),
    "backend": Option(str, "loky", "where landmarks are found", "NAME", BACKENDS),
    "scheduler": Option(str, None, "of --backend dask, such as tcp://host:8786 (default: a cluster here)", "ADDRESS"),
    "seed": Option(_at_least(0), 0, "of the sample, the folds and every model", "N"),
    "out": Option(_path, None, "folder of the run (default: runs/<dataset>)", "DIR"),
    "cache": Option(_path, None, f"folder of cached landmarks (default: {data_home()}/landmarks)", "DIR"),
}


def parse_options(arguments: Sequence[str], *, environment: Mapping[str, str] = os.environ) -> SimpleNamespace:
    """All options, checked. A flag wins over the environment, that over the config file, that over the default.

    Raises
    ------
    LineamentError
        For an unknown name, a value out of its choices, or a config that cannot be read.
    """
    flags = vars(_parser().parse_args(arguments))
    config = flags.pop("config", environment.get(f"{ENVIRONMENT_PREFIX}CONFIG"))
    values = {name: option.default for name, option in OPTIONS.items()}
    if config:
        values |= _checked(_read_config(Path(config)), lambda name: f"{name} in {config}")
    variables = {name: environment.get(ENVIRONMENT_PREFIX + name.upper()) for name in OPTIONS}
    variables = {name: value for name, value in variables.items() if value}
    values |= _checked(variables, lambda name: ENVIRONMENT_PREFIX + name.upper())
    values |= _checked(flags, lambda name: "--" + name.replace("_", "-"))
    if bool(values["train"]) != bool(values["test"]):
        raise LineamentError("--train and --test go together: name the datasets to train on and those to score on.")
    if values["train"] and (values["dataset"] or values["data"]):
        raise LineamentError("--train and --test name their datasets themselves: leave out --dataset and --data.")
    values["dataset"] = values["dataset"] or ("auto" if values["data"] else "sample")
    values["out"] = values["out"] or Path("runs") / _run_name(values)
    values["cache"] = values["cache"] or data_home() / "landmarks"
    return SimpleNamespace(**values)


def _run_name(values) -> str:
    if values["train"]:
        return "matrix"
    return Path(values["data"]).stem if values["dataset"] == "auto" else values["dataset"]


def as_config(options: SimpleNamespace) -> dict:
    """The options as plain values for a TOML file that repeats the run; defaults that are None are left out."""
    values = {name: getattr(options, name) for name in OPTIONS if getattr(options, name) is not None}
    return {name: _plain(value) for name, value in values.items()}


def _plain(value):
    if isinstance(value, Mapping):
        return ",".join(f"{name}={chosen}" for name, chosen in value.items())
    return str(value) if isinstance(value, Path) else value


def _read_config(path: Path) -> dict:
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise LineamentError(f"The config {path} cannot be read: {error}.") from error


def _checked(values: Mapping, origin: Callable[[str], str]) -> dict:
    """Parsed values; `origin(name)` says in an error where the value stands."""
    checked = {}
    for name, value in values.items():
        option = OPTIONS[check_choice("option", name, OPTIONS)]
        try:
            checked[name] = option.parse(value)
        except (TypeError, ValueError) as error:
            reason = str(error) if "invalid literal" not in str(error) else "is not a whole number"
            raise LineamentError(f"{origin(name)}: {value!r} {reason}.") from error
        if option.choices:
            chosen = checked[name] if isinstance(checked[name], list) else [checked[name]]
            for choice in chosen:
                check_choice(origin(name), choice, option.choices)
    return checked


class _Parser(argparse.ArgumentParser):
    def error(self, message):
        raise LineamentError(f"{message[:1].upper()}{message[1:]}. Run with --help for all flags.")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="run_pipeline.py",
        description="Faces to landmarks, measurements, classifiers and an honest report.",
        epilog="Flags may stand in a TOML file (--config) or in the environment (LINEAMENT_N_JOBS=2) too; a flag wins.",
        formatter_class=argparse.RawTextHelpFormatter,
        argument_default=argparse.SUPPRESS,
        allow_abbrev=False,
    )
    for name, option in OPTIONS.items():
        parser.add_argument("--" + name.replace("_", "-"), metavar=option.metavar, help=_help(option))
    parser.add_argument("--config", metavar="FILE", help="TOML file with any of these, such as a run's config.toml")
    return parser


def _help(option: Option) -> str:
    lines = [option.help]
    if option.default is not None:
        shown = ",".join(option.default) if isinstance(option.default, list) else option.default
        lines[0] += f" (default: {shown})"
    if option.choices:
        width = max(map(len, option.choices))
        lines += [f"  {name:{width}}  {about}" for name, about in option.choices.items()]
    return "\n".join(lines).replace("%", "%%")
