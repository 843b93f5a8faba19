"""Any BERT-like encoder from a local folder as the text tower."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from mmpt_sign.config.load import experiment_from_values
from mmpt_sign.errors import CheckpointError
from mmpt_sign.models.checkpoint import load_model, save_model
from mmpt_sign.models.dual_encoder import DualEncoder
from mmpt_sign.models.texts.transformer import Transformer
from mmpt_sign.poses.layouts import layout
from tests.corpus import tiny_experiment

WORDS = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", "▁house", "▁sun", "▁Haus", "▁"]


def xlm_r(folder: Path) -> Path:
    """A tiny XLM-R in transformers' own form, with a word-level vocabulary."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast, XLMRobertaConfig, XLMRobertaModel

    torch.manual_seed(0)
    config = XLMRobertaConfig(vocab_size=len(WORDS), hidden_size=16, num_hidden_layers=3, num_attention_heads=2,
                              intermediate_size=32, max_position_embeddings=40)  # fmt: skip
    XLMRobertaModel(config).save_pretrained(folder)
    words = Tokenizer(models.WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="<unk>"))
    words.pre_tokenizer = pre_tokenizers.Metaspace()
    words.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    PreTrainedTokenizerFast(
        tokenizer_object=words, bos_token="<s>", cls_token="<s>", sep_token="</s>", eos_token="</s>",
        pad_token="<pad>", unk_token="<unk>", mask_token="<mask>",
    ).save_pretrained(folder)  # fmt: skip
    return folder


def tower(folder: Path, **options: Any) -> Any:
    part = Transformer(weights=str(folder), **options)
    return part, part.build().eval()


def test_a_prompt_is_embedded_alike_alone_and_in_a_batch(tmp_path: Path) -> None:
    part, net = tower(xlm_r(tmp_path))
    rows = part.tokenizer().encode(["house", "house sun Haus sun"], 20)
    ids = torch.full((2, 6), part.tokenizer().pad_id)
    mask = torch.zeros(2, 6, dtype=torch.bool)
    for i, row in enumerate(rows):
        ids[i, : len(row)], mask[i, : len(row)] = torch.tensor(row), True
    alone = net(torch.tensor([rows[0]]), torch.ones(1, len(rows[0]), dtype=torch.bool)).pooled
    torch.testing.assert_close(net(ids, mask).pooled[:1], alone, atol=1e-5, rtol=0)
    assert alone.shape == (1, part.width)


def test_freezing_and_special_tokens(tmp_path: Path) -> None:
    part, net = tower(xlm_r(tmp_path), freeze=2, special_tokens=["<en>", "<ase>"])
    assert len(part.tokenizer().encode(["<en> <ase> house"], 20)[0]) <= 7
    learning = {
        name.split("layer.")[1][0] for name, p in net.named_parameters() if p.requires_grad and "layer." in name
    }
    assert learning == {"2"}
    assert net.bert.embeddings.word_embeddings.weight.shape[0] == len(WORDS) + 2


def test_an_exported_model_needs_its_folder_no_more(tmp_path: Path) -> None:
    folder = xlm_r(tmp_path / "xlm")
    values: dict[str, Any] = tiny_experiment(tmp_path, tmp_path)
    values["text"] = {"name": "transformer", "weights": str(folder), "project": 32, "lora": {"rank": 2}}
    experiment = experiment_from_values(values, "test")
    streams = {name: stream.fixed_to(layout("hand_21")) for name, stream in experiment.streams.items()}
    experiment = experiment.model_copy(update={"streams": streams})
    model = DualEncoder(experiment).eval()
    tokenizer = experiment.text.tokenizer()
    save_model(tmp_path / "model", model, experiment, tokenizer, {})
    for file in folder.iterdir():
        file.unlink()
    again, _, _, _ = load_model(tmp_path / "model", "cpu")
    ids = torch.tensor(tokenizer.encode(["house"], 20))
    mask = torch.ones_like(ids, dtype=torch.bool)
    torch.testing.assert_close(again.encode_text(ids, mask).pooled, model.encode_text(ids, mask).pooled)


def test_what_is_no_encoder_is_refused(tmp_path: Path) -> None:
    folder = xlm_r(tmp_path)
    with pytest.raises(ValueError, match="larger than any encoder"):
        Transformer(architecture={"model_type": "bert", "hidden_size": 10**9})
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "model_type": "nonsense"}))
    with pytest.raises(CheckpointError, match="nonsense|no text encoder"):
        tower(folder)
