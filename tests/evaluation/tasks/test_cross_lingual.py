"""The same meaning in other languages, and iconicity, against loops."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import top_k_accuracy_score
from sklearn.metrics.pairwise import cosine_similarity

from mmpt_sign.errors import DataError
from mmpt_sign.evaluation.iconicity import spreads
from mmpt_sign.evaluation.tasks.cross_lingual import CrossLingual
from mmpt_sign.files import read_csv
from mmpt_sign.records import Record
from tests.evaluation.made import MadeModel, records


def three_languages() -> list[Record]:
    two = records(("test",), takes=1)
    third = [
        replace(r, id=f"x{r.id}", sign_language="bfi", texts=(r.texts[0].replace("ase", "bfi"),))
        for r in two
        if r.sign_language == "ase"
    ]
    return two + third


def test_pairs_of_languages(tmp_path: Path) -> None:
    given, model = three_languages(), MadeModel(noise=0.5)
    figures = CrossLingual().run(model, given, tmp_path)
    whole, *rows = read_csv(tmp_path / "cross_lingual.csv")
    assert [(row["of"], row["to"]) for row in rows] == list(itertools.permutations(("ase", "bfi", "gsg"), 2))
    assert (whole["n_queries"], whole["gallery_size"], whole["chance_R@1"]) == ("24", "4", "0.25")
    video = model.embed_records(given)
    words = [record.id.split("-")[-2] for record in given]
    for row in rows:
        of, to = ([i for i, r in enumerate(given) if r.sign_language == row[side]] for side in ("of", "to"))
        scores = cosine_similarity(video[of], video[to])
        gallery = [words[i] for i in to]
        right = [gallery.index(words[i]) for i in of]
        assert float(row["R@1"]) == pytest.approx(top_k_accuracy_score(right, scores, k=1, labels=range(4)))
        same = np.array([[a == b for b in gallery] for a in (words[i] for i in of)])
        assert float(row["same_meaning"]) == pytest.approx(scores[same].mean(), rel=1e-4)
        assert float(row["other_meaning"]) == pytest.approx(scores[~same].mean(), rel=1e-4, abs=1e-5)
    assert figures["R@1"] == pytest.approx(np.mean([float(row["R@1"]) for row in rows]), rel=1e-4)
    assert {p.suffix for p in tmp_path.iterdir()} == {".csv", ".png"}


def test_iconicity_is_the_sum_of_standard_deviations() -> None:
    vectors = np.random.default_rng(0).normal(size=(7, 5))
    meanings, languages = ["a", "a", "a", "a", "b", "b", "c"], ["x", "x", "y", "z", "x", "y", "x"]
    rows = {row["meaning"]: row for row in spreads(vectors, meanings, languages, 2)}
    assert set(rows) == {"a", "b"}
    by_language = np.stack([(vectors[0] + vectors[1]) / 2, vectors[2], vectors[3]])
    assert rows["a"]["spread"] == pytest.approx(sum(np.std(by_language[:, d]) for d in range(5)))
    cosines = cosine_similarity(by_language)
    assert rows["a"]["mean_cosine"] == pytest.approx((cosines.sum() - 3) / 6)
    assert (rows["a"]["n_languages"], rows["a"]["n_clips"]) == (3, 4)
    assert [row["meaning"] for row in spreads(vectors, meanings, languages, 3)] == ["a"]
    assert [row["meaning"] for row in spreads(vectors, meanings, languages, 2, exactly=2)] == ["b"]


def test_the_most_alike_meaning_comes_first(tmp_path: Path) -> None:
    class Model(MadeModel):
        def embed_records(self, given: object) -> np.ndarray:  # type: ignore[type-arg]
            vectors = super().embed_records(given)  # type: ignore[arg-type]
            vectors[["water" in r.id for r in given], -2:] = 0  # type: ignore[attr-defined]
            return vectors

    CrossLingual(plots=False).run(Model(), records(("test",)), tmp_path)
    assert read_csv(tmp_path / "iconicity.csv")[0]["meaning"] == "water"


def test_questions_that_cannot_be_asked(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="fewer than two values"):
        CrossLingual().run(MadeModel(), [r for r in records() if r.sign_language == "ase"], tmp_path)
    apart = [r for r in records(("test",)) if ("house" in r.id) == (r.sign_language == "ase")]
    with pytest.raises(DataError, match="share a meaning"):
        CrossLingual().run(MadeModel(), apart, tmp_path)
