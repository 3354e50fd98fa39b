"""Write docs/models.md from the registries of classifiers, selectors and detectors.

python scripts/models_table.py
"""

from pathlib import Path

from lineament.classifiers import AUGMENTS, BALANCES, CLASSIFIERS, SELECTORS
from lineament.classifiers.nets import ARCHITECTURES
from lineament.classifiers.nets.recipe import OPTIMISERS, SCHEDULES, SETTINGS
from lineament.classifiers.tuning import TUNINGS
from lineament.landmarks import DETECTORS, ON_MISS

TARGET = Path(__file__).resolve().parents[1] / "docs" / "models.md"
HEADER = """\
# Models

Written by `python scripts/models_table.py` from the registries in `classifiers/` and `landmarks/`: change it there.

A model is a pipeline that is fitted within each fold: missing measurements are filled in, all are scaled, some are
chosen, rare labels are weighed, and a classifier is fitted.
"""
NETS = """\
## Networks

Every network has a training recipe of its own. Its settings, and what a network leaves to choose besides, are changed
with `--cnn-settings NAME=VALUE,…`, for all networks of a run that know them; `classifiers/nets/recipe.py` tells what
each means. `--cnn-weights FILE` gives weights to begin with.
"""


def page() -> str:
    """The whole document."""
    classifiers = [(name, f"{spec.about} ({spec.takes})", _space(spec.space)) for name, spec in CLASSIFIERS.items()]
    nets = [(name, *map(str, _own(net))) for name, net in ARCHITECTURES.items()]
    parts = [
        HEADER,
        "## Classifiers\n\nChosen with `--classifiers`, as many as you like; in brackets what they look at.\n",
        _table(("name", "what it is", "searched by `--tune`"), classifiers),
        NETS,
        _table(("name", "side, px", "trained by"), nets),
        "The other settings are those of `cnn`: " + _settings(ARCHITECTURES["cnn"].recipe, SETTINGS) + "\n",
        "## Selectors\n\nChosen with `--selector`; `--n-features` is their K.\n",
        _table(("name", "what it keeps"), _abouts(SELECTORS)),
    ]
    choices = (
        ("Optimisers of networks", "--cnn-settings optimiser=NAME", OPTIMISERS),
        ("Learning rates of networks", "--cnn-settings schedule=NAME", SCHEDULES),
        ("Detectors of faces", "--detector", dict(_abouts(DETECTORS))),
        ("Where no face is found", "--on-miss", ON_MISS),
        ("Rare labels", "--balance", BALANCES),
        ("What is trained on besides", "--augment", AUGMENTS),
        ("Search of parameters", "--tune", TUNINGS),
    )
    for title, flag, meanings in choices:
        parts += [f"## {title}\n\nChosen with `{flag}`.\n", _table(("name", "what it does"), meanings.items())]
    return "\n".join(parts)


def _abouts(registry):
    return [(name, entry.about) for name, entry in registry.items()]


def _own(net) -> tuple[int, str]:
    """The side of its crops, and what is other than in the recipe of mini-Xception, with its own options."""
    usual = ARCHITECTURES["cnn"].recipe
    names = [name for name in SETTINGS if _value(net.recipe, name) != _value(usual, name)]
    options = [f"{name} {_plain(value)}" for name, value in net.options.items()]
    return net.side, ", ".join([*([_settings(net.recipe, names)] if names else []), *options]) or "-"


def _settings(recipe, names) -> str:
    return ", ".join(f"{name} {_plain(_value(recipe, name))}" for name in names)


def _value(recipe, name):
    return getattr(recipe, name) if hasattr(recipe, name) else getattr(recipe.augmentation, name)


def _plain(value) -> str:
    return str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)


def _space(space) -> str:
    """The last words of the parameters' paths, with how many values each has."""
    return ", ".join(f"{path.split('__')[-1]} ({len(values)} values)" for path, values in space.items()) or "-"


def _table(head, rows) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += [f"| `{name}` | " + " | ".join(map(_escaped, cells)) + " |" for name, *cells in rows]
    return "\n".join(lines) + "\n"


def _escaped(text) -> str:
    return text.replace("|", "\\|").replace("*", "\\*").replace("_", "\\_").replace("<", "\\<")


if __name__ == "__main__":
    TARGET.write_text(page(), encoding="utf-8")
