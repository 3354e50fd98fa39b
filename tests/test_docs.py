"""Every example in the documentation works: Python is executed, command lines are parsed, links lead somewhere."""

import argparse
import re
import runpy
import shlex
import subprocess
import sys
from itertools import product
from pathlib import Path

import cv2
import numpy as np
import pytest
from markdown_it import MarkdownIt

from lineament.apps import cli
from lineament.apps.cli import COMMANDS
from lineament.apps.options import parse_options
from lineament.data import LineamentError, load_dataset

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "benchmarks" / "README.md"])
GENERATED = ["models_table", "sections_table"]  # features and datasets have tests of their own
PREFIX = re.compile(r"^(?:\S*python3?\S* (?:-m lineament|run_pipeline\.py)|lineament)(?= |$)")


def tokens_of(path):
    for token in MarkdownIt("commonmark").enable("table").parse(path.read_text(encoding="utf-8")):
        yield token
        yield from token.children or ()


def named(path):
    return path.relative_to(ROOT).as_posix()


# --- Python -----------------------------------------------------------------------------------------------------------


def python_of(path):
    """All Python blocks of a page as one program; empty lines keep the line numbers of the page."""
    lines = []
    for token in tokens_of(path):
        if token.type == "fence" and token.info.strip() == "python":
            lines += [""] * (token.map[0] + 1 - len(lines)) + token.content.splitlines()
    return "\n".join(lines)


# The examples of extending are files of their own: tests/test_extending.py adds them to a copy of the project.
EXECUTED = [path for path in PAGES if python_of(path) and path.name != "extending.md"]


@pytest.fixture(scope="module")
def workplace(tmp_path_factory):
    """A folder with what the guides speak of, small: pictures by label, a video, a finished run."""
    folder = tmp_path_factory.mktemp("docs")
    faces = load_dataset("sample").take(range(0, 840, 14))
    for row, label in enumerate(np.array(faces.label_names)[faces.target]):
        path = folder / "pictures" / label / f"{faces.groups[row]}_{row}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), faces.images[row])
    video = cv2.VideoWriter(str(folder / "talk.mp4"), cv2.VideoWriter_fourcc(*"mp4v"), 10.0, (320, 240))
    large = cv2.resize(faces.images[3], (200, 200), interpolation=cv2.INTER_CUBIC)
    for step in range(4):
        frame = np.full((240, 320), 90, dtype=np.uint8)
        frame[20:220, 40 + step : 240 + step] = large
        video.write(cv2.cvtColor(frame, cv2.COLOR_GRAY2BGR))
    video.release()
    command = f"run --data {folder}/pictures --classifiers lda --cv 2 --audit none --explain none --n-jobs 1"
    assert cli.main([*shlex.split(command), "--out", f"{folder}/runs/sample", "--cache", f"{folder}/landmarks"]) == 0
    return folder


@pytest.mark.parametrize("path", EXECUTED, ids=named)
def test_python_of_a_page_runs(path, workplace, monkeypatch):
    monkeypatch.chdir(workplace)
    exec(compile(python_of(path), str(path), "exec"), {"__name__": "example"})


# --- Command lines ----------------------------------------------------------------------------------------------------


class Parsed(BaseException):
    """The arguments are good; nothing of the command is run."""


def stop_after_parsing(parse_args):
    def stopped(self, args=None, namespace=None):
        parse_args(self, args, namespace)
        raise Parsed

    return stopped


