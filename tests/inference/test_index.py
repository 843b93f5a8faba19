"""Search: exact by definition, approximate only where measured to be as good, files that are believed or refused."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import mmpt_sign
from mmpt_sign.errors import CheckpointError, ConfigError, DataError
from mmpt_sign.inference.approximate import Approximate
from mmpt_sign.inference.collection import records_in
from mmpt_sign.inference.index import Index
from mmpt_sign.inference.model import SignModel
from mmpt_sign.inference.nearest import nearest, nearest_of_many
from mmpt_sign.poses.clip import FloatArray
from mmpt_sign.records import Record, Source

Trained = tuple[Path, Path]
HOUSE = "<en> <ase> house"


@pytest.fixture(scope="module")
def model(trained: Trained) -> SignModel:
    loaded: SignModel = mmpt_sign.load(trained[0], device="cpu")
    return loaded


@pytest.fixture(scope="module")
def records(trained: Trained) -> list[Record]:
    return list(mmpt_sign.build("dataset", name="folder", folder=trained[1], layout="hand_21").records(None))


@pytest.fixture
def index(model: SignModel, records: list[Record]) -> Index:
    return Index.build(model, records)


def signs(count: int, width: int = 32, seed: int = 0) -> FloatArray:
    """Vectors in clusters, as those of signs are."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(max(count // 20, 2), width))
    vectors = centres[rng.integers(len(centres), size=count)] + 0.3 * rng.normal(size=(count, width))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


@pytest.mark.parametrize("k", [1, 3, 10, 500, 1000])
def test_exact_search_is_sorting_all_scores(k: int) -> None:
    vectors = signs(500)
    query = vectors[3] + 0.1
    order = np.argsort(-(vectors @ query), kind="stable")[:k]
    rows, scores = nearest(vectors, query, k)
    assert rows.tolist() == order.tolist()
    np.testing.assert_allclose(scores, (vectors @ query)[order], atol=1e-5)


def test_equal_scores_come_in_the_order_of_the_rows() -> None:
    vectors = np.ones((50, 4), np.float32)
    rows, _ = nearest(vectors, vectors[0], 7)
    assert rows.tolist() == list(range(7))


def test_many_queries_are_the_queries_one_by_one() -> None:
    vectors, queries = signs(9000), signs(20, seed=1)
    expected = np.stack([nearest(vectors, query, 5)[1] for query in queries])
    np.testing.assert_allclose(nearest_of_many(vectors, queries, 5), expected, atol=1e-5)
    np.testing.assert_allclose(nearest_of_many(vectors, queries[:3], 5), expected[:3], atol=1e-5)


@pytest.mark.parametrize("kind", ["hnsw", "ivf"])
def test_approximate_kinds_reach_their_recall_and_survive_the_disk(kind: str) -> None:
    pytest.importorskip("faiss")
    vectors, texts = signs(4000), signs(200, seed=0) + 0.05
    made = Approximate.build(kind, vectors, [texts, vectors[:200]])
    assert made.recall >= 0.99
    again = Approximate.restored(*made.stored(), vectors.shape)
    found = [again.search(query, 10)[0].tolist() for query in texts]
    assert found == [made.search(query, 10)[0].tolist() for query in texts]
    exact = [set(nearest(vectors, query, 10)[0].tolist()) for query in texts]
    shared = np.mean([len(a & set(b)) / 10 for a, b in zip(exact, found, strict=True)])
    assert shared >= 0.98
    with pytest.raises(CheckpointError, match="vectors of"):
        Approximate.restored(*made.stored(), (3, 32))


