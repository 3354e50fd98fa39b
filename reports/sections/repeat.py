"""To repeat this run: command, settings, versions."""

from ..blocks import Code, Column, Link, Paragraph, TableBlock, fold
from ..cells import text_cell
from ..section import Section
from ..settings import toml


def content(run, tables):
    yield Paragraph("The command of this run:")
    yield Code(run.command or "(called from Python)")
    yield fold(
        "The same from the settings alone",
        Paragraph(f"With seed {run.protocol.seed}, saved as:", links=(Link("config.toml", "config.toml"),)),
        Code(toml(run.config), "toml"),
    )
    yield fold("Versions", versions_block(run.versions), hint="what was installed, and the platform")
    link = Link("metrics.json", "metrics.json")
    yield Paragraph("The same seed and versions give the same numbers, times apart:", links=(link,))


def versions_block(versions):
    """What was installed, and the machine."""
    rows = tuple((text_cell(package), text_cell(version)) for package, version in versions.items())
    columns = (Column("package", numeric=False), Column("version", numeric=False))
    return TableBlock("Versions at the time of this run, and its platform.", columns, rows)


SECTION = Section("repeat", "To repeat this run", content)
