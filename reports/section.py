"""`Section`: one part of a report, and `Tables`: the tidy tables that all sections share."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from .blocks import Block
from .run import Run


class Tables(Mapping):
    """The tidy tables of a run by name, each computed when it is first asked for and kept.

    A table that could not be computed raises the same error whenever it is asked for.

    Parameters
    ----------
    run : Run
    sections : sequence of Section
        What registers the tables; no two the same name.
    """

    def __init__(self, run: Run, sections: Sequence["Section"]):
        self.run = run
        self._makers = {}
        for section in sections:
            if twice := self._makers.keys() & (section.tables.keys() | section.derived.keys()):
                raise ValueError(f"Two sections register the table {', '.join(sorted(twice))}.")
            self._makers |= {name: (maker, ()) for name, maker in section.tables.items()}
            self._makers |= {name: (maker, (self,)) for name, maker in section.derived.items()}
        self._kept = {}

    def __getitem__(self, name: str) -> pd.DataFrame:
        if name not in self._kept:
            maker, more = self._makers[name]
            try:
                self._kept[name] = maker(self.run, *more)
            except Exception as error:
                self._kept[name] = error
        if isinstance(self._kept[name], Exception):
            raise self._kept[name]
        return self._kept[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)

    def __contains__(self, name) -> bool:
        return name in self._makers


def always(run: Run) -> bool:
    """True: a section that stands on every page."""
    return True


@dataclass(frozen=True)
class Section:
    """One part of a report.

    Parameters
    ----------
    name : str
        Its place on the page: `report.html#name`.
    title : str
    content : callable of (Run, Tables) giving blocks
        Blocks that were given before an error stay on the page.
    tables : dict of name to callable of Run giving a DataFrame
        Tidy tables, written as `tables/<name>.csv` in every run: empty, not
        absent, where a run has nothing to put there.
    derived : dict of name to callable of (Run, Tables) giving a DataFrame
        Tables made from other tables.
    applies : callable of Run giving bool
        Whether the page shows the section.
    """

    name: str
    title: str
    content: Callable[[Run, Tables], Iterable[Block]]
    tables: Mapping[str, Callable[[Run], pd.DataFrame]] = field(default_factory=dict)
    derived: Mapping[str, Callable[[Run, Tables], pd.DataFrame]] = field(default_factory=dict)
    applies: Callable[[Run], bool] = always
