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
    assert sorted(file.name for file in folder.iterdir()) == [
        *("embeddings.npz", "metrics.csv", "predictions.csv", "recall.png")
    ]
    rows = read_csv(folder / "metrics.csv")
    assert [row["direction"] for row in rows] == ["text_to_video", "video_to_text"]
    signature = ("dataset", "split", "mode", "candidates", "checkpoint", "ties", "gallery_size", "n_queries")
    assert [rows[0][column] for column in signature] == ["made", "test", "strict", "split", "f00d", "half", "16", "8"]
    assert [row["gallery"] for row in rows] == ["video", "text"]
    assert len(read_csv(folder / "predictions.csv")) == 16 + 8
    assert len(model.asked) == len(set(model.asked)) == 8


def test_the_numbers_are_those_of_the_metric_function(tmp_path: Path) -> None:
    model, given = MadeModel(noise=0.7), records(("test",))
    figures = Retrieval(plots=False, bootstrap=0).run(model, given, tmp_path / "made_test")
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
    Retrieval(plots=False, bootstrap=0, candidates="vocabulary").run(MadeModel(0.5), records(), tmp_path / "made_test")
    rows = read_csv(tmp_path / "made_test" / "metrics.csv")
    assert [(row["candidates"], row["gallery_size"], row["n_queries"]) for row in rows] == [
        ("vocabulary", "16", "8"),
        ("vocabulary", "10", "16"),
    ]


def test_within_one_language_only_its_own_prompts_compete(tmp_path: Path) -> None:
    given, model = records(), MadeModel(noise=0.6)
    figures = Retrieval(plots=False, bootstrap=0, within="sign_language").run(model, given, tmp_path / "made_test")
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
    figures = Retrieval(plots=False, bootstrap=10, mode="legacy").run(MadeModel(), both, tmp_path / "made_test")
    assert "video_to_text/MRR" not in figures
    assert figures["video_to_text/R@1"] == 1.0


@pytest.mark.parametrize("resample", ["query", "answer", "signer"])
def test_intervals_over_queries_answers_or_signers(tmp_path: Path, resample: str) -> None:
    Retrieval(plots=False, bootstrap=100, resample=resample).run(MadeModel(0.6), records(), tmp_path / "made_test")
    for row in read_csv(tmp_path / "made_test" / "metrics.csv"):
        assert float(row["R@1_low"]) <= float(row["R@1"]) <= float(row["R@1_high"])
        assert row["resampled"] == resample


def test_groups_of_takes(tmp_path: Path) -> None:
    Retrieval(plots=False, bootstrap=0, gallery="group", mode="both").run(
        MadeModel(0.6), records(), tmp_path / "made_test"
    )
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


def test_exactly_the_prompts_of_a_list_compete(tmp_path: Path) -> None:
    path = tmp_path / "prompts.txt"
    path.write_text("\n".join(["<en>  <ASE> house", "<en> <ase> sun", "<en> <ase> telescope"]), encoding="utf-8")
    Retrieval(plots=False, bootstrap=0, candidates=path).run(MadeModel(0.5), records(), tmp_path / "made_test")
    rows = read_csv(tmp_path / "made_test" / "metrics.csv")
    assert [(row["gallery_size"], row["n_queries"]) for row in rows] == [("16", "2"), ("3", "4")]
    path.write_text("house\nsun\n")
    with pytest.raises(DataError, match="as the model reads them"):
        Retrieval(candidates=path).run(MadeModel(), records(), tmp_path / "made_test")
    with pytest.raises(ValidationError, match="neither split nor vocabulary"):
        Retrieval(candidates="vocabluary")
    with pytest.raises(ValidationError, match="within"):
        Retrieval(candidates=path, within="sign_language")