def test_approximate_search_is_refused_where_it_finds_too_little(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("faiss")
    monkeypatch.setattr("mmpt_sign.inference.approximate.EFFORTS", (1,))
    noise = np.random.default_rng(0).normal(size=(3000, 256)).astype(np.float32)
    with pytest.raises(ConfigError, match="stay with exact"):
        Approximate.build("ivf", noise, [noise[:100] + 1])
    with pytest.raises(ConfigError, match="too few"):
        Approximate.build("hnsw", noise[:100], [noise[:10]])


def test_an_approximate_index_says_so_and_filters_exactly(
    model: SignModel, index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("faiss")
    monkeypatch.setattr("mmpt_sign.inference.approximate.UNFELT", 1e6)  # on so few clips it need not be quicker
    many = Index(model, signs(2000), [index.entries[n % len(index)] | {"id": str(n)} for n in range(2000)])
    many.use("hnsw")
    assert many.kind == "hnsw"
    again = Index.load(many.save(tmp_path / "many"), model)
    assert again.kind == "hnsw"
    assert again.search(text=HOUSE, k=10) == many.search(text=HOUSE, k=10)
    filtered = again.search(text=HOUSE, k=2000, signer="signer1")
    assert {hit.signer for hit in filtered} == {"signer1"}
    assert len(filtered) == sum(entry["signer"] == "signer1" for entry in many.entries)
    again.remove({"0"})
    assert again.kind == "exact"
    again.use("auto")
    assert again.kind == "exact"  # small collections are searched exactly


def test_filters_by_language_and_signer(index: Index) -> None:
    hits = index.search(text=HOUSE, k=100, signer="signer2", sign_language="ase")
    assert hits
    assert {hit.signer for hit in hits} == {"signer2"}
    assert index.search(text=HOUSE, sign_language="gsg") == []


def test_clips_are_added_replaced_and_removed(model: SignModel, records: list[Record]) -> None:
    index = Index.build(model, records[:10])
    assert index.add(records[5:15]) == 10
    assert len(index) == 15
    whole = Index.build(model, records[:15])
    assert {entry["id"] for entry in index.entries} == {entry["id"] for entry in whole.entries}
    for record in (records[0], records[7], records[14]):
        assert index.search(pose=record.source.path, k=1)[0].id == whole.search(pose=record.source.path, k=1)[0].id
    assert index.remove({records[0].id, "nobody"}) == 1
    assert records[0].id not in {hit.id for hit in index.search(text=HOUSE, k=100)}


def test_bad_clips_are_left_out_and_listed_but_not_too_many(
    model: SignModel, records: list[Record], tmp_path: Path
) -> None:
    (tmp_path / "bad.npy").write_bytes(b"no array")
    bad = replace(records[0], id="bad", source=Source(tmp_path / "bad.npy"))
    index = Index.build(model, [*records[:20], bad])
    assert len(index) == 20
    assert [name for name, _ in index.skipped] == ["bad"]
    with pytest.raises(DataError, match="2 of 3"):
        Index.build(model, [records[0], bad, bad])


@pytest.mark.parametrize("damage", ["truncate", "compress", "count", "fields", "nan", "format"])
def test_damaged_index_files_are_refused(model: SignModel, index: Index, tmp_path: Path, damage: str) -> None:
    path = index.save(tmp_path / "signs")
    if damage == "truncate":
        path.write_bytes(path.read_bytes()[:-200])
    else:
        vectors, entries, version = index.vectors.copy(), list(index.entries), 1
        if damage == "count":
            entries = entries[1:]
        if damage == "fields":
            entries[0] = {"id": "x"}
        if damage == "nan":
            vectors[0, 0] = np.nan
        if damage == "format":
            version = 99
        meta = json.dumps({"format": version, "model": model.notes["fingerprint"], "entries": entries}).encode()
        write = np.savez_compressed if damage == "compress" else np.savez
        write(path, vectors=vectors, meta=np.frombuffer(meta, np.uint8))
    with pytest.raises(CheckpointError):
        Index.load(path, model)


def test_a_saved_index_is_plain_arrays(index: Index, tmp_path: Path) -> None:
    with zipfile.ZipFile(index.save(tmp_path / "signs")) as archive:
        assert {member.filename for member in archive.infolist()} == {"vectors.npy", "meta.npy"}
    assert [path.name for path in tmp_path.iterdir()] == ["signs.npz"]


def test_a_run_knows_its_own_clips(trained: Trained) -> None:
    folder, corpus = trained
    assert len(records_in(folder)) == len(list(corpus.glob("*.npy")))
    assert {record.split for record in records_in(folder, "test")} == {"test"}
    with pytest.raises(DataError, match="splits there: test, train, valid"):
        records_in(folder, "tset")


@pytest.mark.parametrize("config", [b"a: [", b"a: \xff", b"a: !!int x", b"- a"])
def test_a_broken_run_is_named(tmp_path: Path, config: bytes) -> None:
    (tmp_path / "config.yaml").write_bytes(config)
    with pytest.raises(ConfigError, match=r"config\.yaml"):
        records_in(tmp_path)


def test_a_table_without_rows_says_so(tmp_path: Path) -> None:
    (tmp_path / "index.csv").write_text("id,path,text,split\n")
    with pytest.raises(DataError, match="has no rows"):
        records_in(tmp_path)
