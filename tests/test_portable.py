"""What only Unix has is used nowhere without an answer for other systems."""

import os
import re
import subprocess
import sys
from pathlib import Path

import cv2
import pytest

import lineament

WITHOUT = """
import importlib, pkgutil, signal, sys
import lineament

def everything():
    rooms = ("apps", "classifiers", "data", "features", "landmarks", "reports", "run_pipeline")
    names = [one.name for one in pkgutil.walk_packages(lineament.__path__, "lineament.")]
    return [importlib.import_module(name) for name in names if name.split(".")[1] in rooms]

everything()  # other libraries may use what this system has
for name in [name for name in sys.modules if name.startswith("lineament")]:
    del sys.modules[name]
for name in ("resource", "fcntl", "termios", "tty", "pty", "pwd", "grp", "syslog"):
    sys.modules[name] = None  # now it cannot be imported
for name in ("SIGHUP", "SIGKILL", "SIGQUIT", "SIGUSR1", "SIGCHLD", "SIGPIPE", "SIGALRM", "pthread_sigmask", "alarm"):
    delattr(signal, name)
import os
for name in ("fork", "getuid", "geteuid", "killpg", "setsid", "getppid"):
    delattr(os, name)
import lineament
print(len(everything()))
"""


def test_every_module_is_imported_without_what_only_unix_has(tmp_path):
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    modules = [path for folder in ("apps", "classifiers", "data", "features", "landmarks", "reports")
               for path in (Path(lineament.__file__).parent / folder).rglob("*.py")]  # fmt: skip
    assert int(done.stdout) >= len(modules)


# https://learn.microsoft.com/windows/win32/fileio/naming-a-file
REFUSED = re.compile(r'[<>:"\\|?*\x00-\x1f]|[. ]$|^(con|prn|aux|nul|com\d|lpt\d)(\.|$)', re.IGNORECASE)


@pytest.mark.parametrize("name", ["a:b.png", "aux.png", "what?.csv", "end.", "end ", "a\\b", "NUL", "tab\t"])
def test_names_that_windows_refuses_are_known_here(name):
    assert REFUSED.search(name) and not REFUSED.search("roc_svm.png")


def test_a_run_writes_names_and_takes_steps_that_windows_bears(tmp_path, monkeypatch, sample, undrawn):
    for row in range(48):
        folder = tmp_path / "data" / ("a", "b")[sample.target[row] % 2]
        folder.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / f"{row}.png"), sample.images[row])
    refuse_what_is_open(monkeypatch)
    where = {"data": tmp_path / "data", "out": tmp_path / "out", "cache": tmp_path / "cache"}
    for _ in range(2):  # the second replaces what the first has written
        finished = lineament.run(**where, classifiers=["lda"], n_jobs=1)
    names = {part for path in tmp_path.rglob("*") for part in path.relative_to(tmp_path).parts}
    assert finished.page.is_file() and not [name for name in names if REFUSED.search(name)]


def refuse_what_is_open(monkeypatch):
    """Let this system refuse to move or delete an open file, as Windows does."""

    def checked(act):
        def one(path, *more, **settings):
            for place in (path, *more[:1]):
                if isinstance(place, str | os.PathLike) and os.path.realpath(place) in open_files():
                    raise PermissionError(13, "The process cannot access the file because it is being used", str(place))
            return act(path, *more, **settings)

        return one

    for name in ("replace", "rename", "unlink", "remove"):
        monkeypatch.setattr(os, name, checked(getattr(os, name)))


def open_files():
    found = set()
    for number in os.listdir("/proc/self/fd"):
        try:
            found.add(os.readlink(f"/proc/self/fd/{number}"))
        except OSError:  # closed meanwhile
            continue
    return found


def test_an_open_file_is_refused_here_too(tmp_path, monkeypatch):
    refuse_what_is_open(monkeypatch)
    (tmp_path / "a").write_text("a")
    with (tmp_path / "a").open(), pytest.raises(PermissionError):
        (tmp_path / "a").unlink()
    (tmp_path / "a").unlink()
