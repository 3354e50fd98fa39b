"""A wheel of the project, installed in an environment of its own and used beside a user's own modules."""

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def checked(*command, cwd, timeout=120, **variables):
    """What a program prints, started without the PYTHONPATH of the tests."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | variables
    command = [str(part) for part in command]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, env=environment, timeout=timeout)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built from the files that git knows, as from a fresh clone."""
    folder = tmp_path_factory.mktemp("wheel")
    clone = folder / "some-clone"
    files = checked("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=ROOT).split("\0")
    for name in filter(None, files):
        if (ROOT / name).is_file() and not name.startswith(("tests/", "docs/")):
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            (clone / name).write_bytes((ROOT / name).read_bytes())
    checked(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", folder, clone, cwd=folder)
    (built,) = folder.glob("lineament-*.whl")
    return built


def top_level(names):
    return {name.split("/")[0] for name in names}


def test_the_wheel_holds_one_name(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    info = f"{'-'.join(wheel.name.split('-')[:2])}.dist-info"
    assert top_level(names) == {"lineament", info}
    for name in (
        "data/face_model.npz",
        "py.typed",
        "classifiers/weights/fer2013-geometry.skops",
        "reports/templates/report.css",
        "run_pipeline.py",
        "__main__.py",
    ):
        assert f"lineament/{name}" in names


@pytest.fixture(scope="module")
def environment(wheel, tmp_path_factory):
    """An environment with the wheel, and what it needs from the one of the tests, without its editable install."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False)
    site = Path(checked(folder / "bin" / "python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))",
                        cwd=folder).strip())  # fmt: skip
    before = set(os.listdir(site))
    (site / "needs.pth").write_text(sysconfig.get_path("purelib") + "\n")  # its own .pth files are not read
    pip = [sys.executable, "-m", "pip", "--python", folder / "bin" / "python", "install", "--quiet", "--no-deps"]
    checked(*pip, wheel, cwd=folder)
    new = set(os.listdir(site)) - before - {"needs.pth"}
    assert {name for name in new if not name.endswith(".dist-info")} == {"lineament"}
    return folder / "bin"


@pytest.fixture(params=["empty", "own"])
def folder(request, tmp_path):
    """A user's folder: empty, or with modules that are called as rooms of the package are."""
    if request.param == "own":
        for name in ("data/__init__.py", "features.py", "reports.py", "landmarks.py", "classifiers.py"):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text("raise RuntimeError('the user has a module of this name')\n")
    return tmp_path


def test_it_is_imported_and_run_from_any_folder(environment, folder, tmp_path_factory):
    cache = tmp_path_factory.getbasetemp() / "wheel-cache"
    told = checked(environment / "python", "-c", "import lineament; print(lineament.__file__)", cwd=folder)
    assert str(environment.parent) in told
    assert checked(environment / "lineament", "--version", cwd=folder) == checked(
        environment / "python", "-m", "lineament", "--version", cwd=folder
    )
    flags = ["--dataset", "sample", "--classifiers", "lda", "--audit", "none", "--explain", "none", "--cv", "2"]
    out = checked(environment / "lineament", "run", *flags, "--cache", cache, cwd=folder, timeout=300)
    assert "Report: runs/sample/report.html" in out
    assert (folder / "runs" / "sample" / "report.html").is_file()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_notebooks_code_runs_with_it(environment, path, tmp_path, tmp_path_factory):
    cells = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    (tmp_path / "notebook.py").write_text("def display(*shown): pass\n\n\n" + "\n\n".join(cells))
    home = str(tmp_path_factory.getbasetemp() / "wheel-home")
    checked(environment / "python", "notebook.py", cwd=tmp_path, timeout=300, LINEAMENT_HOME=home)
