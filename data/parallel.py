"""Tasks over processes or machines: results as they finish, tasks of dead workers done again.

Every pool of processes comes from here, so that no worker outlives this process: see `pool` and `stop_workers`.
"""

import contextlib
import logging
import multiprocessing
import os
import signal
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from joblib import Parallel, delayed, parallel_config
from joblib.externals.loky.process_executor import TerminatedWorkerError

from .errors import LineamentError, check_choice

log = logging.getLogger(__name__)

BACKENDS = {
    "loky": "processes on this machine",
    "dask": "dask workers: those of --scheduler, else a cluster on this machine",
}
RETRIES = 3  # times that dead workers are replaced before giving up
CONNECT_S = 10
PARENT_S = 0.5  # between two looks of a worker at its parent


@dataclass(frozen=True)
class Workers:
    """Who does the work, and whether a progress bar shows it; changes no result.

    Parameters
    ----------
    n_jobs : int
        Number of processes; of no effect on a given scheduler.
    backend : name in `BACKENDS`
    scheduler : str or None
        Address such as tcp://host:8786, for dask.
    progress : bool
        Show progress bars on stderr.

    Raises
    ------
    LineamentError
        For an unknown backend, or a scheduler without dask.
    """

    n_jobs: int = 1
    backend: str = "loky"
    scheduler: str | None = None
    progress: bool = False

    def __post_init__(self):
        check_choice("--backend", self.backend, BACKENDS)
        if self.scheduler and self.backend != "dask":
            raise LineamentError("--scheduler needs --backend dask.")


def pool(n_jobs: int | None = None, **settings) -> Parallel:
    """joblib's `Parallel`, with `settings` of it, whose processes end when this one does."""
    return Parallel(n_jobs=n_jobs, initializer=_end_with, initargs=(os.getpid(),), **settings)


def stop_workers() -> None:
    """Kill the worker processes of every pool, whatever they are at."""
    for process in multiprocessing.active_children():
        with contextlib.suppress(OSError):  # it has ended
            os.kill(process.pid, getattr(signal, "SIGKILL", signal.SIGTERM))  # Windows has the latter, which kills


def in_parallel(
    function: Callable, tasks: Sequence[tuple], workers: Workers = Workers()
) -> Iterator[tuple[int, object]]:
    """Yield (number of the task, `function(*task)`) as tasks finish.

    Parameters
    ----------
    function : a module's function, so that it can be sent
    tasks : arguments of each call; pictures travel as paths where they lie in files
    workers : Workers

    Raises
    ------
    LineamentError
        For a scheduler that does not answer, or workers that keep dying.
    """
    if not tasks:
        return
    here = contextlib.nullcontext(workers.n_jobs)
    with _cluster(workers.n_jobs, workers.scheduler) if workers.backend == "dask" else here as n_jobs:
        yield from _with_retries(function, tasks, workers.backend, n_jobs)


def _with_retries(function, tasks, backend, n_jobs):
    todo = dict(enumerate(tasks))
    make = pool if backend == "loky" else Parallel  # dask sees to its own workers
    for _ in range(RETRIES):
        # A copy: the generator below is read ahead while finished tasks leave `todo`.
        calls = [delayed(_numbered)(number, function, task) for number, task in todo.items()]
        try:
            with parallel_config(backend, n_jobs=n_jobs):
                results = make(return_as="generator_unordered")(calls)
            with _closed_quietly(results):
                for number, result in results:
                    del todo[number]
                    yield number, result
            return
        except _dead_workers():
            log.warning("A worker died; %d tasks are done again.", len(todo))
    raise LineamentError(
        "Worker processes keep dying, most often for want of memory. Try --n-jobs 1; what is done so far is cached."
    )


@contextlib.contextmanager
def _closed_quietly(results):
    """End a pool's results without joblib's remark on tasks that nobody asks for any more: why is told once, by us."""
    try:
        yield
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            results.close()


def _numbered(number, function, task):
    return number, function(*task)


def _end_with(parent):
    """Let this worker end when its parent does, were it killed: no one else would tell it."""
    threading.Thread(target=_outlive, args=(parent,), daemon=True).start()


def _outlive(parent):
    if sys.platform == "win32":  # where a process keeps the number of a parent that is gone
        import _winapi

        synchronize = 0x00100000
        _winapi.WaitForSingleObject(_winapi.OpenProcess(synchronize, False, parent), _winapi.INFINITE)
    else:
        while os.getppid() == parent:
            time.sleep(PARENT_S)
    os._exit(1)


def _dead_workers():
    """Types of the errors that say that a worker died; dask's own are known only where it is installed."""
    try:
        from distributed.scheduler import KilledWorker
    except ImportError:
        return (TerminatedWorkerError,)
    return (TerminatedWorkerError, KilledWorker)


@contextlib.contextmanager
def _cluster(n_jobs, scheduler):
    """Connect to the scheduler, or start workers here; yield how many tasks to keep in flight."""
    try:
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise LineamentError("--backend dask needs dask.distributed. Run: pip install 'lineament[dask]'") from error
    with contextlib.ExitStack() as stack:
        if scheduler is None:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="lineament-dask-"))
            cluster = LocalCluster(
                n_workers=n_jobs, threads_per_worker=1, dashboard_address=None, local_directory=folder,
                host="127.0.0.1",
            )  # fmt: skip
            scheduler = stack.enter_context(cluster)
        try:
            client = stack.enter_context(Client(scheduler, timeout=CONNECT_S))
        except (OSError, ValueError) as error:
            raise LineamentError(f"No dask scheduler answers at {scheduler}. Start one: dask scheduler") from error
        yield max(1, sum(client.nthreads().values()))
