"""A run to its page: the head, then every section that applies; the same for HTML and Markdown."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from .blocks import Block, Facts, Link, Notice, Paragraph, Picture, Portraits, Terms, Tiles, changed, pictures_of
from .narrative import SYNTHETIC, facts, failure_words, lead, warnings
from .run import Failure, Run
from .section import Section, Tables
from .terms import INTERVAL

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Chapter:
    """A section as it stands on the page."""

    name: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Page:
    """Everything that a page shows; `kicker` is the line above its title, `description` what search results quote."""

    title: str
    kicker: str
    description: str
    head: tuple[Block, ...]
    chapters: tuple[Chapter, ...]
    foot: tuple[Block, ...] = ()
    contents: bool = True

    def pictures(self) -> list[Picture]:
        """Every figure, in the order of reading."""
        return pictures_of(block for chapter in self.chapters for block in chapter.blocks)

    def with_pictures(self, others: dict[str, Picture]) -> "Page":
        """The page with these figures, by name, in place of its own."""

        def exchanged(block):
            if isinstance(block, Picture):
                return others.get(block.name, block)
            if isinstance(block, (Tiles, Portraits)) and block.picture:
                return replace(block, picture=others.get(block.picture.name, block.picture))
            return block

        return replace(self, chapters=_changed(self.chapters, exchanged))

    def with_failures(self, failures: Iterable[Failure]) -> "Page":
        """The page with what could not be written told at its head."""
        return replace(self, head=(*self.head, *map(_notice, failures)))


def page_of(run: Run, tables: Tables, sections: Sequence[Section]) -> tuple[Page, list[Failure]]:
    """The page of a run, and the sections of it that could not be written."""
    failures, chapters = [], []
    for section in sections:
        chapter, failure = _chapter(section, run, tables)
        chapters += [chapter] if chapter else []
        failures += [failure] if failure else []
    head, failure = _head(run, tables)
    failures += [failure] if failure else []
    synthetic = run.dataset.synthetic
    page = Page(
        title=f"Emotions from faces: {run.dataset.name}",
        kicker="Lineament report" + (" · synthetic faces" if synthetic else ""),
        description=next((block.text for block in head if isinstance(block, Paragraph)), ""),
        head=tuple(head),
        chapters=_changed(chapters, _first_time(head)),
        foot=tuple(_foot(run)),
    )
    return page.with_failures(failures), failures


def _chapter(section, run, tables):
    """A section with its blocks; one that breaks off says why, and its failure is returned too."""
    blocks = []
    try:
        if not section.applies(run):
            return None, None
        for block in section.content(run, tables):
            blocks.append(block)
    except Exception as error:
        log.exception("The section '%s' could not be written.", section.name)
        reason = f"{type(error).__name__}: {error}"
        rest = "The rest of this section" if blocks else "This section"
        blocks.append(Notice("Missing.", f"{rest} could not be written: {reason.rstrip('.')}."))
        failure = Failure(f"section “{section.title}”, or a part of it", reason)
        return Chapter(section.name, section.title, tuple(blocks)), failure
    return Chapter(section.name, section.title, tuple(blocks)), None


def _head(run, tables):
    """What was asked, what must be known first, and the numbers to know first."""
    blocks, failure = [], None
    try:
        blocks = [Paragraph(" ".join(lead(run, tables))), Facts(tuple(facts(run, tables))), Terms((INTERVAL,))]
    except Exception as error:
        log.exception("The head of the page could not be written.")
        failure = Failure("summary", f"{type(error).__name__}: {error}")
    notices = [Notice("Synthetic faces.", SYNTHETIC)] if run.dataset.synthetic else []
    notices += [Notice("Mind.", sentence) for sentence in warnings(run)]
    return [*blocks[:1], *notices, *blocks[1:]], failure


def _foot(run):
    made = f"Made by Lineament {run.versions.get('lineament', '')}".strip() + "."
    if run.dataset.synthetic:
        made = f"All numbers on this page come from synthetic faces. {made}"
    files = ("report.md", "metrics.json", "predictions.parquet")
    yield Paragraph(f"{made} The same facts, and every answer:", links=tuple(Link(name, name) for name in files))


def _notice(failure):
    return Notice("Mind.", failure_words(failure))


def _changed(chapters, change):
    return tuple(replace(chapter, blocks=changed(chapter.blocks, change)) for chapter in chapters)


def _first_time(head):
    """A change that leaves out terms which stood on the page before, those of its head included."""
    seen = {term.name for block in head if isinstance(block, Terms) for term in block.terms}

    def unseen(block):
        if not isinstance(block, Terms):
            return block
        new = tuple(term for term in block.terms if term.name not in seen)
        seen.update(term.name for term in new)
        return Terms(new) if new else None

    return unseen
