"""Labelled pictures: readers of datasets, the embedded sample, duplicates."""

from data.dataset import Dataset, Skipped, image_digests
from data.duplicates import Duplicates, find_duplicates, fold_groups
from data.errors import LineamentError, check_choice
from data.sources import DATASETS, data_home, load_dataset

__all__ = [
    "DATASETS",
    "Dataset",
    "Duplicates",
    "LineamentError",
    "Skipped",
    "check_choice",
    "data_home",
    "find_duplicates",
    "fold_groups",
    "image_digests",
    "load_dataset",
]
