"""Signals that end a run: no worker outlives it, nothing half written stays, and the exit code says which it was."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lineament.data.files import remove_left_behind

PROGRAM = """
import os, sys, time
from pathlib import Path
from joblib import delayed
from lineament.apps import cli
from lineament.apps.command import Command
from lineament.data.files import write_atomically
from lineament.data.parallel import Workers, in_parallel, pool

HERE, HOW = Path(sys.argv[1]), sys.argv[2]

def busy(here):
    (here / f"{os.getpid()}.worker").touch()
    end = time.monotonic() + 60
    while time.monotonic() < end:
        pass

def written(file):
    file.write(b"half")
    (HERE / f"{os.getpid()}.worker").touch()
    time.sleep(60)

def outside_of_python(here):
    from threading import Thread
    import numpy as np
    Thread(target=lambda: time.sleep(1) or (here / f"{os.getpid()}.worker").touch()).start()
    np.linalg.svd(np.random.default_rng(0).random((9000, 9000)))  # minutes without a look at signals

def call(options):
    {
        "pool": lambda: pool(2)(delayed(busy)(HERE) for _ in range(4)),
        "read as they end": lambda: list(pool(2, return_as="generator")(delayed(busy)(HERE) for _ in range(4))),
        "in_parallel": lambda: list(in_parallel(busy, [(HERE,)] * 4, Workers(2))),
        "file": lambda: write_atomically(HERE / "out.txt", written),
        "outside": lambda: write_atomically(HERE / "out.txt", lambda file: outside_of_python(HERE)),
    }[HOW]()

cli.command_of = lambda name: Command("run", "x", lambda parser: None, call, lambda options: "All is kept.")
sys.exit(cli.main(["run"]))
"""
PROCESSES = {"pool": 2, "read as they end": 2, "in_parallel": 2, "file": 1, "outside": 1}


def is_running(pid):
    """True while a process is there and does something; one that no one has waited for yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def gone_within(seconds, pids):
    deadline = time.monotonic() + seconds
    while any(map(is_running, pids)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not any(map(is_running, pids))


@pytest.fixture
def at_work(start, tmp_path):
    """Start a program that works in one of the ways of `PROCESSES`; the process and the pids of who works."""

    def begin(how, **settings):
        process = start([sys.executable, "-c", PROGRAM, str(tmp_path), how], stderr=-1, **settings)
        deadline = time.monotonic() + 60
        while len(list(tmp_path.glob("*.worker"))) < PROCESSES[how]:
            assert time.monotonic() < deadline and process.poll() is None, process.communicate()[1]
            time.sleep(0.02)
        return process, [int(path.stem) for path in tmp_path.glob("*.worker")]

    yield begin
    for path in tmp_path.glob("*.worker"):
        if is_running(path.stem):
            os.kill(int(path.stem), signal.SIGKILL)


@pytest.mark.parametrize(
    "how, name, code",
    [("in_parallel", "SIGINT", 130), ("in_parallel", "SIGHUP", 129), *((how, "SIGTERM", 143) for how in PROCESSES)],
)
def test_a_signal_ends_the_run_and_its_workers(at_work, tmp_path, how, name, code):
    process, workers = at_work(how)
    process.send_signal(getattr(signal, name))
    assert how == "outside" or gone_within(2, workers)
    _, err = process.communicate(timeout=5)
    assert process.returncode == code and "Traceback" not in err, err
    told = "interrupted" if name == "SIGINT" else f"stopped by {name}"
    assert how == "outside" or err == f"lineament run: {told}. All is kept.\n"
    assert not [path for path in tmp_path.iterdir() if path.suffix != ".worker"]


def test_workers_of_a_killed_run_end_by_themselves(at_work):
    process, workers = at_work("pool")
    process.kill()
    process.wait()
    assert gone_within(3, workers)


def test_a_closed_terminal_ends_it_without_a_word(at_work):
    reading, writing = os.pipe()
    process, workers = at_work("in_parallel", stdout=writing)
    os.close(reading), os.close(writing)
    process.stderr.close()
    process.send_signal(signal.SIGHUP)
    assert process.wait(timeout=5) == 129 and gone_within(2, workers)
    process.stderr = None


def test_what_nohup_ignores_stays_ignored(at_work):
    process, workers = at_work("file", preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    process.send_signal(signal.SIGHUP)
    assert not gone_within(0.5, workers)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=5)
    assert process.returncode == 143


def test_the_handlers_of_a_caller_are_his_again():
    from lineament.apps import cli

    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    assert cli.main(["--version"]) == 0
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)] == before
    assert signal.set_wakeup_fd(-1) == -1


def test_without_these_signals_commands_work(monkeypatch, capsys):
    """As on Windows, and in threads, which no signal reaches."""
    from threading import Thread

    from lineament.apps import cli, signals

    monkeypatch.setattr(signals, "ENDING", ())
    assert cli.main(["--version"]) == 0
    codes = []
    thread = Thread(target=lambda: codes.append(cli.main(["--version"])))
    thread.start()
    thread.join()
    assert codes == [0]


def test_what_killed_runs_had_under_way_is_removed_by_the_next(tmp_path):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    dead, live = tmp_path / "tables" / f".a.csv.{gone.pid}.tmp", tmp_path / f".b.csv.{os.getpid()}.tmp"
    folder, other = tmp_path / f".m.{gone.pid}.tmp.mp4", tmp_path / ".c.tmp"
    dead.parent.mkdir()
    folder.mkdir()
    for path in dead, live, other, folder / "part":
        path.touch()
    remove_left_behind(tmp_path, older_than_s=60)
    assert dead.exists() and folder.exists()
    remove_left_behind(tmp_path)
    assert not dead.exists() and not folder.exists() and live.exists() and other.exists()
