"""Blocks to Markdown: folds become headings, figures links, terms a list."""

import re
from collections.abc import Iterable

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


def markdown(page: Page) -> str:
    """A page in Markdown; figures lie beside it."""
    parts = [f"# {escaped(page.title)}", *_all(page.head, 2)]
    for chapter in page.chapters:
        parts += [f"## {escaped(chapter.title)}", *_all(chapter.blocks, 3)]
    return "\n\n".join(part for part in [*parts, *_all(page.foot, 2)] if part).rstrip() + "\n"


def escaped(text: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    return re.sub(r"([\\`*_<>\[\]|#])", r"\\\1", " ".join(str(text).split()))


def block_markdown(block: Block, level: int = 3) -> str:
    """One block; `level` is that of a heading at this place."""
    return RENDERERS[type(block)](block, level)


def _all(blocks: Iterable[Block], level) -> list[str]:
    return [block_markdown(block, level) for block in blocks]


def _paragraph(block, level):
    links = ", ".join(f"[{escaped(link.text)}]({link.href})" for link in block.links)
    return f"{escaped(block.text)} {links}".strip()


def _notice(block, level):
    return f"> **{escaped(block.word)}** {escaped(block.text)}"


def _heading(block, level):
    return f"{'#' * level} {escaped(block.text)}"


def _bullets(block, level):
    return "\n".join(f"- {escaped(item)}" for item in block.items)


def _definitions(block, level):
    return "\n\n".join(f"**{escaped(name)}.** {escaped(' '.join(sentences))}" for name, sentences in block.entries)


def _facts(block, level):
    return "\n".join(f"- **{escaped(value)}** {escaped(what)}" for value, what in block.entries)


def _terms(block, level):
    return "\n".join(f"- *{escaped(term.name)}*: {escaped(term.meaning)}" for term in block.terms)


def _code(block, level):
    # A fence longer than any within: a path may hold line ends and backticks.
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", block.text)), default=0))
    return f"{fence}{block.language}\n{block.text.rstrip()}\n{fence}"


def _table(block, level):
    heads = [escaped(column.title) for column in block.columns]
    rules = ["--:" if column.numeric else ":--" for column in block.columns]
    rows = [[_cell(cell, column) for cell, column in zip(row, block.columns)] for row in block.rows]
    lines = "\n".join(f"| {' | '.join(line)} |" for line in [heads, rules, *rows])
    source = f" [CSV](tables/{block.csv}.csv)" if block.csv else ""
    return f"{lines}\n\n*{escaped(block.caption)}*{source}"


def _cell(cell, column):
    if column.code:
        return "`" + cell.text.replace("`", "'").replace("|", "\\|") + "`"
    text = f"[{escaped(cell.text)}]({cell.link})" if cell.link else escaped(cell.text)
    return text + (f" ({escaped('; '.join(cell.note.splitlines()))})" if cell.note else "")


def _picture(block, level):
    if not block.embedded:
        return ""
    caption = f"\n\n*{escaped(block.caption)}*" if block.caption else ""
    return f"{_image(block)}{caption}"


def _image(picture):
    return f"![{escaped(picture.alt)}](figures/{picture.name}.png)"


def _tiles(block, level):
    if block.picture:
        return _image(block.picture)
    return "\n".join(f"- {escaped(example.caption)}" for example in block.examples)


def _annotated(block, level):
    return "\n".join(f"- {escaped(text)}" for text, _ in block.items)


def _portraits(block, level):
    lines = [
        f"- {escaped(example.caption)} ({'; '.join(escaped(note.text) for note in notes)}). {escaped(end)}"
        for example, notes, end in block.entries
    ]
    return "\n".join(lines) + (f"\n\n{_image(block.picture)}" if block.picture else "")


def _beside(block, level):
    return "\n\n".join(part for part in _all(block.blocks, level) if part)


def _fold(block, level):
    hint = f"{escaped(block.hint)}." if block.hint else ""
    parts = [f"{'#' * level} {escaped(block.title)}", hint, *_all(block.blocks, level + 1)]
    return "\n\n".join(part for part in parts if part)


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
