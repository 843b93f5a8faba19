"""Dictionary look-up by a clip, against scikit-learn and torchmetrics."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from sklearn.metrics import ndcg_score, top_k_accuracy_score
from sklearn.metrics.pairwise import cosine_similarity
from torchmetrics.functional.retrieval import retrieval_reciprocal_rank

from mmpt_sign.errors import DataError
from mmpt_sign.evaluation.tasks.dictionary import Dictionary
from mmpt_sign.files import read_csv
from tests.evaluation.made import MadeModel, records


def test_figures_of_other_libraries(tmp_path: Path) -> None:
    given, model = records(takes=3), MadeModel(noise=0.7)
    Dictionary(bootstrap=50).run(model, given, tmp_path)
    rows = {row["entries"]: row for row in read_csv(tmp_path / "dictionary.csv")}
    train, test = ([r for r in given if r.split == split] for split in ("train", "test"))
    names = sorted({r.answer for r in train})
    a, b = model.embed_records(test), model.embed_records(train)
    cosines = cosine_similarity(a, b)
    unit = b / np.linalg.norm(b, axis=1, keepdims=True)
    columns = {name: [i for i, r in enumerate(train) if r.answer == name] for name in names}
    scores = {
        "clips": np.stack([cosines[:, columns[name]].max(axis=1) for name in names], axis=1),
        "means": np.stack([a @ unit[columns[name]].mean(axis=0) for name in names], axis=1),
        "texts": a @ model.embed_texts(names).T,
    }
    right = [names.index(r.answer) for r in test]
    truth = np.eye(len(names))[right]
    for kind, matrix in scores.items():
        row = rows[kind]
        assert float(row["DCG"]) == pytest.approx(ndcg_score(truth, matrix), rel=1e-4)
        for k in (1, 5):
            assert float(row[f"top{k}"]) == pytest.approx(
                top_k_accuracy_score(right, matrix, k=k, labels=range(len(names))), rel=1e-4
            )
        reciprocal = [
            float(retrieval_reciprocal_rank(torch.tensor(m + 10), torch.tensor(t == 1)))
            for m, t in zip(matrix, truth, strict=True)
        ]
        assert float(row["MRR"]) == pytest.approx(np.mean(reciprocal), rel=1e-4)
        assert float(row["DCG_low"]) <= float(row["DCG"]) <= float(row["DCG_high"])
        assert (row["n_queries"], row["n_absent"], row["n_entries"]) == ("24", "0", "10")


def test_the_list_that_a_user_sees(tmp_path: Path) -> None:
    Dictionary(bootstrap=0, entries=("clips",), resample="signer").run(MadeModel(0.3), records(takes=3), tmp_path)
    assert {p.name for p in tmp_path.iterdir()} == {
        *("dictionary.csv", "dictionary_predictions.csv", "dictionary.png", "figures.csv")
    }
    for row in read_csv(tmp_path / "dictionary_predictions.csv"):
        shown = [row[f"top{k}"] for k in range(1, 11)]
        assert len(set(shown)) == 10
        assert shown.index(row["gold"]) + 1 == float(row["rank"])


def test_signs_that_the_dictionary_lacks_are_counted(tmp_path: Path) -> None:
    given = [r for r in records() if r.split == "test" or "house" not in r.id]
    Dictionary(bootstrap=0, plots=False).run(MadeModel(), given, tmp_path)
    (row, *_) = read_csv(tmp_path / "dictionary.csv")
    assert (row["n_queries"], row["n_absent"], row["n_entries"]) == ("12", "4", "8")


def test_mistakes_are_told(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="find itself"):
        Dictionary(entries_of="test")
    with pytest.raises(DataError, match="none of the 16 clips"):
        Dictionary(entries_of="dev").run(MadeModel(), records(), tmp_path)
    with pytest.raises(DataError, match="no attribute 'dialect'"):
        Dictionary(resample="dialect").run(MadeModel(), records(), tmp_path)
