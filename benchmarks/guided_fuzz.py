"""The same as `benchmarks.fuzz`, led by what code each changed file reaches (atheris).

    pip install atheris && python -m benchmarks.guided_fuzz cache [-max_total_time=60]

What follows the subject goes to libFuzzer. It ends with the file and the traceback of the first fault, if there is one.
"""

import sys
import tempfile
from pathlib import Path

try:
    import atheris
except ImportError:
    sys.exit("atheris is not installed. Run: pip install atheris")

with atheris.instrument_imports(include=["lineament"]):
    from benchmarks.fuzz import SUBJECTS, outcome


def main():
    name = sys.argv.pop(1) if len(sys.argv) > 1 else ""
    if name not in SUBJECTS:
        sys.exit(f"Say what is to be read: {', '.join(SUBJECTS)}.")
    subject = SUBJECTS[name]
    files = subject.files()
    path = subject.damaged[0] if subject.damaged else next(iter(files))
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as corpus:
        (Path(corpus) / "whole").write_bytes(files[path])

        def one(content):
            answer = outcome(subject, files | {path: content}, path, [], Path(folder))
            if answer not in ("read", "refused"):
                raise AssertionError(answer)

        atheris.Setup([*sys.argv, corpus], one)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
