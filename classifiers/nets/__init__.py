"""Networks on crops of faces. torch is an extra, and is imported when a network is asked for."""

from .registry import ARCHITECTURES, CLASSIFIERS, Architecture, check_settings, check_torch, side_of

__all__ = ["ARCHITECTURES", "CLASSIFIERS", "Architecture", "check_settings", "check_torch", "side_of"]
