"""Write docs/models.md from the registries of classifiers, selectors and detectors.

python scripts/models_table.py
"""

from pathlib import Path

from lineament.classifiers import AUGMENTS, BALANCES, CLASSIFIERS, SELECTORS
from lineament.classifiers.tuning import TUNINGS
from lineament.landmarks import DETECTORS, ON_MISS

TARGET = Path(__file__).resolve().parents[1] / "docs" / "models.md"
HEADER = """\
# Models

Written by `python scripts/models_table.py` from the registries in `classifiers/` and `landmarks/`: change it there.

A model is a pipeline that is fitted within each fold: missing measurements are filled in, all are scaled, some are
chosen, rare labels are weighed, and a classifier is fitted.
"""


def page() -> str:
    """The whole document."""
    classifiers = [(name, f"{spec.about} ({spec.takes})", _space(spec.space)) for name, spec in CLASSIFIERS.items()]
    parts = [
        HEADER,
        "## Classifiers\n\nChosen with `--classifiers`, as many as you like; in brackets what they look at.\n",
        _table(("name", "what it is", "searched by `--tune`"), classifiers),
        "## Selectors\n\nChosen with `--selector`; `--n-features` is their K.\n",
        _table(("name", "what it keeps"), _abouts(SELECTORS)),
    ]
    choices = (
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
