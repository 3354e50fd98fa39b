"""The command line: its tree, its errors and exit codes, what it imports, and what it prints."""

import io
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import lineament
from lineament import run_pipeline
from lineament.apps import cli
from lineament.apps.command import Command
from lineament.data import LineamentError
from lineament.data.sources import data_home

ROOT = Path(__file__).resolve().parents[1]
LINEAMENT = [sys.executable, "-m", "lineament"]
# What neither --help nor a run without a network has a use for.
HEAVY = ["torch", "dask", "distributed", "skops", "matplotlib", "numba", "imblearn", "pooch", "shtab"]
ROW = {"model": "svm", "accuracy": 0.618, "low": 0.602, "high": 0.634, "recall_macro": 0.59, "f1_macro": 0.6}
BASE = {"model": "majority", "accuracy": 0.249, "low": None, "high": None, "recall_macro": 1 / 7, "f1_macro": None}
ROWS = [{**BASE, "baseline": True}, {**ROW, "baseline": False}, {**ROW, "model": "lda", "baseline": False}]


def started(*arguments, **settings):
    # Buffered, as users have it: with PYTHONUNBUFFERED argparse itself keeps quiet about a full disk.
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONUNBUFFERED"}
    settings["env"] = environment | settings.get("env", {})
    return subprocess.run([*LINEAMENT, *arguments], text=True, timeout=120, **{"capture_output": True} | settings)


def failing(error):
    def call(options):
        raise error

    return Command("run", "It fails.", lambda parser: None, call, kept=lambda options: "All is kept.")


@pytest.fixture
def planted(monkeypatch):
    """Put a command of the test's own in place of one."""
    return lambda command: monkeypatch.setattr(cli, "command_of", lambda name: command)


# --- the tree --------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"]])
def test_without_a_command_all_are_listed(arguments, capsys):
    assert cli.main(arguments) == 0
    text = capsys.readouterr().out
    assert all(f"\n    {name} " in text for name in cli.COMMANDS)


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_explains_itself(name, capsys):
    assert cli.main([name, "--help"]) == 0
    text = capsys.readouterr().out
    assert text.startswith(f"usage: lineament {name}")
    assert cli.command_of(name).name == name and cli.command_of(name).about in text


def test_version(capsys):
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"lineament {lineament.__version__}\n"


def test_the_pipeline_s_own_script_is_the_same(capsys):
    assert run_pipeline.main(["--cv", "1"]) == cli.main(["run", "--cv", "1"]) == 2
    first, second = capsys.readouterr().err.splitlines()
    assert first == second == "lineament run: --cv: '1' is not a whole number of at least 2 folds."


def test_python_m_is_the_same():
    done = started("--version")
    assert done.returncode == 0 and done.stdout == f"lineament {lineament.__version__}\n"


# --- mistakes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["rum"], "lineament: Unknown command 'rum'. Did you mean 'run'? Choose from"),
        (["--verison"], "lineament: Unknown flag --verison. Did you mean --version?"),
        (["run", "--classifer", "svm"], "lineament run: Unknown flag --classifer. Did you mean --classifiers?"),
        (["run", "--classifiers", "svn"], "lineament run: Unknown --classifiers 'svn'. Did you mean 'svm'?"),
        (["report"], "lineament report: The following arguments are required: RUN. Run lineament report --help"),
        (["report", "a", "b"], "lineament report: Unexpected 'b'"),
        (["report", "--ot", "x"], "lineament report: Unknown flag --ot."),
        (["compare", "a", "--ot", "x"], "lineament compare: Unknown flag --ot. Did you mean --out?"),
        (["data", "lst"], "lineament data: Unknown action 'lst'. Did you mean 'list'?"),
        (["data", "fetch", "--accept-license", "x"], "Did you mean --accept-licence?"),
        (["data", "describe", "x", "--n-jobs", "0"], "Argument --n-jobs: '0' is not a whole number of at least 1"),
        (["landmarks", "x", "--style", "openfaec"], "Unknown --style 'openfaec'. Did you mean 'openface'?"),
        (["cache", "empty"], "lineament cache: Unknown action 'empty'"),
        (["completion", "fish"], "lineament completion: Unknown shell 'fish'"),
        (["run", "--config", "/"], "lineament run: The config '/' cannot be read: Is a directory."),
    ],
)
def test_mistakes_give_one_line_and_exit_code_2(arguments, message, capsys):
    assert cli.main(arguments) == 2
    told = capsys.readouterr()
    assert message in told.err and told.err.count("\n") == 1 and not told.out


