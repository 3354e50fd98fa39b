"""Sections: one file and one line each, rendered twice from the same blocks, and none that loses the others."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lineament.data.errors import LineamentError
from lineament.reports import Section, figures, load_run, rewrite_report, tables_of
from lineament.reports import blocks as kinds
from lineament.reports import html as html_module
from lineament.reports import markdown as markdown_module
from lineament.reports.blocks import Bullets, Fold, Heading, Paragraph, Terms, pictures_of
from lineament.reports.cells import frame_block
from lineament.reports.html import Place, block_html
from lineament.reports.markdown import block_markdown
from lineament.reports.page import page_of
from lineament.reports.section import Tables
from lineament.reports.sections import SECTIONS
from lineament.reports.terms import ACCURACY, F1
from lineament.reports.write import render
from made_runs import LABELS, N, explained, made_run, with_excerpt

FORMAT_1 = Path(__file__).parent / "excerpts" / "run_format_1"
PLACE = Place(3, {})


@pytest.fixture
def undrawn(monkeypatch):
    monkeypatch.setattr("lineament.reports.write.draw", lambda picture: {"light": b"light", "dark": b"dark"})


@pytest.fixture(scope="module")
def run():
    return with_excerpt(explained(made_run(audited=True, n_models=3)))


@pytest.fixture(scope="module")
def page(run):
    page, failures = page_of(run, tables_of(run), SECTIONS)
    assert failures == []
    return page


def blocks_of(blocks):
    for block in blocks:
        yield block
        yield from blocks_of(getattr(block, "blocks", ()))


# --- the registry ----------------------------------------------------------------------------------


def test_names_are_told_apart():
    names = [section.name for section in SECTIONS]
    tables = [name for section in SECTIONS for name in (*section.tables, *section.derived)]
    assert len(set(names)) == len(names) and len(set(tables)) == len(tables)


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.name)
def test_every_section_gives_blocks_for_both_pages(section, run):
    tables = tables_of(run)
    if not section.applies(run):
        pytest.skip("does not apply to this run")
    blocks = list(section.content(run, tables))
    images = {picture.name: {"light": b"light", "dark": b"dark"} for picture in pictures_of(blocks)}
    for block in blocks:
        assert block_html(block, Place(3, images)).strip() or not getattr(block, "embedded", True)
        assert isinstance(block_markdown(block), str)
    for name in (*section.tables, *section.derived):
        assert isinstance(tables[name], pd.DataFrame)


def test_every_kind_of_block_is_rendered_twice():
    every = set(kinds.Block.__subclasses__())
    assert every == set(html_module.RENDERERS) == set(markdown_module.RENDERERS)


def test_both_pages_have_the_same_sections_in_one_order(page, run, tmp_path, undrawn):
    render(run, tmp_path)
    html, markdown = ((tmp_path / name).read_text() for name in ("report.html", "report.md"))
    titles = [chapter.title for chapter in page.chapters]
    assert re.findall(r'<h2 id="[a-z]+-title">(.*?)</h2>', html) == titles == re.findall(r"^## (.*)$", markdown, re.M)
    assert titles[:2] == ["The models compared", "Before you believe it"]


def test_a_term_is_explained_where_it_is_used_first_and_once(page):
    named = [
        term.name
        for chapter in page.chapters
        for block in blocks_of(chapter.blocks)
        if isinstance(block, Terms)
        for term in block.terms
    ]
    assert len(named) == len(set(named)) and {ACCURACY.name, F1.name} <= set(named)


def test_markdown_leaves_nothing_folded(run, tmp_path, undrawn):
    render(run, tmp_path)
    html, markdown = ((tmp_path / name).read_text() for name in ("report.html", "report.md"))
    folds = re.findall(r'<details class="fold">\n<summary><h\d>(.*?)</h\d>', html)
    assert len(folds) > 10
    for title in folds:
        assert re.search(rf"^#+ {re.escape(title)}$", markdown, re.M), title


# --- a section of one's own ------------------------------------------------------------------------


def pictures_table(run):
    return pd.Series(run.dataset.target).value_counts().rename_axis("label").reset_index(name="pictures")


def content(run, tables):
    yield Paragraph("How many pictures bear <each> label.")
    yield frame_block(tables["mine"], "Pictures by label.", csv="mine")


MINE = Section("mine", "A section of mine", content, tables={"mine": pictures_table})


def test_a_new_section_is_written_everywhere(run, tmp_path, undrawn):
    render(run, tmp_path, (*SECTIONS, MINE))
    html, markdown = ((tmp_path / name).read_text() for name in ("report.html", "report.md"))
    assert "A section of mine" in html and "## A section of mine" in markdown
    assert "&lt;each&gt; label" in html and r"\<each\> label" in markdown
    assert pd.read_csv(tmp_path / "tables" / "mine.csv")["pictures"].sum() == N
    assert "tables/mine.parquet" in (tmp_path / "files.txt").read_text()


def test_a_section_that_does_not_apply_is_left_out(run):
    page, _ = page_of(run, tables_of(run), (replace(MINE, applies=lambda run: False),))
    assert page.chapters == ()


def test_two_sections_cannot_register_one_table(run):
    with pytest.raises(ValueError, match="Two sections register the table mine"):
        Tables(run, (MINE, replace(MINE, name="other")))


def test_tables_are_computed_once_and_when_asked_for(run):
    asked = []

    def counted(run):
        asked.append(1)
        return pictures_table(run)

    def doubled(run, tables):
        return pd.concat([tables["mine"], tables["mine"]])

    tables = Tables(run, (replace(MINE, tables={"mine": counted}, derived={"twice": doubled}),))
    assert set(tables) == {"mine", "twice"} and asked == []
    assert len(tables["twice"]) == 2 * len(tables["mine"]) and asked == [1]


# --- what breaks loses nothing else ----------------------------------------------------------------


def broken(*_):
    raise ValueError("planted <b>")


def breaking(table):
    """The sections with one table that cannot be computed."""
    return [replace(one, tables={**one.tables, table: broken}) if table in one.tables else one for one in SECTIONS]


def texts(folder):
    return (folder / "report.html").read_text(), (folder / "report.md").read_text()


def test_a_figure_that_breaks_is_told_in_its_place(run, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(figures.CostDisplay, "plot", broken)
    render(run, tmp_path, [section for section in SECTIONS if section.name in ("ranking", "cost")])
    html, markdown = texts(tmp_path)
    assert "This figure could not be drawn: ValueError: planted &lt;b&gt;" in html
    assert r"This figure could not be drawn: ValueError: planted \<b\>" in markdown
    assert (tmp_path / "figures" / "cost.png").stat().st_size > 500
    assert "figure 'cost' could not be made" in caplog.text


@pytest.mark.parametrize("name", [section.name for section in SECTIONS])
def test_any_section_that_breaks_is_told_and_the_others_stand(run, tmp_path, undrawn, name):
    sections = [replace(one, content=broken) if one.name == name else one for one in SECTIONS]
    render(run, tmp_path, sections)
    html, markdown = texts(tmp_path)
    title = next(section.title for section in SECTIONS if section.name == name)
    shown = [section for section in SECTIONS if section.applies(run)]
    if any(section.name == name for section in shown):
        assert f"The section “{title}”, or a part of it is missing: ValueError: planted &lt;b&gt;" in html
        assert "This section could not be written: ValueError: planted &lt;b&gt;" in html
        assert "could not be written: ValueError" in markdown
    assert all(f'<h2 id="{section.name}-title">' in html for section in shown)
    assert json.loads((tmp_path / "metrics.json").read_text())["schema"] == 1


def test_what_a_section_gave_before_it_broke_stays(run, tmp_path, undrawn):
    def half(run, tables):
        yield Paragraph("The first half.")
        broken()

    render(run, tmp_path, (*SECTIONS, replace(MINE, content=half)))
    html, _ = texts(tmp_path)
    assert "The first half." in html and "The rest of this section could not be written" in html


def test_a_table_that_breaks_takes_its_readers_with_it_and_no_more(run, tmp_path, undrawn):
    render(run, tmp_path, breaking("slices"))
    html, _ = texts(tmp_path)
    assert "The table &#39;slices&#39; is missing: ValueError: planted" in html
    assert not (tmp_path / "tables" / "slices.csv").exists() and (tmp_path / "tables" / "cv.csv").is_file()
    assert "Model by model" in html and (tmp_path / "metrics.json").is_file()


def test_a_table_of_metrics_json_that_breaks_leaves_the_page(run, tmp_path, undrawn):
    render(run, tmp_path, breaking("cost"))
    html, _ = texts(tmp_path)
    assert "The file metrics.json is missing" in html and "The models compared" in html


# --- blocks ----------------------------------------------------------------------------------------


def test_folds_nest_one_level_deeper():
    block = Fold("Out", (Heading("Title"), Fold("In", (Bullets(("a", "b")),))), hint="two")
    assert block_markdown(block) == "### Out\n\ntwo.\n\n#### Title\n\n#### In\n\n- a\n- b"
    html = block_html(block, PLACE)
    assert "<h3>Out</h3>" in html and "<h4>In</h4>" in html and '<span class="hint">two</span>' in html


def test_frames_become_tables():
    frame = pd.DataFrame({"name": ["a<b", None], "n": [1200, 3], "share": [0.5, np.nan]})
    block = frame_block(frame, "A table.", csv="mine")
    assert [[cell.text for cell in row] for row in block.rows] == [["a<b", "1,200", "0.500"], ["–", "3", "–"]]
    assert "a&lt;b" in block_html(block, PLACE) and r"| a\<b | 1,200 | 0.500 |" in block_markdown(block)


# --- folders of earlier versions -------------------------------------------------------------------


def leaves(value, path=()):
    """Every value of nested dicts and lists with its path."""
    if isinstance(value, (dict, list)) and value:
        for key, one in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(one, (*path, key))
    else:
        yield path, str(value) if isinstance(value, (dict, list)) else value


def redefined(path):
    """What later versions compute otherwise.

    Intervals, the guess that is no longer drawn, tests by clusters, and near copies that nobody looked for.
    """
    return (
        bool({"ci95", "stratified", "pairs"} & set(path))
        or (path[:2] == ("audit", "gaps") and path[-1] in ("low", "high"))
        or "near" in str(path[-1])
    )


def test_a_run_of_format_1_is_read_with_its_numbers(tmp_path, undrawn):
    """Written before sections were files: the same numbers, and every part of the run comes back."""
    shutil.copytree(FORMAT_1, tmp_path / "run")
    rewrite_report(tmp_path / "run")
    now, before = (json.loads((at / "metrics.json").read_text()) for at in (tmp_path / "run", FORMAT_1))
    now, before = dict(leaves(now)), {path: value for path, value in leaves(before) if not redefined(path)}
    numbers = {path: value for path, value in before.items() if isinstance(value, float)}
    assert {path: now[path] for path in numbers} == pytest.approx(numbers) and len(numbers) > 180
    assert {path: now[path] for path in before.keys() - numbers} == {
        path: before[path] for path in before.keys() - numbers
    }
    # It does not say that near copies were looked for.
    assert now["dataset", "n_near_duplicates"] is None and now["protocol", "duplicates", "near_searched"] is False
    run = load_run(FORMAT_1)
    assert run.dataset.label_names == LABELS and run.audit.classifier == "svm" and run.explanation.faces
    html, _ = texts(tmp_path / "run")
    assert "What the answers rest on" in html and "Before you believe it" in html


def test_another_format_is_refused_in_one_line(tmp_path):
    shutil.copytree(FORMAT_1, tmp_path / "run")
    path = tmp_path / "run" / "run.json"
    path.write_text(path.read_text().replace('"format": 1', '"format": 7', 1))
    with pytest.raises(LineamentError, match="has the run format 7; this version reads 1. Run the pipeline again."):
        load_run(tmp_path / "run")
