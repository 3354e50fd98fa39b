"""Weights that a training begins with, from a file that the user has."""

from pathlib import Path

import safetensors.torch as safetensors
import torch
from torch import nn

from ...data.errors import LineamentError


def load_known(module: nn.Module, path: Path) -> int:
    """Take those weights of a file whose names and shapes the network has, and return how many.

    The file is of safetensors, or a state dict as torchvision hands them out (.pth, .pt). Of a first convolution for
    three colours the sum over colours is taken: a gray picture is the same in all three.

    Raises
    ------
    LineamentError
        If it cannot be read, or nothing in it fits.
    """
    wanted = {name: value.shape for name, value in module.state_dict().items()}
    fitting = {}
    for name, value in _stored(path).items():
        if value.ndim == 4 and value.shape[1] == 3 and wanted.get(name, ())[1:2] == (1,):
            value = value.sum(dim=1, keepdim=True)
        if value.shape == wanted.get(name):
            fitting[name] = value
    if not fitting:
        raise LineamentError(
            f"Nothing in {path} fits {type(module).__name__}: neither names nor shapes of its weights."
        )
    module.load_state_dict(fitting, strict=False)
    return len(fitting)


def _stored(path):
    try:
        if path.suffix == ".safetensors":
            return safetensors.load_file(path)
        stored = torch.load(path, map_location="cpu", weights_only=True)  # tensors and plain values, and no code
    except OSError as error:
        raise LineamentError(f"Cannot read the weights {path} ({error.strerror or error}).") from error
    except Exception as error:  # both formats raise many types on damaged bytes
        raise LineamentError(f"{path} holds no weights that can be read ({error}).") from error
    if not isinstance(stored, dict):
        raise LineamentError(f"{path} holds no state dict, but {type(stored).__name__}.")
    return {name: value for name, value in stored.items() if isinstance(value, torch.Tensor)}
