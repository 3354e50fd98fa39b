"""The house rules of imports: one name, one way, and one door for each heavy library."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FLOORS = ["data", "landmarks", "features", "classifiers", "reports"]
TOP = ["run_pipeline", "apps", "__main__", "__init__"]
OUTSIDE = ["benchmarks", "scripts", "tests"]
ROOMS = {*FLOORS, "apps", "run_pipeline"}


def modules(*folders):
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


INSIDE = sorted([*modules(*FLOORS, "apps"), *(ROOT / f"{name}.py" for name in TOP if (ROOT / f"{name}.py").is_file())])


def named(path):
    return path.relative_to(ROOT).as_posix()


def imported(text, parts):
    """Absolute names of everything that a module imports; relative ones are resolved from its `parts`."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ["lineament", *parts[: len(parts) - node.level]] if node.level else []
            module = [*base, node.module] if node.module else base
            yield from (".".join([*module, alias.name]) for alias in node.names)


def imports_of(path):
    return list(imported(path.read_text(), path.relative_to(ROOT).with_suffix("").parts))


def upward(names, room):
    """What a room imports from above it."""
    if room not in FLOORS:
        return []
    above = {*FLOORS[FLOORS.index(room) + 1 :], *TOP}
    return [name for name in names if name.startswith("lineament.") and name.split(".")[1] in above]


def bare(names):
    """Imports of a room by its bare name, which an installed package does not have."""
    return [name for name in names if name.split(".")[0] in ROOMS]


@pytest.mark.parametrize("path", INSIDE, ids=named)
def test_imports_point_one_way(path):
    assert not upward(imports_of(path), path.relative_to(ROOT).parts[0].removesuffix(".py"))


@pytest.mark.parametrize("path", [*INSIDE, *modules(*OUTSIDE)], ids=named)
def test_rooms_are_imported_by_the_one_name(path):
    assert not bare(imports_of(path))


@pytest.mark.parametrize(
    "planted",
    [
        "from ..features import FaceFeatures",
        "from ..features.tables import face_table",
        "from .. import reports",
        "import lineament.classifiers.evaluate",
        "def late():\n    from ..apps import cli",
    ],
)
def test_a_planted_upward_import_is_seen(planted):
    assert upward(imported(planted, ("landmarks", "planted")), "landmarks")


def test_imports_downward_are_none():
    assert not upward(imported("from ..data import Dataset\nfrom .view import View", ("landmarks", "x")), "landmarks")


def test_a_planted_bare_import_is_seen():
    assert bare(imported("from data.errors import LineamentError", ("landmarks", "planted")))


@pytest.mark.parametrize(
    "library, door",
    [
        ("dlib", "landmarks/detector.py"),
        ("numba", "landmarks/tree_fits.py"),
        ("torch", "classifiers/nets"),
        ("matplotlib", "reports/figures"),
        ("crepes", "classifiers/conformal.py"),
    ],
)
def test_one_door_a_library(library, door):
    doors = {named(path) for path in INSIDE if library in {name.split(".")[0] for name in imports_of(path)}}
    assert doors and all(path == door or path.startswith(f"{door}/") for path in doors)


def test_the_clone_does_not_give_second_copies_of_its_classes():
    done = subprocess.run([sys.executable, "-c", "import data"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and "import lineament.data" in done.stderr


@pytest.mark.parametrize("path", [*INSIDE, *modules(*OUTSIDE)], ids=named)
def test_no_module_is_long(path):
    assert path.read_text().count("\n") <= (150 if path.name == "run_pipeline.py" else 350)


@pytest.mark.parametrize("path", INSIDE, ids=named)
def test_no_public_function_takes_many_parameters(path):
    text = path.read_text()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            taken = [one.arg for one in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
            assert len([name for name in taken if name not in ("self", "cls")]) <= 8, node.name
