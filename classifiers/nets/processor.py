"""What the processor is asked for: how many cores, and which numbers."""

import contextlib

import joblib
import torch


@contextlib.contextmanager
def all_cores():
    """All cores for one net, however many processes there are: sums come in the same order for any number of jobs."""
    before = torch.get_num_threads()
    torch.set_num_threads(joblib.cpu_count())
    try:
        yield
    finally:
        torch.set_num_threads(before)


def has_bfloat16() -> bool:
    """True if the processor multiplies in bfloat16 by itself; where it does not, that is slower than float32."""
    known = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(getattr(torch.cpu, name, bool)() for name in known)


def multiplying(bfloat16: bool):
    """A context in which nets multiply in bfloat16, where that is wanted and the processor has it."""
    return torch.autocast("cpu", dtype=torch.bfloat16, enabled=bfloat16 and has_bfloat16())
