"""Commands where the surroundings are poor: one clear line, or a complete result.

No home, homes and folders that may not be written or read, full disks, terminals of twenty columns, no UTF-8.
"""

import os
import shutil
import subprocess
import sys
import warnings

import pytest

from benchmarks.small import draw_fer
from lineament.apps import cli
from lineament.data import parallel
from lineament.data.parallel import Workers, in_parallel

SETPRIV = shutil.which("setpriv")
# Root may read and write everything: without these two powers it is a user like any other.
UNPRIVILEGED = (
    [SETPRIV, "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-dac_override,-dac_read_search"]
    if os.name == "posix" and os.geteuid() == 0
    else []
)
RUN = ["run", "--classifiers", "lda", "--audit", "none", "--explain", "none", "--cv", "2", "--n-jobs", "1"]

pytestmark = [
    pytest.mark.skipif(os.name != "posix", reason="permissions and limits of Unix"),
    pytest.mark.skipif(None in UNPRIVILEGED, reason="needs setpriv to be another user than root"),
]


@pytest.fixture(scope="module")
def faces(fer_zip, tmp_path_factory):
    """Ten pictures of two labels."""
    folder = tmp_path_factory.mktemp("data") / "faces"
    draw_fer(fer_zip, folder, 10, 2)
    return folder


@pytest.fixture(scope="module")
def cache(faces, tmp_path_factory):
    """Their landmarks, so that a run does not look for them again."""
    folder = tmp_path_factory.mktemp("cache")
    done = called([*RUN, "--data", str(faces), "--out", str(folder / "run"), "--cache", str(folder / "cache")])
    assert done.returncode == 0, done.stderr
    return folder / "cache"


