"""Blocks to HTML: one file, with its pictures, style and script inside it. All text is escaped."""

import base64
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from .blocks import (
    Annotated,
    Beside,
    Block,
    Bullets,
    Code,
    Definitions,
    Facts,
    Fold,
    Heading,
    Notice,
    Paragraph,
    Picture,
    Portraits,
    TableBlock,
    Terms,
    Tiles,
)
from .page import Page

TEMPLATES = Path(__file__).parent / "templates"
LONG = 60  # characters of a cell, beyond those of any name or sentence of ours that stands in one line


@dataclass(frozen=True)
class Place:
    """Where a block stands: the `level` of a heading here, and PNG bytes by figure and theme."""

    level: int
    images: dict[str, dict[str, bytes]]

    @property
    def below(self) -> "Place":
        return replace(self, level=self.level + 1)


def html(page: Page, images: dict[str, dict[str, bytes]]) -> str:
    """The page as one file that opens offline; `images` holds a PNG a theme of every figure."""
    chapters = [(chapter, joined(chapter.blocks, Place(3, images))) for chapter in page.chapters]
    return (
        _templates()
        .get_template("page.html.j2")
        .render(
            page=page,
            head=joined(page.head, Place(2, images)),
            chapters=chapters,
            foot=joined(page.foot, Place(2, images)),
        )
    )


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(enabled_extensions=("html.j2",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def block_html(block: Block, place: Place) -> Markup:
    """One block."""
    return RENDERERS[type(block)](block, place)


def joined(blocks: Iterable[Block], place: Place) -> Markup:
    """Blocks one after another."""
    return Markup("\n").join(block_html(block, place) for block in blocks)


def data_uri(content: bytes, kind: str) -> str:
    """An address that holds what it points to."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _each(template: str, rows: Iterable[tuple]) -> Markup:
    """The template once a row, its places filled with escaped text."""
    return Markup("").join(Markup(template).format(*row) for row in rows)


def _paragraph(block, place):
    links = Markup(", ").join(Markup('<a href="{}">{}</a>').format(link.href, link.text) for link in block.links)
    kind = Markup(' class="small"') if block.small else ""
    return Markup("<p{}>{}{}{}</p>").format(kind, block.text, " " if links else "", links)


def _notice(block, place):
    return Markup('<p class="notice" role="note"><strong>{}</strong> {}</p>').format(block.word, block.text)


def _heading(block, place):
    return Markup("<h{0}>{1}</h{0}>").format(place.level, block.text)


def _bullets(block, place):
    return Markup("<ul>{}</ul>").format(_each("<li>{}</li>", ((item,) for item in block.items)))


def _definitions(block, place):
    entries = ((name, _sentences(sentences)) for name, sentences in block.entries)
    return Markup('<dl class="definitions">{}</dl>').format(_each("<dt>{}</dt><dd>{}</dd>", entries))


def _sentences(sentences):
    if len(sentences) == 1:
        return sentences[0]
    return Markup("<ul>{}</ul>").format(_each("<li>{}</li>", ((one,) for one in sentences)))


def _facts(block, place):
    entries = ((what, value) for value, what in block.entries)
    return Markup('<dl class="facts">{}</dl>').format(_each("<div><dt>{}</dt><dd>{}</dd></div>", entries))


def _terms(block, place):
    each = "<details><summary>{}</summary><p>{}</p></details>"
    entries = ((term.name, term.meaning[:1].upper() + term.meaning[1:]) for term in block.terms)
    return Markup('<div class="terms"><span>What is …</span>{}</div>').format(_each(each, entries))


def _code(block, place):
    return Markup('<pre tabindex="0"><code>{}</code></pre>').format(block.text)


def _table(block, place):
    kind = Markup(' class="sortable"') if len(block.rows) > 1 else ""
    source = Markup(' <a href="tables/{0}.csv">CSV<span class="unseen"> of {0}</span></a>').format(block.csv)
    heads = ((_classes(column, column.title), column.title) for column in block.columns)
    return Markup(
        '<div class="scroll" role="region" aria-label="{0}" tabindex="0">\n<table{1}>\n'
        "<caption><span>{0}{2}</span></caption>\n<thead><tr>{3}</tr></thead>\n<tbody>\n{4}\n</tbody>\n</table>\n</div>"
    ).format(
        block.caption,
        kind,
        source if block.csv else "",
        _each('<th scope="col"{}>{}</th>', heads),
        Markup("\n").join(_row(row, block.columns, place in block.quiet) for place, row in enumerate(block.rows)),
    )


def _row(row, columns, quiet):
    cells = Markup("").join(_cell(cell, column, place == 0) for place, (cell, column) in enumerate(zip(row, columns)))
    return Markup("<tr{}>{}</tr>").format(Markup(' class="quiet"') if quiet else "", cells)


def _cell(cell, column, first):
    text = Markup('<a href="{}">{}</a>').format(cell.link, cell.text) if cell.link else cell.text
    if column.code:  # a long name may break after an underscore
        text = Markup("<code>{}</code>").format(Markup("_<wbr>").join(cell.text.split("_")))
    return Markup('<{0}{1}{2} data-sort="{3}">{4}{5}</{0}>').format(
        "th" if first else "td",
        Markup(' scope="row"') if first else "",
        _classes(column, f"{cell.text}\n{cell.note}", file=column.code, shaded=cell.shaded),
        "" if cell.sort is None else cell.sort,
        text,
        Markup("").join(Markup("<small>{}</small>").format(line) for line in cell.note.splitlines()),
    )


def _classes(column, text, **more) -> Markup:
    """The attribute of a cell: how it is set, and whether its text must be broken anywhere to fit a page."""
    known = {"text": not column.numeric, "long": any(len(line) > LONG for line in text.splitlines()), **more}
    names = " ".join(name for name, so in known.items() if so)
    return Markup(' class="{}"').format(names) if names else Markup("")


def _picture(block, place):
    if not block.embedded:
        return Markup("")
    themes = {theme: data_uri(content, "image/png") for theme, content in place.images[block.name].items()}
    dark = Markup('<source media="screen and (prefers-color-scheme: dark)" srcset="{}">').format(themes["dark"])
    image = Markup('<img src="{}" width="{}" height="{}" alt="{}">').format(
        themes["light"], block.width, block.height, block.alt
    )
    caption = Markup("<figcaption>{}</figcaption>").format(block.caption) if block.caption else ""
    return Markup("<figure><picture>{}{}</picture>{}</figure>").format(dark, image, caption)


def _face(example):
    source = data_uri(example.jpeg(), "image/jpeg")
    each = '<img src="{}" width="168" height="168" alt="{}" loading="lazy">'
    return Markup(each).format(source, example.alt)


def _tiles(block, place):
    faces = ((_face(example), example.caption) for example in block.examples)
    return Markup('<ul class="tiles">{}</ul>').format(_each("<li>{}<span>{}</span></li>", faces))


def _annotated(block, place):
    items = ((text, _small_tiles(examples)) for text, examples in block.items)
    return Markup('<ul class="confused">{}</ul>').format(_each("<li><p>{}</p>{}</li>", items))


def _small_tiles(examples):
    if not examples:
        return ""
    return Markup('<ul class="tiles small-tiles">{}</ul>').format(
        _each("<li>{}</li>", ((_face(example),) for example in examples))
    )


def _portraits(block, place):
    swatch = '<li><span class="swatch" style="background:{}"></span>{}</li>'
    entries = (
        (_face(example), example.caption, _each(swatch, ((note.color, note.text) for note in notes)), end)
        for example, notes, end in block.entries
    )
    each = "<li>{}<div><strong>{}</strong><ol>{}</ol><p>{}</p></div></li>"
    return Markup('<ul class="portraits">{}</ul>').format(_each(each, entries))


def _beside(block, place):
    kinds = [type(one) for one in block.blocks]
    layout = "beside" if TableBlock in kinds else "three" if len(kinds) > 2 else "two"
    return Markup('<div class="pair {}">\n{}\n</div>').format(layout, joined(block.blocks, place))


def _fold(block, place):
    hint = Markup(' <span class="hint">{}</span>').format(block.hint) if block.hint else ""
    return Markup(
        '<details class="fold">\n<summary><h{0}>{1}</h{0}>{2}</summary>\n<div>\n{3}\n</div>\n</details>'
    ).format(place.level, block.title, hint, joined(block.blocks, place.below))


RENDERERS = {
    Annotated: _annotated,
    Beside: _beside,
    Bullets: _bullets,
    Code: _code,
    Definitions: _definitions,
    Facts: _facts,
    Fold: _fold,
    Heading: _heading,
    Notice: _notice,
    Paragraph: _paragraph,
    Picture: _picture,
    Portraits: _portraits,
    TableBlock: _table,
    Terms: _terms,
    Tiles: _tiles,
}
