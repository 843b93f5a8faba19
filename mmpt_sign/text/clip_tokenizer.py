"""CLIP's tokeniser: byte pairs between a start and an end token, long sentences thinned instead of cut.

The vocabulary comes from whatever form it lies in: OpenAI's list of merges, ``vocab.json`` with ``merges.txt``, or a
``tokenizer.json``.  A BERT's vocabulary does as well for a tower that is trained from scratch.
"""

from __future__ import annotations

import gzip
import html
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mmpt_sign.errors import CheckpointError, ConfigError, NotInstalledError
from mmpt_sign.text.tokenizer import MAX_VOCABULARY_BYTES, Tokenizer
from mmpt_sign.text.weights import locate, searched_root

START, END = "<|startoftext|>", "<|endoftext|>"
OPENAI = "bpe_simple_vocab_16e6.txt.gz"
MERGES_OF_CLIP = 48_894  # of the 262,144 in OpenAI's list, the first ones
FORMS = f"tokenizer.json, or vocab.json with merges.txt, or OpenAI's {OPENAI}"


class ClipTokenizer(Tokenizer):
    """``[start] pieces [end]``; of a long sentence the start and evenly picked pieces remain."""

    def __init__(self, pretrained: Any, place: str = "tokenizer") -> None:
        self._pretrained = pretrained
        self.of_clip = START in pretrained.get_vocab()
        first, last = (START, END) if self.of_clip else (pretrained.cls_token, pretrained.sep_token)
        if first is None or last is None:
            raise CheckpointError(f"{place}: a tokeniser without start and end tokens")
        self.cls_id, self.sep_id = (int(pretrained.convert_tokens_to_ids(token)) for token in (first, last))
        self.pad_id = self.sep_id if self.of_clip else int(pretrained.pad_token_id)
        if self.of_clip and (self.cls_id, self.sep_id) != (self.vocab_size - 2, self.vocab_size - 1):
            raise CheckpointError(
                f"{place}: not CLIP's vocabulary: start and end must be its last two words (49406 and 49407 of 49408), "
                f"they are {self.cls_id} and {self.sep_id} of {self.vocab_size}"
            )
        self._check_vocabulary(place)

    @classmethod
    def load(cls, folder: Path | str, special_tokens: Sequence[str] = ()) -> ClipTokenizer:
        """From a folder or a file in one of the known forms; never from the network."""
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        place = Path(folder)
        try:
            pretrained = _pretrained(place)
        except ImportError as error:
            raise NotInstalledError("transformers", "train") from error
        if pretrained is None:
            pretrained = Tokenizer.load(place)._pretrained
        if special_tokens:
            raise ConfigError("CLIP's vocabulary takes no special tokens: its two last words are start and end")
        return cls(pretrained, str(place))

    def _encoded(self, texts: list[str], max_tokens: int) -> list[list[int]]:
        given = [_clean(text) for text in texts] if self.of_clip else texts
        encoded = self._pretrained(given, add_special_tokens=False, truncation=False)["input_ids"]
        return [thinned([self.cls_id, *map(int, ids)], self.sep_id, max_tokens) for ids in encoded]


def thinned(ids: list[int], end: int, most: int) -> list[int]:
    """Start and words, evenly picked over the whole sentence if they are too many, then the end token."""
    if len(ids) > most - 1:
        picked = np.linspace(1, len(ids) - 1, most - 2).astype(int)
        ids = [ids[0], *(ids[place] for place in picked)]
    return [*ids, end]


def find_vocabulary(name: str | None, weights: Path | None) -> Path:
    """Where a vocabulary lies: as named, or beside the weights it belongs to."""
    if name is not None:
        given, root = Path(name).expanduser(), searched_root()
        inside = [] if root is None else [root / "weights" / name]
        return next((place for place in (given, *inside) if place.exists()), None) or locate(name)
    if weights is None:
        raise CheckpointError(
            "clip_text without weights needs a vocabulary: name a folder or file of CLIP's tokeniser "
            f"({FORMS}), or 'minilm' for the packaged one of a BERT"
        )
    for folder in (weights.with_suffix(""), weights.parent):
        if (folder / "tokenizer.json").is_file() or (folder / "vocab.json").is_file() or (folder / OPENAI).is_file():
            return folder
    raise CheckpointError(
        f"{weights}: CLIP's tokeniser is not beside it: put {FORMS} into {weights.parent}, or name it with "
        "text.vocabulary"
    )


