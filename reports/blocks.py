"""What a section is made of: blocks, which know nothing of HTML or Markdown.

`html` and `markdown` each render every kind once. A new kind of block is a
class here and a function in each of the two.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from .excerpt import Example
from .terms import Term


class Block:
    """Anything that a page shows."""


@dataclass(frozen=True)
class Link:
    """A file of the run folder, or a place on the page, and what it is called."""

    text: str
    href: str


@dataclass(frozen=True)
class Paragraph(Block):
    """Sentences, then links; `small` for what is said beside the matter."""

    text: str
    links: tuple[Link, ...] = ()
    small: bool = False


@dataclass(frozen=True)
class Notice(Block):
    """What nobody may overlook, after a word in bold."""

    word: str
    text: str


@dataclass(frozen=True)
class Heading(Block):
    """A title within a section."""

    text: str


@dataclass(frozen=True)
class Bullets(Block):
    """One line each."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class Definitions(Block):
    """Names, each with the sentences that belong to it."""

    entries: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class Facts(Block):
    """The numbers to know first: (value, what it is)."""

    entries: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Terms(Block):
    """Words that are used here and may need explaining; each unfolds where a page names it first."""

    terms: tuple[Term, ...]


@dataclass(frozen=True)
class Code(Block):
    """Text as it is typed; `language` as Markdown calls it."""

    text: str
    language: str = ""


@dataclass(frozen=True)
class Cell:
    """`text` to read, `sort` to order by, `note` in small print below, of a line or more, `link` where it leads."""

    text: str
    sort: float | str | None = None
    note: str = ""
    link: str = ""
    shaded: bool = False


@dataclass(frozen=True)
class Column:
    """The head of a column; `code` for names of files and features."""

    title: str
    numeric: bool = True
    code: bool = False


@dataclass(frozen=True)
class TableBlock(Block):
    """A table. `rows` hold a cell a column; the first cell names the row.

    `csv` is the name of the tidy table behind it. `quiet` rows (numbers) are
    not models or labels but references: they stay at the end.
    """

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    csv: str = ""
    quiet: tuple[int, ...] = ()

    def __post_init__(self):
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError(f"A row of '{self.caption}' has not {len(self.columns)} cells.")


@dataclass(frozen=True)
class Picture(Block):
    """A figure: the Display that draws it, and what it shows in words; `figures/<name>.png`.

    `embedded` is False for a figure that stands in the folder alone.
    """

    name: str
    display: object
    alt: str
    caption: str = ""
    embedded: bool = True

    @property
    def width(self) -> int:
        """CSS pixels."""
        return round(96 * self.display.size[0])

    @property
    def height(self) -> int:
        return round(96 * self.display.size[1])


@dataclass(frozen=True)
class Tiles(Block):
    """Faces in a grid; `picture` holds the same faces for a page that takes figures alone."""

    examples: tuple[Example, ...]
    picture: Picture | None = None


@dataclass(frozen=True)
class Annotated(Block):
    """Lines of text, each with the faces that show it."""

    items: tuple[tuple[str, tuple[Example, ...]], ...]


@dataclass(frozen=True)
class Note:
    """A line under a face; `color` is that of what it speaks of on the face."""

    color: str
    text: str


@dataclass(frozen=True)
class Portraits(Block):
    """Faces, each with coloured notes and a sentence that ends them: (example, notes, end)."""

    entries: tuple[tuple[Example, tuple[Note, ...], str], ...]
    picture: Picture | None = None


@dataclass(frozen=True)
class Beside(Block):
    """Blocks side by side where there is room."""

    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Fold(Block):
    """Blocks that unfold under a title; `hint` says in few words what one would see."""

    title: str
    blocks: tuple[Block, ...]
    hint: str = ""


def beside(*blocks: Block | None) -> Beside:
    """Blocks side by side, without those that are None."""
    return Beside(tuple(block for block in blocks if block is not None))


def fold(title: str, *blocks: Block | None, hint: str = "") -> Fold:
    """Blocks that unfold, without those that are None."""
    return Fold(title, tuple(block for block in blocks if block is not None), hint)


def changed(blocks: Iterable[Block], change: Callable[[Block], Block | None]) -> tuple[Block, ...]:
    """Every block after `change`, in the order of reading and within folds too; None leaves one out."""
    done = []
    for block in blocks:
        if isinstance(block, (Fold, Beside)):
            block = replace(block, blocks=changed(block.blocks, change))
        block = change(block)
        if block is not None:
            done.append(block)
    return tuple(done)


def pictures_of(blocks: Iterable[Block]) -> list[Picture]:
    """Every figure in the blocks, in the order of reading."""
    pictures = []
    for block in blocks:
        if isinstance(block, (Fold, Beside)):
            pictures += pictures_of(block.blocks)
        elif isinstance(block, Picture):
            pictures.append(block)
        elif isinstance(block, (Tiles, Portraits)) and block.picture:
            pictures.append(block.picture)
    return pictures
