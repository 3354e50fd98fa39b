"""Rare classes filled up with rows between theirs. Imported where resampling is asked for: imblearn takes its time."""

import numpy as np
from imblearn.over_sampling import SMOTE, RandomOverSampler


class CappedSMOTE(SMOTE):
    """SMOTE that asks no class for more neighbours than it has; a lone row is repeated."""

    def _fit_resample(self, X, y):
        smallest = np.unique(y, return_counts=True)[1].min()
        if smallest == 1:
            return RandomOverSampler(random_state=self.random_state).fit_resample(X, y)
        asked = self.k_neighbors
        self.k_neighbors = min(asked, smallest - 1)
        try:
            return super()._fit_resample(X, y)
        finally:
            self.k_neighbors = asked
