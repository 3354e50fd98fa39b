"""Write docs/sections.md from the registry of the report's sections.

python scripts/sections_table.py
"""

import inspect
from pathlib import Path

try:
    from lineament.reports.sections import SECTIONS
except ImportError:  # before the sections of the report had a registry
    SECTIONS = ()

TARGET = Path(__file__).resolve().parents[1] / "docs" / "sections.md"
HEADER = """\
# The report, section by section

Written by `python scripts/sections_table.py` from the registry in `reports/sections/`: change it there.

A section stands on the page where it applies to the run. Its tables are written in every run, empty where there is
nothing to put there.
"""


def page() -> str:
    """The whole document."""
    parts = [HEADER]
    for section in SECTIONS:
        about = (inspect.getdoc(inspect.getmodule(section.content)) or "").partition("\n\n")[0]
        anchor = f"`report.html#{section.name}`"
        tables = ", ".join(f"`tables/{name}.csv`" for name in (*section.tables, *section.derived)) or "none"
        parts.append(f"## {section.title}\n\n{_escaped(about)}\n\n- on the page: {anchor}\n- tables: {tables}\n")
    return "\n".join(parts)


def _escaped(text) -> str:
    return text.replace("*", "\\*").replace("<", "\\<")


if __name__ == "__main__":
    TARGET.write_text(page(), encoding="utf-8")
