"""An index of a model that compares tokens: vectors find candidates, tokens put them in order, a file keeps both."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from mmpt_sign.errors import CheckpointError
from mmpt_sign.inference.index import Index
from mmpt_sign.inference.model import SignModel
from mmpt_sign.records import Record, Source
from tests.inference.made import token_model

TEXT = "<en> <ase> the sun over the water"


@pytest.fixture(scope="module")
def model() -> SignModel:
    return token_model()


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> list[Record]:
    folder, rng = tmp_path_factory.mktemp("clips"), np.random.default_rng(2)
    found = []
    for k in range(30):
        path = folder / f"{k}.npy"
        np.save(path, rng.normal(size=(int(rng.integers(3, 30)), 21, 3)).astype(np.float32))
        text = "<en> <ase> house" if k % 2 else "<en> <ase> tree"
        found.append(Record(f"clip{k}", "test", (text,), Source(path, layout="hand_21"), sign_language="ase"))
    return found


@pytest.fixture(scope="module")
def index(model: SignModel, records: list[Record]) -> Index:
    return Index.build(model, records)


def expected(model: SignModel, records: list[Record]) -> list[str]:
    scores = model.score(model.encode_records(records), model.encode_texts([TEXT]))[:, 0]
    return [records[i].id for i in np.argsort(-scores)]


def test_all_candidates_come_in_the_order_of_the_tokens(model: SignModel, records: list[Record], index: Index) -> None:
    hits = index.search(text=TEXT, k=30)
    assert [hit.id for hit in hits] == expected(model, records)
    assert hits[0].score == pytest.approx(
        float(model.score(model.encode_records(records), model.encode_texts([TEXT])).max()), abs=2e-3
    )
    fast = index.search(text=TEXT, k=30, rerank=0)
    assert [hit.id for hit in fast] != [hit.id for hit in hits]
    few = index.search(text=TEXT, k=3, rerank=5)
    assert {hit.id for hit in few} <= {hit.id for hit in fast[:5]}
    order = [hit.id for hit in hits if hit.id in {hit.id for hit in fast[:5]}]
    assert [hit.id for hit in few] == order[:3]


def test_poses_are_compared_by_vectors_and_filters_hold(index: Index, records: list[Record]) -> None:
    hits = index.search(pose=np.load(records[4].source.path), k=1)
    assert hits[0].id == "clip4"
    assert hits[0].score == pytest.approx(1.0, abs=1e-4)
    assert index.search(text=TEXT, sign_language="gsg") == []


def test_it_is_kept_in_files_and_changed(model: SignModel, records: list[Record], index: Index, tmp_path: Path) -> None:
    index.save(tmp_path / "clips.npz")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["clips.npz", "clips.tokens"]
    dotted = index.save(tmp_path / "v1.2" / "clips_v1.2")
    assert sorted(p.name for p in dotted.parent.iterdir()) == ["clips_v1.2.npz", "clips_v1.2.tokens"]
    opened = Index.load(dotted.with_suffix(""), model)
    assert [hit.id for hit in opened.search(text=TEXT, k=7)] == [hit.id for hit in index.search(text=TEXT, k=7)]
    opened.remove({expected(model, records)[0]})
    assert opened.search(text=TEXT, k=1)[0].id == expected(model, records)[1]
    opened.add(records)
    assert [hit.id for hit in opened.search(text=TEXT, k=30)] == expected(model, records)


def test_tokens_of_another_index_are_refused(
    model: SignModel, records: list[Record], index: Index, tmp_path: Path
) -> None:
    path = index.save(tmp_path / "one.npz")
    other = Index.build(model, records[:5]).save(tmp_path / "other.npz")
    shutil.copy(tmp_path / "other.tokens", tmp_path / "one.tokens")
    with pytest.raises(CheckpointError, match="belongs to another index"):
        Index.load(path, model)
    content = (tmp_path / "other.tokens").read_bytes()
    (tmp_path / "other.tokens").write_bytes(content[: len(content) // 2])
    with pytest.raises(CheckpointError, match="not readable"):
        Index.load(other, model)
    (tmp_path / "other.tokens").unlink()
    with pytest.raises(CheckpointError, match="needs this file beside it"):
        Index.load(other, model)
