"""Faults planted at random, one at a time, each met by the tests of its module: how many are caught.

    pip install cosmic-ray && python -m benchmarks.mutants [--faults 1000] [--modules landmarks/cache,…] [--seed 0]

cosmic-ray plants them: another operator, number or comparison, a condition turned round, a loop that does not begin.
The project is copied for it. Faults are dealt out over the modules by how many each can have, at least one each.
Survivors are listed with their line, to be killed by a test or told why they change nothing.
"""

import argparse
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.command import started
from lineament.data import LineamentError

ROOT = Path(__file__).parents[1]
TIMEOUT = 300  # s, for the tests of one module
TESTS = {  # module: files of tests that know it
    "classifiers/calibration": "calibration kernel",
    "classifiers/conformal": "abstention",
    "classifiers/folds": "ties leaks labels",
    "classifiers/soundness": "bundle",
    "classifiers/whitening": "kernel wide calibration",
    "data/duplicates": "data ties",
    "data/fer2013": "readers readers_malformed",
    "data/folders": "readers readers_malformed labels",
    "data/labels": "labels",
    "data/listed": "readers readers_malformed",
    "data/lock": "lock",
    "data/packed": "data readers_malformed",
    "data/similar": "data landmarks",
    "features/angles": "geometry",
    "features/aus": "units",
    "features/distances": "geometry",
    "features/ellipses": "geometry",
    "features/measure": "geometry",
    "features/pose": "pose",
    "landmarks/cache": "cache landmarks",
    "landmarks/fitting": "landmark_engine trees",
    "landmarks/track": "track",
    "reports/intervals": "intervals uncertainty",
    "reports/label_sets": "abstention doubt",
    "reports/ranks": "statistics claims_sections",
    "reports/statistics": "statistics intervals",
}


@dataclass(frozen=True)
class Fault:
    """One change of a module, and whether its tests failed, as they should."""

    module: str
    line: int
    operator: str
    change: str
    caught: bool


def planned(module: str, folder: Path) -> Path:
    """A session of cosmic-ray with every fault that a module can have."""
    files = " ".join(f"tests/test_{name}.py" for name in TESTS[module].split())
    config = folder / "config.toml"
    config.write_text(
        f'[cosmic-ray]\nmodule-path = "{module}.py"\ntimeout = {TIMEOUT}\nexcluded-modules = []\n'
        f'test-command = "{sys.executable} -m pytest -x -q -p no:cacheprovider {files}"\n'
        '[cosmic-ray.distributor]\nname = "local"\n'
    )
    session = folder / f"{module.replace('/', '-')}.sqlite"
    cosmic_ray("init", config, session, folder=folder / "lineament")
    return session


def cosmic_ray(*words, folder: Path) -> str:
    """What a command of cosmic-ray prints, run in a copy of the project."""
    program = shutil.which("cosmic-ray", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if program is None:
        raise LineamentError("cosmic-ray is not installed. Run: pip install cosmic-ray")
    environment = {**os.environ, "PYTHONPATH": str(folder.parent), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([program, *map(str, words)], cwd=folder, capture_output=True, text=True, env=environment)
    if done.returncode:
        raise LineamentError(f"cosmic-ray {' '.join(map(str, words))}: {done.stderr.strip()[-500:]}")
    return done.stdout


def drawn(sessions: dict[str, Path], n: int, seed: int) -> dict[str, int]:
    """Leave n faults in all in the sessions, and say how many in each."""
    rng = random.Random(seed)
    jobs = {}
    for module, session in sessions.items():
        with sqlite3.connect(session) as tables:
            jobs[module] = [row[0] for row in tables.execute("select job_id from work_items order by job_id")]
    everything = [(module, job) for module, some in jobs.items() for job in some]
    chosen = {(module, rng.choice(some)) for module, some in jobs.items() if some}
    rest = [one for one in everything if one not in chosen]
    chosen |= set(rng.sample(rest, max(0, min(n - len(chosen), len(rest)))))
    for module, session in sessions.items():
        with sqlite3.connect(session) as tables:
            for job in jobs[module]:
                if (module, job) not in chosen:
                    tables.execute("delete from mutation_specs where job_id = ?", (job,))
                    tables.execute("delete from work_items where job_id = ?", (job,))
    return {module: sum(one == module for one, _ in chosen) for module in sessions}


def met(module: str, session: Path, folder: Path) -> list[Fault]:
    """The faults of a session, each met by the tests."""
    cosmic_ray("exec", folder / "config.toml", session, folder=folder / "lineament")
    faults = []
    for line in cosmic_ray("dump", session, folder=folder / "lineament").splitlines():
        item, result = json.loads(line)
        mutation = item["mutations"][0]
        faults.append(
            Fault(
                module,
                mutation["start_pos"][0],
                mutation["operator_name"].removeprefix("core/"),
                changed(result["diff"] or ""),
                result["test_outcome"] != "survived",
            )
        )
    return faults


def changed(diff: str) -> str:
    """The new line of a change."""
    added = [line[1:].strip() for line in diff.splitlines() if line.startswith("+") and not line.startswith("+++")]
    return added[0] if added else ""


def main(options):
    modules = options.modules.split(",") if options.modules else list(TESTS)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder / "lineament")], check=True)
        if (ROOT.parent / "shared").is_dir():  # pictures without which some tests are skipped
            (folder / "shared").symlink_to(ROOT.parent / "shared")
        sessions = {}
        for module in modules:
            sessions[module] = planned(module, folder)
            shutil.copy(folder / "config.toml", folder / f"{module.replace('/', '-')}.toml")
        counts = drawn(sessions, options.faults, options.seed)
        survivors, total, caught = [], 0, 0
        print("| module | faults | caught |\n|---|---|---|")
        for module, session in sessions.items():
            if not counts[module]:
                continue
            shutil.copy(folder / f"{module.replace('/', '-')}.toml", folder / "config.toml")
            faults = met(module, session, folder)
            total, caught = total + len(faults), caught + sum(fault.caught for fault in faults)
            survivors += [fault for fault in faults if not fault.caught]
            print(f"| {module} | {len(faults)} | {sum(fault.caught for fault in faults)} |", flush=True)
        print(f"\n{caught} of {total} faults caught: {caught / max(total, 1):.1%}.\n")
        for fault in survivors:
            print(f"- {fault.module}.py:{fault.line} {fault.operator}: `{fault.change}`")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--faults", type=int, default=1000)
    parser.add_argument("--modules", default="", help="such as landmarks/cache,data/lock (default: all of them)")
    parser.add_argument("--seed", type=int, default=0)
    started(main, parser.parse_args())
