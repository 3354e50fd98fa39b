"""Write docs/datasets.md from the readers' own declarations.

python scripts/datasets_table.py
"""

import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from lineament.data.fetch import DOWNLOADS  # noqa: E402
from lineament.data.sources import DATASETS, READERS  # noqa: E402
from lineament.data.vocabulary import CANONICAL  # noqa: E402

TARGET = ROOT / "docs" / "datasets.md"
HEADER = """\
# Datasets

Written by `python scripts/datasets_table.py` from the readers in `data/`: change it there.

Give what you downloaded with `--data PATH`: a folder, a zip or tar archive, or a single table, unpacked or not. The
layout is recognised; `--dataset NAME` says it outright. `lineament data describe PATH` shows what is in it.
"""
FOOTER = """\
## What all readers do

- Labels keep the dataset's own names. `--labels`, and several datasets in one run, give them the names of one
  vocabulary: {canonical}.
- A table's pictures are looked for beside it, below the path given, and last by their name alone, wherever it is the
  only one. Options go with `--reader-options image=COLUMN,images=FOLDER`. A table that is no UTF-8 is taken for
  Windows-1252.
- What could not become a row is listed with its reason: no label, a missing file, a broken line, a link to elsewhere.
- Where there is a validation part and no test part, the validation part is the one to be scored.
- Where subjects are known, nobody is on both sides of a split that is drawn here.
- Repeated pictures, exact and near, stay on one side. Near means: at most 8 of 63 bits of a perceptual hash differ, and
  the gray pixels correlate with 0.90 or more.
"""


def page() -> str:
    """The whole document."""
    head = ["| name | dataset | classes | images | subjects | split | licence | how to get it |", "|" + "---|" * 8]
    rows = [_row(name) for name in ("sample", *READERS)]
    layouts = [f"- **{name}**: {_escaped(source.layout)}.{_options(source)}" for name, source in READERS.items()]
    parts = [HEADER, "\n".join(head + rows) + "\n", "## Layouts\n", "\n".join(layouts) + "\n"]
    return "\n".join([*parts, FOOTER.format(canonical=", ".join(CANONICAL))])


def _row(name) -> str:
    source = DATASETS[name]
    title = f"[{source.title}]({source.url})" if source.url else source.title
    obtain = f"`lineament data fetch {name}`" if name in DOWNLOADS else source.obtain
    cells = (
        f"`{name}`",
        title,
        ", ".join(source.classes) or "your own",
        source.images,
        source.subjects,
        source.split,
        source.licence,
        obtain,
    )
    return "| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |"


def _escaped(text) -> str:
    return text.replace("<", "\\<").replace("*", "\\*").replace("_", "\\_")


def _options(source) -> str:
    names = defaultdict(list)
    for name, meaning in source.options.items():
        names[meaning].append(f"`{name}`")
    return "".join(f" Option{'s' * (len(of) > 1)} {', '.join(of)}: {meaning}." for meaning, of in names.items())


if __name__ == "__main__":
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(page(), encoding="utf-8")