def _pretrained(place: Path) -> Any:
    """The tokeniser in one of CLIP's forms, None if there is none of them."""
    if place.is_file():
        if place.name.endswith(".gz") or place.suffix == ".txt":
            return _of_merges(place)
        place = place.parent
    if (place / "tokenizer.json").is_file():
        return _of_json(place / "tokenizer.json")
    if (place / "vocab.json").is_file() and (place / "merges.txt").is_file():
        return _of_pair(place)
    return _of_merges(place / OPENAI) if (place / OPENAI).is_file() else None


def _of_json(file: Path) -> Any:
    from transformers import PreTrainedTokenizerFast

    _text(file)
    try:
        found: Any = PreTrainedTokenizerFast(tokenizer_file=str(file), bos_token=START, eos_token=END, pad_token=END)
    except Exception as error:  # the library raises bare Exceptions for files that are none of its own
        raise CheckpointError(f"{file}: not readable as a tokeniser ({str(error).splitlines()[0]})") from error
    from_start = found.backend_tokenizer.token_to_id(START)
    return None if from_start is None or from_start >= found.backend_tokenizer.get_vocab_size(False) else found


def _of_pair(folder: Path) -> Any:
    try:
        words = json.loads(_text(folder / "vocab.json"))
        lines = _text(folder / "merges.txt").splitlines()
    except ValueError as error:
        raise CheckpointError(f"{folder / 'vocab.json'}: not readable as a vocabulary ({error})") from error
    if not isinstance(words, dict) or not all(isinstance(number, int) for number in words.values()):
        raise CheckpointError(f"{folder / 'vocab.json'}: not a vocabulary of words and their numbers")
    return _made(words, [line for line in lines if line and not line.startswith("#version")], folder)


def _of_merges(file: Path) -> Any:
    """OpenAI's list: the words are all bytes, all bytes at the end of a word, the merged pairs, start and end."""
    merges = [line for line in _text(file).splitlines()[1 : MERGES_OF_CLIP + 1] if line]
    letters = _letters()
    words = [*letters, *(letter + "</w>" for letter in letters), *("".join(m.split()) for m in merges), START, END]
    return _made({word: number for number, word in enumerate(words)}, merges, file)


def _made(words: dict[str, int], merges: list[str], place: Path) -> Any:
    from transformers import CLIPTokenizer

    pairs: Any = [tuple(line.split()) for line in merges]
    if any(len(pair) != 2 for pair in pairs) or not {START, END} <= set(words):
        raise CheckpointError(f"{place}: not CLIP's vocabulary: it needs pairs of pieces, {START} and {END}")
    try:
        return CLIPTokenizer(vocab=words, merges=pairs)
    except Exception as error:  # the library raises bare Exceptions for merges that its words do not have
        raise CheckpointError(f"{place}: words and merges do not belong together ({error})") from error


def _letters() -> list[str]:
    """A printable letter for each of the 256 bytes: itself where it is one, else the next ones from 256 on."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    return [chr(byte) for byte in printable] + [chr(256 + n) for n in range(256 - len(printable))]


def _text(file: Path) -> str:
    """A text file, packed or not, of a size that a vocabulary can have."""
    try:
        with gzip.open(file, "rb") if file.name.endswith(".gz") else file.open("rb") as stream:
            data = stream.read(MAX_VOCABULARY_BYTES + 1)
        if len(data) > MAX_VOCABULARY_BYTES:
            raise CheckpointError(f"{file}: larger than {MAX_VOCABULARY_BYTES >> 20} MiB, not a vocabulary")
        return data.decode("utf-8")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise CheckpointError(f"{file}: cannot be read as a vocabulary ({error})") from error


def _clean(text: str) -> str:
    """As CLIP's own code: mended, entities resolved, blanks squeezed."""
    from ftfy import fix_text  # slow to import

    return " ".join(html.unescape(html.unescape(fix_text(text))).split()).lower()
