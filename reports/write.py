"""A run to its folder: HTML, Markdown, JSON, TOML, CSV, PNG and Parquet, each written in one step."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from joblib import delayed

from ..data.errors import LineamentError
from ..data.files import write_atomically
from ..data.lock import locked
from ..data.parallel import pool
from . import figures
from .blocks import Picture
from .document import metrics_document
from .faces import excerpt_of
from .html import html
from .markdown import markdown
from .page import Page, page_of
from .run import Failure, Run
from .section import Section, Tables
from .sections import SECTIONS
from .sections.ranking import ranking_rows as rows_of_ranking
from .settings import as_json, toml, versions
from .spreadsheet import csv_text
from .store import load_run, save_run, with_costs

log = logging.getLogger(__name__)

LISTING = "files.txt"


def write_report(run: Run, out: Path, *, n_jobs: int = 1) -> Path:
    """Write the folder of a finished run; nothing is fitted again.

    Parameters
    ----------
    run : Run
    out : path of the run folder; files of the same names are replaced
    n_jobs : processes that draw figures; changes no byte

    Returns
    -------
    Path
        Of `report.html`, which needs no other file.

    Raises
    ------
    LineamentError
        If the folder cannot be written.
    """
    return render(keep_run(run, out), Path(out), n_jobs=n_jobs)


def keep_run(run: Run, out: Path) -> Run:
    """Write what `rewrite_report` needs, and return the run completed by what its folder keeps."""
    run = completed(run, Path(out))
    save_run(run, Path(out))
    return run


def rewrite_report(folder: Path, *, n_jobs: int = 1) -> Path:
    """Write the report of a run folder again, from what it holds; the same version gives the same bytes."""
    run = load_run(folder)
    with locked(folder):
        return render(run, Path(folder), n_jobs=n_jobs)


def completed(run: Run, out: Path) -> Run:
    """The run with all that its folder keeps: versions, sizes of the models, excerpt."""
    run = with_costs(replace(run, versions=run.versions or versions()), out)
    return run if run.excerpt else replace(run, excerpt=excerpt_of(run))


def tables_of(run: Run, sections: Sequence[Section] = SECTIONS) -> Tables:
    """The tidy tables of a run by name, each computed when it is asked for; the baselines are scored as models more."""
    return Tables(run if run.excerpt else replace(run, excerpt=excerpt_of(run)), sections)


def ranking_rows(run: Run) -> list[dict]:
    """Models by accuracy over the folds, best first, baselines last.

    Each a dict: `model`, `accuracy` with the bounds `low` and `high` of its
    95 % interval (None where there is none), `recall_macro`, `f1_macro`, and
    whether it is a `baseline`.
    """
    return rows_of_ranking(run, tables_of(run))


def render(run: Run, out: Path, sections: Sequence[Section] = SECTIONS, *, n_jobs: int = 1) -> Path:
    """Tables, figures and pages of a run with its excerpt; what an earlier run left here is removed.

    A section, table or figure that raises is told on the page and loses nothing else.
    """
    tables = tables_of(run, sections)
    page, _ = page_of(run, tables, sections)
    page, images = drawn(page, n_jobs)
    files, failures = table_files(tables)
    files |= {f"figures/{name}.png": themes["light"] for name, themes in images.items()}
    files["config.toml"] = toml(run.config)
    try:
        files["metrics.json"] = as_json(metrics_document(run, tables))
    except Exception as error:
        failures.append(_failure("file metrics.json", error))
    page = page.with_failures(failures)
    files["report.md"] = markdown(page)
    files["report.html"] = html(page, images)
    write_files(files, out)
    remove_stale(out, [*files, *_model_files(run, out)])
    return out / "report.html"


def drawn(page: Page, n_jobs: int = 1) -> tuple[Page, dict[str, dict[str, bytes]]]:
    """The figures of a page by name and theme; where one cannot be drawn, the page shows why in its place."""
    pictures = list(page.pictures())
    images, notes = {}, {}
    for picture, (image, error) in zip(pictures, pool(n_jobs=n_jobs)(map(delayed(_draw_if_it_can), pictures))):
        if error is not None:
            notes[picture.name] = _note(picture, _failure(f"figure '{picture.name}'", error).reason)
            image = draw(notes[picture.name])
        images[picture.name] = image
    return page.with_pictures(notes), images


def _draw_if_it_can(picture):
    """The figure and no error, or none and the error."""
    try:
        return draw(picture), None
    except Exception as error:
        return None, error


def draw(picture: Picture) -> dict[str, bytes]:
    """PNG of a figure by theme: "light" for the folder, and every other for the page."""
    themes = figures.THEMES if picture.embedded else {"light": figures.LIGHT}
    return figures.pngs(picture.display, themes)


def _note(picture, reason):
    """Words in place of a figure."""
    text = f"This figure could not be drawn: {reason}"
    return replace(picture, display=figures.NoteDisplay(text), alt=text, caption="")


def table_files(tables: Tables) -> tuple[dict[str, bytes], list[Failure]]:
    """Every table as CSV and as Parquet, by path; and the tables that could not be computed."""
    files, failures = {}, []
    for name in tables:
        try:
            frame = tables[name]
            csv, parquet = csv_text(frame).encode(), frame.to_parquet(index=False)
        except Exception as error:
            failures.append(_failure(f"table '{name}'", error))
            continue
        files |= {f"tables/{name}.csv": csv, f"tables/{name}.parquet": parquet}
    return files, failures


def _failure(what, error):
    log.error("The %s could not be made.", what, exc_info=error)
    return Failure(what, f"{type(error).__name__}: {error}")


def _model_files(run, out):
    names = {evaluation.name for evaluation in run.evaluations}
    return [f"models/{path.name}" for path in sorted((out / "models").glob("*")) if path.stem in names]


def write_files(files: dict[str, str | bytes], out: Path) -> None:
    """Write contents by path into a folder, each file in one step.

    Raises
    ------
    LineamentError
        If the folder cannot be written, or a link in it leads elsewhere.
    """
    inside = out.resolve()
    for name, content in files.items():
        if not (out / name).parent.resolve().is_relative_to(inside):
            raise LineamentError(f"{(out / name).parent} is a link that leads out of {out}. Remove it, and run again.")
        # A path of no UTF-8 is shown escaped; it is no reason to lose a finished run.
        content = content.encode(errors="backslashreplace") if isinstance(content, str) else content
        write_atomically(out / name, lambda file, content=content: file.write(content))


def remove_stale(out: Path, files: list[str]) -> None:
    """Delete what an earlier run listed in `files.txt` and this one did not write; then list `files` there.

    Only listed files are touched, so a folder may hold other things.
    """
    listing = out / LISTING
    earlier = listing.read_text(encoding="utf-8", errors="replace").splitlines() if listing.is_file() else []
    for name in sorted(set(earlier) - set(files)):
        path = out / name.replace("\0", "")
        if path.is_file() and path.resolve().is_relative_to(out.resolve()):
            path.unlink()
    write_files({LISTING: "\n".join(sorted(files)) + "\n"}, out)
