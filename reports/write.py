"""A run to its folder: HTML, Markdown, JSON, TOML, CSV, PNG and Parquet, each written in one step."""

import base64
import json
import logging
import platform
import re
from dataclasses import replace
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from ..data.files import write_atomically
from . import compare, figures
from .document import metrics_document
from .faces import excerpt_of
from .page import Page, Picture, page_of
from .run import Run
from .store import load_run, save_run, with_costs
from .tables import Tables, tables_of
from .views import View
from .words import SYNTHETIC, capital

log = logging.getLogger(__name__)

LISTING = "files.txt"
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
    "numba",
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
    return render(keep_run(run, out), Path(out))


def keep_run(run: Run, out: Path) -> Run:
    """Write what `rewrite_report` needs, and return the run completed by what its folder keeps."""
    run = completed(run, Path(out))
    save_run(run, Path(out))
    return run


def rewrite_report(folder: Path) -> Path:
    """Write the report of a run folder again, from what it holds; the same version gives the same bytes."""
    return render(load_run(folder), Path(folder))


def completed(run: Run, out: Path) -> Run:
    """The run with all that its folder keeps: versions, sizes of the models, excerpt."""
    run = with_costs(replace(run, versions=run.versions or versions()), out)
    return run if run.excerpt else replace(run, excerpt=excerpt_of(run))


def render(run: Run, out: Path) -> Path:
    """Tables, figures and pages of a run with its excerpt; what an earlier run left here is removed."""
    tables, config = tables_of(run), toml(run.config)
    page = page_of(run, tables, config=config)
    images = {picture.name: _drawn(picture) for picture in page.all_pictures()}
    files = {f"figures/{name}.png": themes["light"] for name, themes in images.items()}
    files |= table_files(tables)
    files["metrics.json"] = as_json(metrics_document(run, tables))
    files["config.toml"] = config
    files["report.md"] = render_markdown(page)
    files["report.html"] = render_html(page, images)
    for name, content in files.items():
        _write(out / name, content)
    remove_stale(out, [*files, *_model_files(run, out)])
    return out / "report.html"


def table_files(tables: Tables) -> dict[str, bytes]:
    """Every table as CSV and as Parquet, by path."""
    files = {}
    for name, frame in vars(tables).items():
        files[f"tables/{name}.csv"] = frame.to_csv(index=False, lineterminator="\n").encode()
        files[f"tables/{name}.parquet"] = frame.to_parquet(index=False)
    return files


def _model_files(run, out):
    names = {evaluation.name for evaluation in run.evaluations}
    return [f"models/{path.name}" for path in sorted((out / "models").glob("*")) if path.stem in names]


def remove_stale(out: Path, files: list[str]) -> None:
    """Delete what an earlier run listed in `files.txt` and this one did not write; then list `files` there.

    Only listed files are touched, so a folder may hold other things.
    """
    listing = out / LISTING
    earlier = listing.read_text(encoding="utf-8").splitlines() if listing.is_file() else []
    for name in sorted(set(earlier) - set(files)):
        path = out / name
        if path.resolve().is_relative_to(out.resolve()):
            path.unlink(missing_ok=True)
    _write(listing, "\n".join(sorted(files)) + "\n")


def _write(path: Path, content: str | bytes) -> None:
    write_atomically(path, lambda file: file.write(content.encode() if isinstance(content, str) else content))


def _drawn(picture) -> dict[str, bytes]:
    """The picture, or one that says why it could not be drawn: no figure is worth a report."""
    try:
        return draw(picture)
    except Exception as error:
        log.exception("The figure '%s' could not be drawn.", picture.name)
        reason = f"This figure could not be drawn: {type(error).__name__}: {error}"
        return draw(replace(picture, display=figures.NoteDisplay(reason, picture.display.size)))


def draw(picture: Picture) -> dict[str, bytes]:
    """PNG of a figure by theme: "light" for the folder, and every other for the page."""
    themes = figures.THEMES if picture.embedded else {"light": figures.LIGHT}
    return figures.pngs(picture.display, themes)


def render_html(page: Page, images: dict[str, dict[str, bytes]]) -> str:
    """The page as one file: pictures, style and script are inside it."""
    pictures = {
        name: {theme: data_uri(content, "image/png") for theme, content in themes.items()}
        for name, themes in images.items()
    }
    return templates().get_template("report.html.j2").render(page=page, images=pictures)


def render_markdown(page: Page) -> str:
    """The page in Markdown, with links to the figures."""
    text = templates().get_template("report.md.j2").render(page=page)
    return re.sub(r"\n{3,}", "\n\n", text).rstrip() + "\n"


def write_comparison(runs: dict[str, Run], out: Path) -> Path:
    """Write `compare.html` with its tables as CSV into the folder `out`, and return its path."""
    out, found = Path(out), compare.compare(runs)
    pictures = compare.pictures(found)
    images = {
        picture.name: {theme: data_uri(content, "image/png") for theme, content in draw(picture).items()}
        for picture in pictures
    }
    synthetic = any(run.dataset.synthetic for run in runs.values())
    text = templates().get_template("compare.html.j2").render(
        title=f"Runs compared: {', '.join(found.names)}",
        synthetic=SYNTHETIC if synthetic else "",
        sentences=compare.sentences(found),
        differences=compare.differences_view(found),
        scores=compare.scores_view(found),
        settings=compare.settings_view(found),
        pictures=pictures,
        images=images,
    )
    for name in ("scores", "differences"):
        _write(out / "tables" / f"{name}.csv", getattr(found, name).to_csv(index=False, lineterminator="\n"))
    _write(out / "compare.html", text)
    return out / "compare.html"


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
    environment.filters |= {"md": markdown_text, "md_table": markdown_table, "capfirst": capital, "jpeg": _jpeg_uri}
    return environment


def data_uri(content: bytes, kind: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _jpeg_uri(example) -> str:
    return data_uri(example.jpeg(), "image/jpeg")


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
    """Versions of Python, the platform and the installed packages that a number can depend on."""
    found = {"python": platform.python_version(), "platform": platform.platform()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