@pytest.fixture
def parse(monkeypatch, tmp_path):
    """Give a command line to the program's own parser, and nothing more."""
    original = argparse.ArgumentParser.parse_args

    def parsed(line):
        arguments = shlex.split(PREFIX.sub(lambda found: "run" if "run_pipeline" in found[0] else "", line))
        for place, argument in enumerate(arguments):
            if argument == "--config":  # a file that the reader has
                arguments[place + 1] = str(tmp_path / "config.toml")
                (tmp_path / "config.toml").touch()
        if arguments[:1] == ["run"]:
            parse_options(arguments[1:], environment={})  # values and choices as well
            return
        if all(word.isalpha() for word in arguments):  # a mention, such as `lineament landmarks`
            arguments.append("--help")
        with monkeypatch.context() as patched:
            patched.setattr(argparse.ArgumentParser, "parse_args", stop_after_parsing(original))
            try:
                assert cli.main(arguments) == 0, line
            except Parsed:
                pass
            except SystemExit as left:
                assert not left.code, line  # --help leaves with 0

    return parsed


def command_lines(path):
    """Commands in the code blocks of a page and between its backticks, as a shell would get them."""
    for token in tokens_of(path):
        if token.type == "code_inline":
            yield from spelled_out(token.content)
        elif token.type in ("code_block", "fence") and token.info.strip() in ("", "sh", "bash", "console"):
            for line in token.content.replace("\\\n", " ").splitlines():
                yield from spelled_out(re.split(r"(?: {3,}| {2,}#)", line.strip())[0])


def spelled_out(line):
    """One command a choice of `a|b`; […] may be given, an ellipsis stands for more of the same."""
    line = re.sub(r"\s+", " ", line.strip())
    if not (PREFIX.match(line) and " " in line) or "COMMAND" in line or "--help" in line:
        return
    line = re.sub(r"\b(RUN|PATH)\b", "some", line)
    words = [word.strip("[]").replace("…", "") for word in line.split(" ")]
    words = [word for word in words if word and word not in ("FLAGS", "(t,)")]
    yield from map(" ".join, product(*(word.split("|") for word in words)))


LINES = sorted({(line, named(path)) for path in PAGES for line in command_lines(path)})


@pytest.mark.parametrize("line, page", LINES)
def test_a_command_line_is_one_that_the_program_takes(line, page, parse):
    parse(line)


def test_a_wrong_flag_or_choice_is_seen(parse):
    for wrong in (
        "lineament landmarks a.jpg --style pyfeet",
        "python run_pipeline.py --selector anva",
        "lineament rum",
    ):
        with pytest.raises((AssertionError, LineamentError, SystemExit)):
            parse(wrong)


def test_command_lines_are_found():
    found = {line.split()[1] for line, _ in LINES if re.match("lineament [a-z]", line)}
    assert {"landmarks", "data", "compare"} <= found <= set(COMMANDS)


# --- Links and pages --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_links_within_the_project_lead_somewhere(path):
    links = [token.attrs.get("href") or token.attrs.get("src") for token in tokens_of(path)]
    inside = [link.partition("#")[0] for link in links if link and not re.match(r"[a-z]+:|#", link)]
    assert not [link for link in inside if not (path.parent / link).exists()]


@pytest.mark.parametrize("script", GENERATED)
def test_a_generated_page_is_up_to_date(script):
    written = runpy.run_path(str(ROOT / "scripts" / f"{script}.py"))
    assert written["TARGET"].read_text(encoding="utf-8") == written["page"](), f"run python scripts/{script}.py"


def test_the_site_builds_without_a_warning(tmp_path):
    for package in ("sphinx", "myst_parser", "numpydoc", "furo"):
        pytest.importorskip(package)
    command = [sys.executable, "-m", "sphinx", "-b", "html", "--fail-on-warning", "--keep-going", "--quiet"]
    built = subprocess.run([*command, ROOT / "docs", tmp_path / "site"], capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    pages = {page.relative_to(tmp_path / "site").as_posix() for page in (tmp_path / "site").rglob("*.html")}
    assert {"index.html", "reference/package.html", "features.html", "models.html"} <= pages
    for page in pages:  # it opens offline
        text = (tmp_path / "site" / page).read_text(encoding="utf-8")
        assert not re.findall(r"""<(?:script|link|img)[^>]+(?:src|href)=["'](?:https?:)?//[^"']+""", text)
