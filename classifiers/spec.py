"""What an entry of the registries says of itself."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

FEATURES, CROPS = "features", "crops"
DEFAULT_N_FEATURES = 60


@dataclass(frozen=True)
class ClassifierSpec:
    """One classifier that can be asked for by name.

    Parameters
    ----------
    build : callable
        `build(random_state=, class_weight=, **options)` gives the unfitted classifier; `class_weight` is None or
        "balanced". What else its `fit` takes, of `groups`, `families` and `faces`, is read from its signature, see
        `classifiers.fit_metadata`.
    takes : {"features", "crops"}
        Its input: a table of measurements (n, d), or gray faces (n, h, w).
    about : str
    options : tuple of str
        The fields of `ClassifierOptions` that `build` understands; "balance" where it resamples by itself.
    space : mapping
        What `--tune` searches: parameters of the built classifier by path, and the values of each in JSON's own
        types; empty for none.
    trusted : tuple of types, functions or dotted names
        What its model file may hold beyond scikit-learn's and NumPy's own, see `registry.trusted_types`.
    """

    build: Callable
    takes: str
    about: str
    options: tuple[str, ...] = ()
    space: Mapping[str, Sequence] = field(default_factory=dict)
    trusted: tuple = ()


@dataclass(frozen=True)
class SelectorSpec:
    """One selector or reducer that can be asked for by name.

    `build(k, random_state)` gives the transformer, whose `fit` may take
    `groups` (n,), rows that no split of its own may part; `default(d,
    n_classes)` is the k where none is given, `most(d, n_classes)` the largest;
    `trusted` as of `ClassifierSpec`.
    """

    build: Callable
    about: str
    default: Callable[[int, int], int] = lambda d, n_classes: min(DEFAULT_N_FEATURES, d)
    most: Callable[[int, int], int] = lambda d, n_classes: d
    trusted: tuple = ()


@dataclass(frozen=True)
class ClassifierOptions:
    """Settings of single classifiers; each takes those that it understands.

    Parameters
    ----------
    members : sequence of str, or None
        Names of the classifiers that `stack` and `vote` are made of; None for the default ones.
    max_epochs : int, or None
        Upper bound of a network's epochs; None for that of its recipe.
    settings : mapping, or None
        What is other than in the recipes and options of networks, by name.
    weights : str or None
        A file with weights that networks begin with.
    checkpoints : str or None
        Folder where networks keep their state after each epoch, and go on from it.
    """

    members: Sequence[str] | None = None
    max_epochs: int | None = None
    settings: Mapping[str, object] | None = None
    weights: str | None = None
    checkpoints: str | None = None


def dotted_name(kind) -> str:
    """Where a type or function is found: its module and name.

    >>> dotted_name(ClassifierSpec)
    'lineament.classifiers.spec.ClassifierSpec'
    """
    return kind if isinstance(kind, str) else f"{kind.__module__}.{kind.__qualname__}"