def test_several_templates_are_one_mean_prompt(tmp_path: Path) -> None:
    templates = ("<en> <{sign_language}> {text}", "<{sign_language}> {text}", "{text} <{sign_language}> night")
    model, given = MadeModel(noise=0.7), records(("test",))
    options = {"plots": False, "bootstrap": 0, "templates": templates}
    best = Retrieval(**options).run(model, given, tmp_path / "best_test")
    mean = Retrieval(ensemble="mean", **options).run(model, given, tmp_path / "mean_test")
    answers = [record.texts[0] for record in given]
    distinct = list(dict.fromkeys(answers))
    scores = []
    for answer in distinct:
        _, language, word = answer.split()
        vectors = model.embed_texts([answer, f"{language} {word}", f"{word} {language} night"])
        direction = vectors.mean(axis=0)
        length = np.linalg.norm(vectors, axis=1).mean()
        scores.append(model.embed_records(given) @ (direction / np.linalg.norm(direction) * length))
    wanted = retrieval(np.stack(scores, axis=1), answers, distinct)
    assert mean["video_to_text/R@1"] == pytest.approx(wanted["video_to_text"]["R@1"])
    assert mean["text_to_video/MeanR"] == pytest.approx(wanted["text_to_video"]["MeanR"])
    assert mean != best
    (row, _) = read_csv(tmp_path / "mean_test" / "metrics.csv")
    assert "mean of prompts" in row["variant"]
    assert "<{sign_language}> {text}" in row["variant"]


def test_clips_of_seen_and_unseen_meanings(tmp_path: Path) -> None:
    given = [record for record in records() if record.split == "test" or "house" not in record.id]
    counts = {}
    for queries in ("seen", "unseen"):
        folder = tmp_path / f"made_test_{queries}"
        Retrieval(plots=False, bootstrap=0, queries=queries).run(MadeModel(), given, folder)
        counts[queries] = read_csv(folder / "metrics.csv")[1]["n_queries"]
        assert read_csv(folder / "metrics.csv")[1]["variant"] == f"{queries} meanings"
    assert counts == {"seen": "12", "unseen": "4"}
    told = Retrieval(plots=False, bootstrap=0, queries="seen", seen=("sun",))
    told.run(MadeModel(), given, tmp_path / "made_test_told")
    assert read_csv(tmp_path / "made_test_told" / "metrics.csv")[1]["n_queries"] == "4"
    with pytest.raises(DataError, match="no clip of split 'test' has a meaning that training saw"):
        Retrieval(queries="seen", seen=("moon",)).run(MadeModel(), given, tmp_path / "made_test_none")


def test_tables_per_answer_confusions_and_pictures(tmp_path: Path) -> None:
    folder = tmp_path / "made_test"
    task = Retrieval(bootstrap=10, per=("answer", "sign_language"), confusion=True, map="pca", map_by="answer")
    figures = task.run(MadeModel(0.7), records(), folder)
    names = {path.name for path in folder.iterdir()}
    assert names >= {
        *("metrics_by_answer.csv", "metrics_by_answer.png", "metrics_by_sign_language.png"),
        *("confusion.csv", "confusion.png", "map.png", "recall.png"),
    }
    rows = read_csv(folder / "metrics_by_answer.csv")
    per_answer = [float(row["R@1"]) for row in rows if row["direction"] == "video_to_text"]
    assert len(per_answer) == 8
    assert np.mean(per_answer) == pytest.approx(figures["video_to_text/R@1"])
    pairs = read_csv(folder / "confusion.csv")
    right = sum(int(row["count"]) for row in pairs if row["gold"] == row["predicted"])
    assert right / 16 == pytest.approx(figures["video_to_text/R@1"])


def test_a_matrix_beyond_memory_gives_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mmpt_sign.evaluation import scores

    task = Retrieval(plots=False, bootstrap=0)
    wanted = task.run(MadeModel(0.6), records(), tmp_path / "made_test")
    monkeypatch.setattr(scores, "IN_MEMORY", 10)
    monkeypatch.setattr(scores, "CELLS", 20)
    assert task.run(MadeModel(0.6), records(), tmp_path / "made_test") == wanted
