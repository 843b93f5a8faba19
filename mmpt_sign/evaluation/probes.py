"""Recognition from a few labelled clips, on frozen vectors: mean of examples, nearest neighbours, a linear classifier.

What: scores (clips, classes), higher is better, of clips whose class is known to the examples.
Needs: vectors of examples with one class each.  All arithmetic beyond a mean is scikit-learn's.
Reference: Jiang et al. 2024, SignCLIP, few-shot tables: class score = mean dot product with its examples; k-NN with
n = sqrt(examples) neighbours on standardised vectors; logistic regression of 100 iterations on raw vectors.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mmpt_sign.errors import DataError
from mmpt_sign.evaluation.answers import IntArray

Vectors = NDArray[np.floating[Any]]
Scores = NDArray[np.floating[Any]]
Method = Literal["prototypes", "knn", "linear"]

TIE_BREAK = 1e-6  # smaller than any difference of shares
FEW_EXAMPLES = "The number of unique classes"  # a warning for those who took regression for classification


def sampled(classes: IntArray, shots: int | None, seed: int) -> IntArray:
    """Positions of at most ``shots`` random examples of each class; with one seed fewer are a part of more."""
    shuffled = np.random.default_rng(seed).permutation(len(classes))
    if shots is None:
        return np.sort(shuffled)
    order = shuffled[np.argsort(classes[shuffled], kind="stable")]
    _, starts, counts = np.unique(classes[order], return_index=True, return_counts=True)
    place = np.arange(len(order)) - np.repeat(starts, counts)
    positions: IntArray = np.sort(order[place < shots])
    return positions


def prototypes(examples: Vectors, classes: IntArray, clips: Vectors) -> Scores:
    """Mean dot product with the examples of each class, which is the dot product with their mean."""
    sums = np.zeros((int(classes.max()) + 1, examples.shape[1]))
    np.add.at(sums, classes, examples)
    scores: Scores = clips @ (sums / np.bincount(classes)[:, None]).T
    return scores


def knn(examples: Vectors, classes: IntArray, clips: Vectors) -> Scores:
    """Share of each class among the nearest sqrt(N) examples; of equal shares the nearer class is first."""
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    count = max(1, round(np.sqrt(len(examples))))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=FEW_EXAMPLES)
        fitted = make_pipeline(StandardScaler(), KNeighborsClassifier(count)).fit(examples, classes)
        shares = np.asarray(fitted.predict_proba(clips))
    distances, neighbours = fitted[-1].kneighbors(fitted[:-1].transform(clips))
    nearness = np.zeros_like(shares)
    np.maximum.at(nearness, (np.arange(len(shares))[:, None], classes[neighbours]), 1 / (1 + distances))
    scores: Scores = shares + TIE_BREAK * nearness
    return scores


def linear(examples: Vectors, classes: IntArray, clips: Vectors) -> Scores:
    """Log-probability of each class by logistic regression."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    if len(np.unique(classes)) < 2:
        raise DataError("a linear probe needs examples of two classes at least")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=FEW_EXAMPLES)
        warnings.simplefilter("ignore", ConvergenceWarning)  # a hundred iterations are the published protocol
        return np.asarray(LogisticRegression(max_iter=100).fit(examples, classes).predict_log_proba(clips))


PROBES: dict[Method, Callable[[Vectors, IntArray, Vectors], Scores]] = {
    "prototypes": prototypes,
    "knn": knn,
    "linear": linear,
}
