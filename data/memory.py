"""How much memory this process has taken, on any system."""

import sys

import psutil


def peak_memory() -> int:
    """Bytes of the largest process so far: this one, or a worker that has ended (on Windows, that runs)."""
    try:
        import resource
    except ImportError:  # Windows, where a process itself knows its peak
        this = psutil.Process()
        return max(one.memory_info().peak_wset for one in (this, *this.children(recursive=True)))
    largest = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return largest * (1 if sys.platform == "darwin" else 1024)  # kilobytes elsewhere