def test_errors_of_a_command_are_told_once(planted, capsys):
    planted(failing(LineamentError("The cat has it.")))
    assert cli.main(["run"]) == 2
    assert capsys.readouterr().err == "lineament run: The cat has it.\n"


def test_an_interrupt_says_what_is_kept(planted, capsys):
    planted(failing(KeyboardInterrupt()))
    assert cli.main(["run"]) == 130
    assert capsys.readouterr().err == "lineament run: interrupted. All is kept.\n"


def test_a_bug_keeps_its_traceback(planted):
    for error in (ZeroDivisionError(), FileNotFoundError(2, "gone"), BrokenPipeError(32, "a worker's")):
        planted(failing(error))
        with pytest.raises(type(error)):
            cli.main(["run"])


# --- output that goes nowhere, or to a poor terminal -------------------------------------------------


@pytest.mark.parametrize("arguments", [["--help"], ["data", "list"], ["completion", "bash"], ["rum"]])
def test_a_reader_that_stops_is_no_error(arguments):
    reading, writing = os.pipe()
    os.close(reading)
    done = started(*arguments, stdout=writing, stderr=writing if "rum" in arguments else subprocess.PIPE,
                   capture_output=False)  # fmt: skip
    os.close(writing)
    assert done.returncode == 141 and not done.stderr


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_is_told():
    with open("/dev/full", "w") as full:
        done = started("data", "list", stdout=full, stderr=subprocess.PIPE, capture_output=False)
    assert done.returncode == 2 and done.stderr == "lineament: No space left on device: free some, and run again.\n"


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["data", "list"], ["run", "--data", "ö\udce9"]])
def test_an_ascii_terminal_bears_it(arguments):
    done = started(*arguments, env={"PYTHONIOENCODING": "ascii"})
    assert done.returncode == (2 if "--data" in arguments else 0)
    assert (done.stdout + done.stderr).isascii() and "Traceback" not in done.stderr


def test_without_a_standard_output_it_still_runs():
    closed = f"{sys.executable} -m lineament --version >&-"
    assert subprocess.run(["sh", "-c", closed], timeout=120, stderr=subprocess.PIPE).stderr == b""


# --- what is imported --------------------------------------------------------------------------------


def heavy_after(code):
    """The heavy libraries that a fresh Python has loaded after `code`."""
    tell = f"import sys; print(*(name for name in {HEAVY} if name in sys.modules), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", f"{code}\n{tell}"], text=True, timeout=300, capture_output=True)
    assert done.returncode == 0, done.stderr
    return done.stderr.splitlines()[-1].split()


@pytest.mark.parametrize("arguments", [["--help"], *([name, "--help"] for name in cli.COMMANDS)], ids=" ".join)
def test_help_imports_nothing_heavy(arguments):
    assert heavy_after(f"from lineament.apps.cli import main; main({arguments})") == []


def test_a_run_without_a_network_and_its_model_import_no_torch(tmp_path):
    code = f"""
import lineament
if __name__ == "__main__":
    where = {{"out": {str(tmp_path / "run")!r}, "cache": {str(tmp_path / "cache")!r}}}
    lineament.run(dataset="sample", classifiers=["lda"], cv=2, audit="none", explain="none", **where)
    lineament.load({str(tmp_path / "run" / "models" / "lda.skops")!r})
"""
    assert not {"torch", "skorch", "dask", "distributed"} & set(heavy_after(code))


def test_options_without_a_network_import_no_torch():
    code = "from lineament.apps.options import options_of; options_of(classifiers=['svm'])"
    assert not {"torch", "dask", "distributed"} & set(heavy_after(f"{code}; import lineament.run_pipeline"))


