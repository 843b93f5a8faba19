"""Prompts as token ids, through the tokeniser that belongs to the weights."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from mmpt_sign.errors import CheckpointError, ConfigError, DataError, NotInstalledError

SHORTEST = 3  # [CLS], one piece of a word, [SEP]
PROBED_WORDS = 50
SHOWN = 60  # characters of a text that is refused
WORD_STARTS = "▁Ġ"  # how vocabularies of sentence pieces and of bytes mark the beginning of a word
MAX_VOCABULARY_BYTES = 64 << 20


class Tokenizer:
    """A BERT-like tokeniser: ``[CLS] pieces [SEP]``, cut to length; padding is the collator's work."""

    all_texts: tuple[str, ...] = ()  # where only certain texts can be encoded, such as the labels of a classifier

    def __init__(self, pretrained: Any, place: str = "tokenizer") -> None:
        self._pretrained = pretrained
        special = {"cls": pretrained.cls_token_id, "sep": pretrained.sep_token_id, "pad": pretrained.pad_token_id}
        missing = ", ".join(name for name, token in special.items() if token is None)
        if missing:
            raise CheckpointError(f"{place}: not the tokeniser of a BERT-like model, it has no {missing} token")
        self.cls_id, self.sep_id, self.pad_id = (int(token) for token in special.values())
        self._check_vocabulary(place)

    @classmethod
    def load(cls, folder: Path | str, special_tokens: Sequence[str] = ()) -> Tokenizer:
        """From a folder with ``tokenizer.json`` (or ``vocab.txt`` and ``config.json``); never from the network.

        ``special_tokens`` such as ``<en>`` and ``<ase>`` become one token each, appended to the vocabulary.
        """
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # loader processes are forked later
        try:
            from transformers import AutoTokenizer
        except ImportError as error:
            raise NotInstalledError("transformers", "train") from error
        if not Path(folder).is_dir():
            raise CheckpointError(f"{folder}: no such folder of a tokeniser")
        _check_sizes(Path(folder))
        try:
            pretrained = AutoTokenizer.from_pretrained(str(folder), local_files_only=True, trust_remote_code=False)
        except Exception as error:  # the tokenizers library raises nothing narrower for a file that it cannot read
            raise CheckpointError(f"{folder}: holds no readable tokeniser ({_why(error)})") from error
        if special_tokens:
            pretrained.add_tokens(list(special_tokens), special_tokens=True)
        return cls(pretrained, str(folder))

    @classmethod
    def from_vocabulary(cls, file: Path, lower_case: bool) -> Tokenizer:
        """From a bare ``vocab.txt`` of word pieces, which does not say itself whether it lower-cases."""
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        from transformers import BertTokenizer

        if file.stat().st_size > MAX_VOCABULARY_BYTES:
            raise CheckpointError(f"{file}: larger than {MAX_VOCABULARY_BYTES >> 20} MiB, not a vocabulary")
        try:
            words = file.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise CheckpointError(f"{file}: cannot be read as a vocabulary ({error})") from error
        missing = [word for word in ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]") if word not in words]
        if missing or len(set(words)) != len(words):
            why = f"it lacks {', '.join(missing)}" if missing else "a word stands in it twice"
            raise CheckpointError(f"{file}: not the vocabulary of a BERT: {why}")
        return cls(BertTokenizer(vocab=str(file), do_lower_case=lower_case), str(file))

    @property
    def vocab_size(self) -> int:
        """Number of token ids, added special tokens included."""
        return len(self._pretrained)

    def encode(self, texts: Sequence[str], max_tokens: int) -> list[list[int]]:
        """Token ids of each text with [CLS] and [SEP], at most ``max_tokens`` in all."""
        if isinstance(texts, str):
            raise TypeError("encode takes a sequence of texts, not one text")
        if max_tokens < SHORTEST:
            raise ConfigError(f"max_tokens must be at least {SHORTEST}, not {max_tokens}")
        if not texts:
            return []
        check_whole(texts)
        return self._encoded(list(texts), max_tokens)

    def _encoded(self, texts: list[str], max_tokens: int) -> list[list[int]]:
        encoded = self._pretrained(texts, truncation=True, max_length=max_tokens, padding=False)
        return [[int(token) for token in ids] for ids in encoded["input_ids"]]

    def decode(self, ids: Sequence[int]) -> str:
        """The text of token ids without special tokens, as far as pieces can be joined again."""
        return str(self._pretrained.decode(list(ids), skip_special_tokens=True))

    def save(self, folder: Path) -> None:
        """Write the files that `load` reads."""
        folder.mkdir(parents=True, exist_ok=True)
        self._pretrained.save_pretrained(str(folder))

    def _check_vocabulary(self, place: str) -> None:
        """Refuse the tokeniser that silently turns every word into [UNK], as a lost vocabulary file makes it do."""
        pieces = (piece.lstrip(WORD_STARTS) for piece in self._pretrained.get_vocab())
        words = list(islice((piece for piece in pieces if piece.isalpha() and piece.isascii()), PROBED_WORDS))
        ids = {token for row in self.encode(words, SHORTEST) for token in row} if words else set()
        if not ids - {self._pretrained.unk_token_id, *self._pretrained.all_special_ids}:
            raise CheckpointError(
                f"{place}: this tokeniser knows no word, every text would become [UNK]; "
                "its vocabulary file is missing or empty"
            )


def check_whole(texts: Sequence[str]) -> None:
    """Refuse halves of characters, which bytes that are no UTF-8 become on a command line."""
    try:
        "".join(texts).encode()
    except UnicodeEncodeError as error:
        broken = next(text for text in texts if any("\ud800" <= letter <= "\udfff" for letter in text))
        raise DataError(f"the text {broken[:SHOWN]!a} holds bytes that are no characters in UTF-8") from error


def _check_sizes(folder: Path) -> None:
    for path in (*folder.glob("*.json"), *folder.glob("*.txt")):
        if path.stat().st_size > MAX_VOCABULARY_BYTES:
            raise CheckpointError(f"{path}: larger than {MAX_VOCABULARY_BYTES >> 20} MiB, not a file of a tokeniser")


def _why(error: Exception) -> str:
    """Without the advice to run the code of a folder, which this program never does."""
    if "custom code" in str(error):
        return "it needs program code that comes with it, which is never run"
    return (str(error).splitlines() or [type(error).__name__])[0]