def called(arguments, *, before="", **environment):
    """A command in a process of its own, without root's powers; `before` is said to the shell first.

    A variable that is None is taken away.
    """
    known = {**os.environ} | environment
    command = [*UNPRIVILEGED, "sh", "-c", f'{before} exec "$@"', "sh", sys.executable, "-m", "lineament", *arguments]
    return subprocess.run(
        command, env={name: value for name, value in known.items() if value is not None},
        capture_output=True, encoding="utf-8", errors="replace", timeout=300, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def told(done):
    """What was said besides bars and our own log."""
    lines = done.stderr.replace("\r", "\n").splitlines()
    return [line for line in lines if line.strip() and "it/s" not in line and "/s]" not in line and "INFO" not in line]


@pytest.mark.parametrize(
    "environment",
    [
        {"HOME": None},
        {"HOME": "closed", "MPLCONFIGDIR": None},
        {"TMPDIR": "/nonexistent"},
        {"TERM": "dumb", "COLUMNS": "20"},
        {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": None},
    ],
    ids=["no home", "read-only home", "no folder for temporary files", "narrow and dumb", "no UTF-8"],
)
def test_a_run_is_complete_in_poor_surroundings(faces, cache, tmp_path, environment):
    (tmp_path / "closed").mkdir(mode=0o555)
    environment = {name: str(tmp_path / value) if value == "closed" else value for name, value in environment.items()}
    command = [*RUN, "--data", str(faces), "--out", str(tmp_path / "run"), "--cache", str(cache)]
    done = called(command, **environment)
    assert done.returncode == 0 and told(done) == [], done.stderr
    assert "majority label" in done.stdout and (tmp_path / "run" / "report.html").is_file()


def test_a_read_only_home_is_told_in_one_line(faces, tmp_path):
    (tmp_path / "home").mkdir(mode=0o555)
    home = {"HOME": str(tmp_path / "home"), "LINEAMENT_HOME": None, "MPLCONFIGDIR": None}
    done = called([*RUN, "--data", str(faces), "--out", str(tmp_path / "run")], **home)
    (line,) = told(done)
    assert done.returncode == 2 and "Permission denied" in line and "--cache" in line


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["data", "list"]])
def test_help_is_whole_on_a_narrow_terminal_without_utf_8(arguments):
    done = called(arguments, TERM="dumb", COLUMNS="20", LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert done.returncode == 0 and not done.stderr and len(done.stdout) > 200 and done.stdout.isascii()


def test_files_that_may_not_be_read_are_counted_and_told(faces, tmp_path):
    shutil.copytree(faces, tmp_path / "faces")
    first, second = sorted(path for path in (tmp_path / "faces").iterdir())
    closed = sorted(first.iterdir())[0]
    shutil.copytree(second, tmp_path / "faces" / "zzz")
    closed.chmod(0)
    (tmp_path / "faces" / "zzz").chmod(0)
    try:
        done = called(["data", "describe", str(tmp_path / "faces"), "--n-jobs", "1"])
        assert done.returncode == 0 and "Unreadable: 1" in done.stdout and "zzz: Permission denied" in done.stdout
        done = called(["landmarks", str(tmp_path / "faces"), "--out", str(tmp_path / "faces.csv")])
        assert done.returncode == 0 and "2 files unreadable" in done.stdout
        assert sorted(line.rpartition(": ")[0] for line in told(done)) == [str(closed), str(tmp_path / "faces" / "zzz")]
        for command in (["data", "describe"], ["landmarks"], ["report"], ["run", "--data"]):
            done = called([*command, str(tmp_path / "faces" / "zzz")])
            (line,) = told(done)
            assert done.returncode == 2 and ("permission" in line.lower() or "may not be read" in line), command
    finally:
        (tmp_path / "faces" / "zzz").chmod(0o755)


@pytest.mark.parametrize("name", ["one.zip", "faces.csv", "run.toml"])
def test_a_file_that_may_not_be_read_is_one_line(name, faces, tmp_path):
    (tmp_path / name).write_bytes(b"cv = 2")
    (tmp_path / name).chmod(0)
    flags = ["--config", str(tmp_path / name)] if name.endswith("toml") else ["--data", str(tmp_path / name)]
    (line,) = told(done := called(["run", *flags, "--out", str(tmp_path / "run")]))
    assert done.returncode == 2 and "permission denied" in line.lower()


@pytest.mark.parametrize("most", [8, 40, 300])
def test_a_full_disk_is_one_line_and_leaves_nothing_half_written(faces, cache, tmp_path, most):
    """Files may grow to so many KiB: the next byte is refused as on a full disk, at another step each time."""
    out = tmp_path / "run"
    limit = f"trap '' XFSZ; ulimit -f {2 * most};"
    done = called([*RUN, "--data", str(faces), "--out", str(out), "--cache", str(cache)], before=limit)
    (line,) = told(done)
    assert done.returncode == 2 and "annot write" in line, done.stderr
    assert not [path for path in out.rglob("*") if path.is_file() and path.name.startswith(".")]
    assert "fewer" not in line


@pytest.mark.parametrize("command", [["landmarks"], ["data", "describe"]])
def test_a_full_disk_leaves_no_half_table_or_sheet(command, faces, tmp_path):
    out = tmp_path / "out"
    target = out / "faces.csv" if command == ["landmarks"] else out
    limit = "trap '' XFSZ; ulimit -f 4;"
    (line,) = told(done := called([*command, str(faces), "--out", str(target)], before=limit))
    assert done.returncode == 2 and "Cannot write" in line and not list(out.glob("*"))


def _number(n):
    return n


def test_a_consumer_that_gives_up_is_not_followed_by_a_remark_of_the_pool():
    with warnings.catch_warnings(record=True) as remarks:
        warnings.simplefilter("always")
        with pytest.raises(OSError, match="full"):
            for _ in in_parallel(_number, [(n,) for n in range(40)], Workers(2)):
                raise OSError("the disk is full")
    assert not [remark for remark in remarks if "not used" in str(remark.message)]
    assert parallel.RETRIES > 1


def test_the_log_of_others_is_kept_short(capsys):
    assert cli.main(["data", "list"]) == 0 and not capsys.readouterr().err