def test_naming_one_command_imports_no_other():
    code = "import sys; from lineament.apps.cli import main; main(['cache', '--help'])"
    tell = "assert 'lineament.apps.options' not in sys.modules and 'lineament.apps.landmarks' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", f"{code}; {tell}"], capture_output=True).returncode == 0


# --- completion --------------------------------------------------------------------------------------


@pytest.mark.parametrize("shell", ["bash", "tcsh", "zsh"])
def test_completion_names_commands_and_flags(shell, capsys):
    assert cli.main(["completion", shell]) == 0
    script = capsys.readouterr().out
    for word in ("landmarks", "accept-licence", "n-features", "svm-nystroem", "fer2013"):
        assert word in script


def test_bash_completes(capsys, tmp_path):
    assert cli.main(["completion", "bash"]) == 0
    script = tmp_path / "lineament.bash"
    script.write_text(capsys.readouterr().out)

    def completed(*words):
        line = " ".join(f'"{word}"' for word in words)
        ask = f"COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; _shtab_lineament; echo ${{COMPREPLY[@]}}"
        done = subprocess.run(["bash", "-c", f"source {script}; {ask}"], capture_output=True, text=True, timeout=60)
        return done.stdout.split()

    assert completed("lineament", "c") == ["compare", "cache", "completion"]
    assert completed("lineament", "run", "--cl") == ["--classifiers"]
    assert "svm" in completed("lineament", "run", "--classifiers", "s")
    assert completed("lineament", "data", "d") == ["describe"]


def test_without_shtab_its_install_line_is_told(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "shtab", None)
    assert cli.main(["completion", "bash"]) == 2
    assert "pip install shtab" in capsys.readouterr().err


# --- the end of a run --------------------------------------------------------------------------------


class Terminal(io.TextIOWrapper):
    """A stream of this encoding that says that it is a terminal."""

    def __init__(self, encoding):
        super().__init__(io.BytesIO(), encoding=encoding, write_through=True)

    def isatty(self):
        return True

    @property
    def text(self):
        return self.buffer.getvalue().decode(self.encoding)


def test_the_ranking_in_a_pipe_is_plain_text():
    from lineament.apps.ranking import print_ranking

    file = io.StringIO()
    print_ranking(ROWS, file)
    lines = [line.split() for line in file.getvalue().splitlines()]
    assert lines[0] == ["model", "accuracy", "95", "%", "interval", "macro", "recall", "macro", "F1"]
    assert [line[0] for line in lines[1:]] == ["svm", "lda", "majority"]
    assert lines[1][1:] == ["61.8", "%", "60.2", "to", "63.4", "%", "0.590", "0.600"]
    assert lines[3][1:] == ["24.9", "%", "0.143"]
    assert file.getvalue().isascii() and "\x1b" not in file.getvalue()


def test_the_ranking_on_a_terminal_has_lines_where_they_can_be_shown(monkeypatch):
    from lineament.apps.ranking import print_ranking

    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm")
    rich, poor = Terminal("utf-8"), Terminal("ascii")
    for file in (rich, poor):
        print_ranking(ROWS, file)
    assert "─" in rich.text and "─" not in poor.text and "61.8 %" in poor.text


@pytest.mark.parametrize("finished", [SimpleNamespace(page=Path("r.html"), rows=rows) for rows in ([], ROWS)])
def test_a_run_ends_with_its_ranking_above_its_report(finished, monkeypatch, capsys, tmp_path):
    asked = []
    monkeypatch.setattr(run_pipeline, "run", lambda options, *, command: asked.append((options, command)) or finished)
    assert cli.main(["run", "--cv", "3", "--out", str(tmp_path / "a b")]) == 0
    assert asked[0][0].protocol.cv == 3 and asked[0][1] == f"lineament run --cv 3 --out '{tmp_path / 'a b'}'"
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "Report: r.html"
    assert [line.split()[0] for line in lines[:-1]] == ([] if not finished.rows else [
        "model", "svm", "lda", "majority"
    ])  # fmt: skip


def test_the_cache_command_looks_at_home(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("LINEAMENT_HOME", str(tmp_path))
    assert cli.main(["cache", "info"]) == 0
    assert capsys.readouterr().out == f"{data_home() / 'landmarks'}: empty\n"
