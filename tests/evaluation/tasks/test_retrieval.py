"""The retrieval task on a made model: files, galleries, attributes, headline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from mmpt_sign.errors import DataError
from mmpt_sign.evaluation import retrieval
from mmpt_sign.evaluation.tasks.retrieval import Retrieval
from mmpt_sign.files import read_csv
from mmpt_sign.registry import find, names
from tests.evaluation.made import MadeModel, records


def test_the_registry_knows_it() -> None:
    assert "retrieval" in names("evaluation")
    assert find("evaluation", "retrieval") is Retrieval
    assert Retrieval.model_validate("retrieval") == Retrieval()
    with pytest.raises(ValidationError):
        Retrieval(mode="lenient")


def test_a_perfect_model(tmp_path: Path) -> None:
    model, folder = MadeModel(), tmp_path / "made_test"
    figures = Retrieval(bootstrap=50).run(model, records(), folder)
    assert figures["video_to_text/R@1"] == figures["text_to_video/R@1"] == figures["geometric_mean"] == 1.0
    assert sorted(file.name for file in folder.iterdir()) == ["embeddings.npz", "metrics.csv", "predictions.csv"]
    rows = read_csv(folder / "metrics.csv")
    assert [row["direction"] for row in rows] == ["text_to_video", "video_to_text"]
    signature = ("dataset", "split", "mode", "candidates", "checkpoint", "ties", "gallery_size", "n_queries")
    assert [rows[0][column] for column in signature] == ["made", "test", "strict", "split", "f00d", "half", "16", "8"]
    assert [row["gallery"] for row in rows] == ["video", "text"]
    assert len(read_csv(folder / "predictions.csv")) == 16 + 8
    assert len(model.asked) == len(set(model.asked)) == 8


def test_the_numbers_are_those_of_the_metric_function(tmp_path: Path) -> None:
    model, given = MadeModel(noise=0.7), records(("test",))
    figures = Retrieval(bootstrap=0).run(model, given, tmp_path / "made_test")
    prompts = list(dict.fromkeys(record.texts[0] for record in given))
    scores = model.score(model.embed_records(given), model.embed_texts(prompts))
    wanted = retrieval(scores, [record.answer for record in given], prompts)
    assert 0 < wanted["video_to_text"]["R@1"] < 1
    for direction, metrics in wanted.items():
        for name, value in metrics.items():
            assert figures[f"{direction}/{name}"] == value
    with np.load(tmp_path / "made_test" / "embeddings.npz") as saved:
        np.testing.assert_allclose(saved["video"] @ saved["text"].T, scores, rtol=1e-6)


def test_the_whole_vocabulary_is_harder(tmp_path: Path) -> None:
    Retrieval(bootstrap=0, candidates="vocabulary").run(MadeModel(0.5), records(), tmp_path / "made_test")
    rows = read_csv(tmp_path / "made_test" / "metrics.csv")
    assert [(row["candidates"], row["gallery_size"], row["n_queries"]) for row in rows] == [
        ("vocabulary", "16", "8"),
        ("vocabulary", "10", "16"),
    ]


def test_within_one_language_only_its_own_prompts_compete(tmp_path: Path) -> None:
    given, model = records(), MadeModel(noise=0.6)
    figures = Retrieval(bootstrap=0, within="sign_language").run(model, given, tmp_path / "made_test")
    rows = read_csv(tmp_path / "made_test" / "metrics.csv")
    assert [(row["gallery_size"], row["n_queries"], row["within"]) for row in rows] == [
        ("8", "8", "sign_language"),
        ("4", "16", "sign_language"),
    ]
    tests = [record for record in given if record.split == "test"]
    video = model.embed_records(tests)
    hits = []
    for language in ("ase", "gsg"):
        chosen = [i for i, record in enumerate(tests) if record.sign_language == language]
        prompts = list(dict.fromkeys(tests[i].texts[0] for i in chosen))
        scores = model.score(video[chosen], model.embed_texts(prompts))
        hits.append(retrieval(scores, [tests[i].answer for i in chosen], prompts)["video_to_text"]["R@1"])
    assert figures["video_to_text/R@1"] == pytest.approx(np.mean(hits))
    predicted = read_csv(tmp_path / "made_test" / "predictions.csv")
    for row in predicted:
        language = row["gold"].split()[1]
        assert all(language in row[f"top{k}_text"] for k in range(1, 5))


def test_a_table_per_attribute(tmp_path: Path) -> None:
    task = Retrieval(bootstrap=20, per=("sign_language", "signer", "hand"), mode="both")
    task.run(MadeModel(noise=0.6), records(), tmp_path / "made_test")
    by_language = read_csv(tmp_path / "made_test" / "metrics_by_sign_language.csv")
    assert len(by_language) == 2 * 2 * 2
    whole = read_csv(tmp_path / "made_test" / "metrics.csv")
    assert [row["mode"] for row in whole] == ["strict", "strict", "legacy", "legacy"]
    for mode in ("strict", "legacy"):
        parts = [row for row in by_language if (row["mode"], row["direction"]) == (mode, "video_to_text")]
        assert [row["sign_language"] for row in parts] == ["ase", "gsg"]
        assert {row["n_queries"] for row in parts} == {"8"}
        one = next(row for row in whole if (row["mode"], row["direction"]) == (mode, "video_to_text"))
        assert np.mean([float(row["R@1"]) for row in parts]) == pytest.approx(float(one["R@1"]))
    signers = read_csv(tmp_path / "made_test" / "metrics_by_signer.csv")
    assert {row["direction"] for row in signers} == {"video_to_text"}  # a text is signed by both


def test_legacy_alone_with_two_prompts_per_answer(tmp_path: Path) -> None:
    from dataclasses import replace

    both = [replace(r, texts=(*r.texts, r.texts[0].replace("house", "home"))) for r in records(("test",))]
    figures = Retrieval(bootstrap=10, mode="legacy").run(MadeModel(), both, tmp_path / "made_test")
    assert "video_to_text/MRR" not in figures
    assert figures["video_to_text/R@1"] == 1.0


@pytest.mark.parametrize("resample", ["query", "answer", "signer"])
def test_intervals_over_queries_answers_or_signers(tmp_path: Path, resample: str) -> None:
    Retrieval(bootstrap=100, resample=resample).run(MadeModel(0.6), records(), tmp_path / "made_test")
    for row in read_csv(tmp_path / "made_test" / "metrics.csv"):
        assert float(row["R@1_low"]) <= float(row["R@1"]) <= float(row["R@1_high"])
        assert row["resampled"] == resample


def test_groups_of_takes(tmp_path: Path) -> None:
    Retrieval(bootstrap=0, gallery="group", mode="both").run(MadeModel(0.6), records(), tmp_path / "made_test")
    rows = read_csv(tmp_path / "made_test" / "metrics.csv")
    assert [(row["mode"], row["gallery"], row["gallery_size"]) for row in rows] == [
        ("strict", "group", "8"),
        ("strict", "text", "8"),
        ("legacy", "video", "16"),
        ("legacy", "text", "8"),
    ]


def test_an_absent_split_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no record in split 'valid'"):
        Retrieval(split="valid").run(MadeModel(), records(), tmp_path / "made_valid")
    assert not (tmp_path / "made_valid").exists()


@pytest.mark.parametrize("option", [{"per": ("dialect",)}, {"resample": "dialect"}, {"within": "dialect"}])
def test_an_unknown_attribute_is_told_before_anything_is_embedded(tmp_path: Path, option: dict[str, Any]) -> None:
    model = MadeModel()
    with pytest.raises(DataError, match="no attribute 'dialect'"):
        Retrieval(**option).run(model, records(), tmp_path / "made_test")
    assert model.asked == []
