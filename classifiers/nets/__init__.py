"""Networks on crops of faces. torch and skorch are an extra, and are imported when a network is asked for."""

from .registry import ARCHITECTURES, CLASSIFIERS, Architecture, check_torch

__all__ = ["ARCHITECTURES", "CLASSIFIERS", "Architecture", "check_torch"]
