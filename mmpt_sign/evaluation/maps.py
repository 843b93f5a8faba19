"""Vectors on a sheet of paper: which clips a model puts close to each other."""

from __future__ import annotations

import warnings
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mmpt_sign.errors import NotInstalledError

Method = Literal["auto", "umap", "tsne", "pca"]

MOST = 3000  # points: more than this cannot be told apart on one sheet
PRINCIPAL = 50


def flat(vectors: NDArray[Any], method: Method = "auto", seed: int = 0) -> NDArray[np.float64]:
    """(N, D) -> (N, 2).  ``auto``: UMAP where it is installed, else t-SNE, and principal components of a few points."""
    from sklearn.decomposition import PCA

    wide = np.nan_to_num(np.asarray(vectors, np.float64))
    if len(wide) < 2:
        return np.zeros((len(wide), 2))
    components = PCA(n_components=min(PRINCIPAL, *wide.shape), random_state=seed, svd_solver="full").fit_transform(wide)
    if method == "auto":
        method = "pca" if len(wide) < 10 else "umap" if find_spec("umap") else "tsne"
    if method == "pca" or len(wide) < 4:
        return np.pad(components[:, :2], ((0, 0), (0, max(0, 2 - components.shape[1]))))
    return _umap(components, seed) if method == "umap" else _tsne(components, seed)


def chosen(count: int, seed: int = 0) -> NDArray[np.int64]:
    """Which points to show, in order: all, or a fixed random part of very many."""
    everything = np.arange(count)
    return everything if count <= MOST else np.sort(np.random.default_rng(seed).choice(everything, MOST, replace=False))


def _tsne(components: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    from sklearn.manifold import TSNE

    perplexity = min(30.0, (len(components) - 1) / 3)
    found: NDArray[np.float64] = TSNE(perplexity=perplexity, init="pca", random_state=seed).fit_transform(components)
    return found


def _umap(components: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    try:
        reducer = import_module("umap").UMAP(random_state=seed, n_neighbors=min(15, len(components) - 1))
    except ImportError as error:
        raise NotInstalledError("UMAP", "plot", "pip install umap-learn") from error
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a fixed seed costs it its threads, which it tells every time
        found: NDArray[np.float64] = reducer.fit_transform(components)
    return found


def unit(vectors: NDArray[Any]) -> NDArray[np.float32]:
    """Each row at length one, so that a dot product is a cosine; zeros stay zeros."""
    from sklearn.preprocessing import normalize

    rows: NDArray[np.float32] = normalize(np.asarray(vectors, np.float32))
    return rows
