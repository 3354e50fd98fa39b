"""The house rules of imports: one way, and one door for dlib, torch and matplotlib each."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FLOORS = ["data", "landmarks", "features", "classifiers", "reports"]
TOP = ["run_pipeline", "apps", "benchmarks"]
MODULES = sorted(
    [path for package in [*FLOORS, "apps", "benchmarks"] for path in (ROOT / package).rglob("*.py")]
    + [ROOT / "run_pipeline.py"]
)


def imported(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module.split(".")[0]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_one_way(path):
    package = path.relative_to(ROOT).parts[0].removesuffix(".py")
    if package in TOP:
        return
    above = set(FLOORS[FLOORS.index(package) + 1 :]) | set(TOP)
    assert not above & set(imported(path))


@pytest.mark.parametrize(
    "library, door",
    [
        ("dlib", "landmarks/detector.py"),
        ("numba", "landmarks/trees.py"),
        ("torch", "classifiers/cnn.py"),
        ("skorch", "classifiers/cnn.py"),
        ("matplotlib", "reports/figures.py"),
    ],
)
def test_one_file_imports(library, door):
    rooms = {path.relative_to(ROOT).as_posix() for path in MODULES if library in imported(path)}
    rooms = {room for room in rooms if not room.startswith("benchmarks/")}
    assert rooms == {door}
