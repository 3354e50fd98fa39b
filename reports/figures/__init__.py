"""Tidy tables to figures. Matplotlib is imported in `canvas` alone."""

from .answers import CalibrationDisplay, ConfusionDisplay, RatesDisplay
from .canvas import DARK, LIGHT, THEMES, Theme, clearer, png, pngs
from .doubt import RiskCoverageDisplay
from .faces import ClusterFacesDisplay, FeatureFacesDisplay, TilesDisplay
from .general import BarsDisplay, CurvesDisplay, EffectsDisplay, HistogramDisplay, NoteDisplay
from .scores import CostDisplay, GapsDisplay, GrowthDisplay, IntervalsDisplay, RanksDisplay, ScoresDisplay

__all__ = [
    "DARK",
    "LIGHT",
    "THEMES",
    "BarsDisplay",
    "CalibrationDisplay",
    "ClusterFacesDisplay",
    "ConfusionDisplay",
    "CostDisplay",
    "CurvesDisplay",
    "EffectsDisplay",
    "FeatureFacesDisplay",
    "GapsDisplay",
    "GrowthDisplay",
    "HistogramDisplay",
    "IntervalsDisplay",
    "NoteDisplay",
    "RanksDisplay",
    "RatesDisplay",
    "RiskCoverageDisplay",
    "ScoresDisplay",
    "Theme",
    "TilesDisplay",
    "clearer",
    "png",
    "pngs",
]
