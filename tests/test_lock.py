"""Two runs into one folder: the second is refused, and one that was killed is in nobody's way."""

import subprocess
import sys

import pytest

import lineament
from lineament import run_pipeline
from lineament.apps import cli, matrix
from lineament.data import LineamentError, lock
from lineament.data.lock import locked

HOLDER = """
import sys, time
from lineament.data.lock import locked
with locked(sys.argv[1]):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(start, tmp_path):
    """A process that holds the lock of a folder."""
    process = start([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE)
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_run_is_refused_with_one_line(holder, tmp_path, capsys, monkeypatch):
    told = f"Another run writes into {tmp_path}. Wait for it, or choose another --out."
    for module in (run_pipeline, matrix):
        monkeypatch.setattr(module, "load", lambda *_: pytest.fail("it ran"))
    for flags in [], ["--train", "sample", "--test", "sample"]:
        assert cli.main(["run", "--out", str(tmp_path), *flags]) == 2
        assert capsys.readouterr().err == f"lineament run: {told}\n"
    with pytest.raises(LineamentError, match="Another run writes"):
        lineament.run(out=tmp_path)


def test_a_report_is_not_written_into_the_folder_of_a_run_at_work(folder, start, capsys):
    process = start([sys.executable, "-c", HOLDER, str(folder)], stdout=subprocess.PIPE)
    assert process.stdout.readline() == "held\n"
    assert cli.main(["report", str(folder)]) == 2
    assert "Another run writes into" in capsys.readouterr().err


def test_the_lock_of_a_killed_run_is_free(holder, tmp_path):
    with pytest.raises(LineamentError, match="Another run"), locked(tmp_path):
        pass
    holder.kill()
    holder.wait()
    assert (tmp_path / lock.NAME).exists()
    with locked(tmp_path):
        pass
    assert not list(tmp_path.iterdir())


def test_it_is_given_back_after_an_error(tmp_path):
    with pytest.raises(ZeroDivisionError), locked(tmp_path / "new"):
        raise ZeroDivisionError
    with locked(tmp_path / "new"):
        pass


def test_where_there_are_no_locks_it_runs(tmp_path, monkeypatch):
    def none(file):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(lock, "_take", none)
    with locked(tmp_path):
        pass


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(LineamentError, match="Cannot write into"), locked(tmp_path / "file" / "run"):
        pass
