"""A run to its folder: HTML, Markdown, JSON, TOML, CSV, PNG and Parquet, each written in one step."""

import base64
import json
import platform
import re
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from landmarks.cache import write_atomically
from reports import figures
from reports.document import metrics_document
from reports.metrics import Tables, predictions_table, tables_of
from reports.page import Page, Picture, page_of
from reports.run import Run
from reports.views import View

TEMPLATES = Path(__file__).parent / "templates"
PACKAGES = (
    "lineament",
    "numpy",
    "scipy",
    "pandas",
    "scikit-learn",
    "imbalanced-learn",
    "dlib-bin",
    "dlib",
    "face-recognition-models",
    "opencv-python-headless",
    "opencv-python",
    "torch",
    "skorch",
)


def write_report(run: Run, out: Path) -> Path:
    """Write the folder of a finished run; nothing is fitted again.

    Parameters
    ----------
    run : Run
    out : path of the run folder; files of the same names are replaced

    Returns
    -------
    Path
        Of `report.html`, which needs no other file.

    Raises
    ------
    LineamentError
        If the folder cannot be written.
    """
    out = Path(out)
    tables, config, installed = tables_of(run), toml(run.config), versions()
    page = page_of(run, tables, versions=installed, config=config)
    images = {picture.name: draw(picture) for picture in page.all_pictures()}
    for name, themes in images.items():
        _write(out / "figures" / f"{name}.png", themes["light"])
    _write_tables(out / "tables", tables)
    write_atomically(out / "predictions.parquet", lambda file: predictions_table(run).to_parquet(file, index=False))
    _write(out / "metrics.json", as_json(metrics_document(run, tables, installed)))
    _write(out / "config.toml", config)
    _write(out / "report.md", render_markdown(page))
    _write(out / "report.html", render_html(page, images))
    return out / "report.html"


def _write(path: Path, content: str | bytes) -> None:
    write_atomically(path, lambda file: file.write(content.encode() if isinstance(content, str) else content))


def _write_tables(folder: Path, tables: Tables) -> None:
    for name, frame in vars(tables).items():
        _write(folder / f"{name}.csv", frame.to_csv(index=False, lineterminator="\n"))


def draw(picture: Picture) -> dict[str, bytes]:
    """PNG of a figure by theme: "light" for the folder, and every other for the page."""
    themes = figures.THEMES if picture.embedded else {"light": figures.LIGHT}
    return {name: figures.png(picture.display, theme) for name, theme in themes.items()}


def render_html(page: Page, images: dict[str, dict[str, bytes]]) -> str:
    """The page as one file: pictures, style and script are inside it."""
    pictures = {
        name: {theme: data_uri(content, "image/png") for theme, content in themes.items()}
        for name, themes in images.items()
    }
    tiles = [data_uri(example.jpeg(), "image/jpeg") for example in page.examples]
    return templates().get_template("report.html.j2").render(page=page, images=pictures, tiles=tiles)


def render_markdown(page: Page) -> str:
    """The page in Markdown, with links to the figures."""
    text = templates().get_template("report.md.j2").render(page=page)
    return re.sub(r"\n{3,}", "\n\n", text).rstrip() + "\n"


@cache
def templates() -> Environment:
    """The Jinja environment: HTML is escaped, a name that is missing is an error."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(enabled_extensions=("html.j2",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
    environment.filters |= {"md": markdown_text, "md_table": markdown_table, "capfirst": capitalised}
    return environment


def data_uri(content: bytes, kind: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def capitalised(text: str) -> str:
    """The text with its first letter large; unlike `str.capitalize`, the rest stays."""
    return text[:1].upper() + text[1:]


def markdown_text(text: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    return re.sub(r"([\\`*_<>\[\]|#])", r"\\\1", " ".join(str(text).split()))


def markdown_table(view: View) -> str:
    """A table of pipes; notes follow their number in brackets."""
    heads = [markdown_text(column.title) for column in view.columns]
    rules = ["--:" if column.numeric else ":--" for column in view.columns]
    rows = [[_markdown_cell(cell, column) for cell, column in zip(row, view.columns)] for row in view.rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in [heads, rules, *rows])


def _markdown_cell(cell, column):
    if column.code:
        return "`" + cell.text.replace("`", "'").replace("|", "\\|") + "`"
    return markdown_text(cell.text) + (f" ({markdown_text(cell.note)})" if cell.note else "")


def toml(config: dict) -> str:
    """TOML of flags that `--config` reads; what is None is left out.

    Raises
    ------
    TypeError
        For a value that is no string, number, boolean, path or list of such.
    """
    lines = [f"{key} = {_toml_value(value)}" for key, value in config.items() if value is not None]
    return "\n".join(["# Repeat the run: python run_pipeline.py --config config.toml", *lines]) + "\n"


def as_json(document: dict) -> str:
    """JSON in a stable order; raises `ValueError` for NaN."""
    return json.dumps(document, indent=2, sort_keys=True, allow_nan=False, ensure_ascii=False) + "\n"


def _toml_value(value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, (str, Path)):
        return _toml_string(str(value))
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_toml_value, value))}]"
    raise TypeError(f"{value!r} has no place in config.toml")


def _toml_string(text: str) -> str:
    # JSON's escapes are TOML's, but for DEL.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def versions() -> dict[str, str]:
    """Versions of Python and of the installed packages that a number can depend on."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
