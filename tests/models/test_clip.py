"""CLIP towers: equal to another implementation, blind to padding and batch mates, filled from every public form."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

import mmpt_sign
from mmpt_sign.errors import CheckpointError, ConfigError
from mmpt_sign.models.clip_archive import is_torchscript, read_archive
from mmpt_sign.models.clip_weights import read_clip
from tests.models.clip_files import Holder, State, made_state, vocabulary

SIZES = {"hidden_size": 32, "heads": 4, "layers": 2, "project": 12, "positions": 9}


def visual(seed: int = 0, **options: Any) -> Any:
    torch.manual_seed(seed)
    return mmpt_sign.build("encoder", name="clip_visual", **{**SIZES, **options}).eval()


def text(seed: int = 0, **options: Any) -> Any:
    torch.manual_seed(seed)
    sizes = {**SIZES, "vocabulary_size": 50, "max_tokens": 9}
    return mmpt_sign.build("text", name="clip_text", **{**sizes, **options}).eval()


def clips(lengths: list[int], longest: int, seed: int = 1) -> tuple[Tensor, Tensor]:
    x = torch.randn(len(lengths), longest, 32, generator=torch.Generator().manual_seed(seed))
    return x, torch.arange(longest)[None] < torch.tensor(lengths)[:, None]


@pytest.mark.parametrize("class_token", ["pooled", "hidden", "valid"])
@pytest.mark.parametrize("pad_to", [None, 8])
def test_a_video_is_encoded_alike_alone_and_in_any_batch(class_token: str, pad_to: int | None) -> None:
    tower = visual(class_token=class_token, pad_to=pad_to)
    x, mask = clips([3, 7, 1], 7)
    together = tower(x, mask)
    for row, length in enumerate([3, 7, 1]):
        alone = tower(x[row : row + 1, :length], mask[row : row + 1, :length])
        torch.testing.assert_close(alone.pooled[0], together.pooled[row], atol=1e-5, rtol=0)
        valid = together.mask[row]
        torch.testing.assert_close(
            alone.tokens[0][alone.mask[0]], together.tokens[row][valid], atol=1e-5, rtol=0
        )  # fmt: skip
        assert int(valid.sum()) == length + (class_token == "valid")


def test_what_the_class_token_is() -> None:
    x, mask = clips([3, 7], 7)
    pooled, hidden, valid = (visual(class_token=way)(x, mask) for way in ("pooled", "hidden", "valid"))
    assert pooled.tokens.shape[1] == 7
    assert hidden.tokens.shape[1] == valid.tokens.shape[1] == 8
    assert not hidden.mask[:, 0].any()
    assert valid.mask[:, 0].all()
    torch.testing.assert_close(hidden.tokens[:, 1:], pooled.tokens)  # read by nobody, so leaving it out changes nothing
    torch.testing.assert_close(hidden.tokens[:, 0], pooled.pooled)
    assert not torch.allclose(valid.tokens[:, 1:], pooled.tokens, atol=1e-3)
    mean = visual(class_token="pooled", pool="clips")(x, mask).pooled
    torch.testing.assert_close(mean, hidden.pooled)


@pytest.mark.parametrize("class_token", ["pooled", "hidden", "valid"])
def test_a_clip_without_this_stream_gives_finite_numbers_and_gradients(class_token: str) -> None:
    tower = visual(class_token=class_token).train()
    x, _ = clips([1, 1], 1)
    found = tower(0 * x, torch.tensor([[False], [True]]))
    (found.tokens.sum() + found.pooled.sum()).backward()
    assert found.tokens.isfinite().all()
    assert all(p.grad is None or p.grad.isfinite().all() for p in tower.parameters())


def test_more_clips_than_positions_are_refused_or_spread() -> None:
    x, mask = clips([20, 4], 20)
    with pytest.raises(ConfigError, match="thin_to"):
        visual()(x, mask)
    spread = visual(resize_positions="linear")
    together = spread(x, mask)
    torch.testing.assert_close(together.tokens[1, :4], visual()(x[1:, :4], mask[1:, :4]).tokens[0], atol=1e-5, rtol=0)
    alone = spread(torch.cat([x[:1], x[:1, :3]], 1), torch.arange(23)[None] < 20)
    torch.testing.assert_close(alone.tokens[0, :20], together.tokens[0], atol=1e-5, rtol=0)


def test_texts_are_read_from_left_to_right_whatever_stands_behind_them() -> None:
    ids = torch.tensor([[48, 3, 7, 49, 49, 49], [48, 3, 9, 8, 7, 49]])
    mask = torch.tensor([[1, 1, 1, 1, 0, 0], [1] * 6]).bool()
    tower = text()
    together, alone = tower(ids, mask), tower(ids[:1, :4], mask[:1, :4])
    torch.testing.assert_close(together.tokens[0, :4], alone.tokens[0], atol=1e-5, rtol=0)
    torch.testing.assert_close(together.pooled[0], together.tokens[0, 3])
    torch.testing.assert_close(together.tokens[0, :2], together.tokens[1, :2], atol=1e-5, rtol=0)
    words = text(pool="words")(ids, mask)
    torch.testing.assert_close(words.pooled[0], together.tokens[0, :4].mean(0))
    padded = text(pad_to=9, pad_id_zero=True)(ids, mask)
    zeros = text()(torch.tensor([[48, 3, 7, 49, 0, 0, 0, 0, 0]]), torch.ones(1, 9, dtype=torch.bool))
    torch.testing.assert_close(padded.tokens[0], zeros.tokens[0], atol=1e-5, rtol=0)
    assert padded.mask[0].sum() == 4


def test_what_is_frozen() -> None:
    tower = text(freeze=["token_embedding", "text_positions"], freeze_layers=1)
    frozen = {name.split(".")[0] for name, p in tower.named_parameters() if not p.requires_grad}
    assert frozen == {"token_embedding", "positional_embedding", "transformer"}
    assert all(p.requires_grad for p in tower.transformer.resblocks[1].parameters())
    assert not any(p.requires_grad for p in text(freeze=["all"]).parameters())


def theirs() -> Any:
    from transformers import CLIPConfig, CLIPModel

    torch.manual_seed(3)
    sizes = {"hidden_size": 32, "num_attention_heads": 4, "num_hidden_layers": 2, "intermediate_size": 128}
    config = CLIPConfig(
        text_config={**sizes, "vocab_size": 50, "projection_dim": 12, "hidden_act": "quick_gelu"},
        vision_config={**sizes, "image_size": 32, "patch_size": 16, "hidden_act": "quick_gelu", "projection_dim": 12},
        projection_dim=12,
    )
    model: Any = CLIPModel(config)
    return model.eval()


def test_weights_of_transformers_give_what_transformers_computes(tmp_path: Path) -> None:
    model = theirs()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    save_file({key: value.contiguous() for key, value in model.state_dict().items()}, tmp_path / "model.safetensors")
    words = mmpt_sign.build("text", name="clip_text", weights=str(tmp_path), heads=4, max_tokens=9).eval()
    ids = torch.randint(0, 48, (3, 9))
    states = model.text_projection(model.text_model(input_ids=ids).last_hidden_state)
    found = words(ids, torch.ones(3, 9, dtype=torch.bool))
    torch.testing.assert_close(found.tokens, states, atol=1e-4, rtol=1e-4)

    eyes = mmpt_sign.build(
        "encoder", name="clip_visual", weights=str(tmp_path), heads=4, class_token="valid", positions=5
    ).eval()
    picture = torch.randn(2, 3, 32, 32)
    patches = model.vision_model.embeddings.patch_embedding(picture).flatten(2).transpose(1, 2)
    states = model.visual_projection(
        model.vision_model.post_layernorm(model.vision_model(pixel_values=picture).last_hidden_state)
    )
    found = eyes(patches, torch.ones(2, 4, dtype=torch.bool))
    torch.testing.assert_close(found.tokens, states, atol=1e-4, rtol=1e-4)


def written(state: State, folder: Path, form: str) -> Path:
    file = folder / f"ViT-B-32.{'safetensors' if form == 'safetensors' else 'pt'}"
    if form == "safetensors":
        save_file(state, file)
    elif form == "plain":
        torch.save(state, file)
    elif form == "inside":
        torch.save({"state_dict": {f"module.clip.{key}": value for key, value in state.items()}, "epoch": 3}, file)
    else:
        torch.jit.save(torch.jit.script(Holder(state)), str(file))
    return file


@pytest.mark.parametrize("form", ["safetensors", "plain", "inside", "torchscript"])
def test_every_public_form_fills_both_towers(tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    state = made_state()
    (tmp_path / "weights").mkdir()
    written(state, tmp_path / "weights", form)
    vocabulary(tmp_path / "weights")
    monkeypatch.setenv("MMPT_SIGN_DATA", str(tmp_path))
    words = mmpt_sign.build("text", name="clip_text", weights="ViT-B/32")
    eyes = mmpt_sign.build("encoder", name="clip_visual", weights="ViT-B/32", layers=1)
    for key, value in words.state_dict().items():
        assert torch.equal(value, state[key])
    for key, value in eyes.state_dict().items():
        if key == "positional_embedding":
            assert value.shape == (65, 24)  # places in a picture are no positions of clips
        else:
            assert torch.equal(value, state[f"visual.{key}"])
    assert len(eyes.transformer.resblocks) == 1


def test_half_precision_in_an_archive_is_read_in_full(tmp_path: Path) -> None:
    state = {key: value.half() for key, value in made_state().items()}
    file = written(state, tmp_path, "torchscript")
    assert is_torchscript(file)
    assert all(torch.equal(value, state[key]) for key, value in read_clip(file).items())
    assert mmpt_sign.build("encoder", name="clip_visual", weights=str(file)).proj.dtype is torch.float32


def with_pickle(file: Path, data: bytes) -> Path:
    """The archive with another pickle in the place of its own."""
    changed = file.with_name("changed.pt")
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(changed, "w") as new:
        for entry in old.infolist():
            new.writestr(entry.filename, data if entry.filename.endswith("/data.pkl") else old.read(entry))
    return changed


class Evil:
    def __reduce__(self) -> Any:
        return (print, ("this must never be printed",))


def test_an_archive_that_asks_for_more_than_tensors_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(made_state(layers=1), tmp_path, "torchscript")
    with pytest.raises(CheckpointError, match="refused: it asks for"):
        read_archive(with_pickle(file, pickle.dumps(Evil(), protocol=2)))
    assert "never" not in capsys.readouterr().out
    with pytest.raises(CheckpointError, match="no module"):
        read_archive(with_pickle(file, pickle.dumps([1], protocol=2)))
    for damaged in (b"", b"\x80\x02}", pickle.dumps(None, protocol=2)):
        with pytest.raises(CheckpointError):
            read_archive(with_pickle(file, damaged))


def test_few_modules_with_names_without_an_end_and_large_tables_are_refused(tmp_path: Path) -> None:
    file = written(made_state(layers=1), tmp_path, "torchscript")
    module = b"c__torch__\nM\n)R"
    twice = b"".join(
        b"(X\x01\x00\x00\x00ah" + bytes([n - 1]) + b"X\x01\x00\x00\x00bh" + bytes([n - 1]) + b"ubq" + bytes([n])
        for n in range(1, 41)
    )
    nested = b"\x80\x02" + module + b"q\x00" + twice.replace(b"(X\x01\x00\x00\x00a", module + b"}(X\x01\x00\x00\x00a")
    with pytest.raises(CheckpointError, match="without an end"):
        read_archive(with_pickle(file, nested + b"."))
    circle = b"\x80\x02" + module + b"q\x00}X\x01\x00\x00\x00ah\x00sb."
    with pytest.raises(CheckpointError, match="without an end"):
        read_archive(with_pickle(file, circle))
    with pytest.raises(CheckpointError, match="place 120000000"):
        read_archive(with_pickle(file, b"\x80\x02Nr" + (120_000_000).to_bytes(4, "little") + b"."))


def test_a_tensor_larger_than_its_bytes_is_refused(tmp_path: Path) -> None:
    file = written(made_state(layers=1), tmp_path, "torchscript")
    with zipfile.ZipFile(file) as archive:
        name = next(n for n in archive.namelist() if n.endswith("/data.pkl"))
        data = archive.read(name)
    with pytest.raises(CheckpointError, match="larger than its storage"):
        read_archive(with_pickle(file, data.replace(b"K\x18", b"K\x7f")))  # 24 numbers become 127


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.pop("text_projection"), "it has no 'text_projection'"),
        (lambda s: s.pop("transformer.resblocks.0.attn.in_proj_bias"), "missing transformer.resblocks.0.attn.in_proj"),
        (lambda s: s.update({"ln_final.weight": torch.ones(3)}), "has shape"),
        (lambda s: s.pop("transformer.resblocks.0.ln_1.weight"), "it has no"),
    ],
)
def test_other_weights_are_refused_with_the_tensors_that_differ(tmp_path: Path, change: Any, message: str) -> None:
    state = made_state()
    change(state)
    file = written(state, tmp_path, "plain")
    vocabulary(tmp_path)
    with pytest.raises(CheckpointError, match=message):
        mmpt_sign.build("text", name="clip_text", weights=str(file))


def test_missing_and_damaged_weights_say_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MMPT_SIGN_DATA", str(tmp_path))
    with pytest.raises(CheckpointError, match="public ViT-B/32 layout"):
        mmpt_sign.build("encoder", name="clip_visual", weights="ViT-B/32")
    (tmp_path / "bad.pt").write_bytes(b"nothing")
    with pytest.raises(CheckpointError, match="not readable"):
        mmpt_sign.build("encoder", name="clip_visual", weights=str(tmp_path / "bad.pt"))


def test_a_size_of_ones_own_needs_no_weights() -> None:
    tower = mmpt_sign.build("encoder", name="clip_visual", layers=4, hidden_size=256, project=128)
    assert tower.transformer.resblocks[0].attn.heads == 4
    assert tower.positional_embedding.shape == (65, 256)
    with pytest.raises(ValueError, match="cannot be divided"):
        mmpt_sign.build("encoder", name="clip_visual", hidden_size=100, heads=3)


@pytest.mark.parametrize("dropout", [0.0, 0.2])
def test_layers_computed_again_give_the_same_gradients(dropout: float) -> None:
    gradients = []
    for recompute in (False, True):
        tower = visual(recompute=recompute, dropout=dropout).train()
        torch.manual_seed(1)
        tower(*clips([3, 7], 7)).tokens.sum().backward()
        gradients.append([p.grad for p in tower.parameters()])
    for kept, again in zip(*gradients, strict=True):
        torch.testing.assert_close(kept, again)


@pytest.mark.parametrize("way", ["autocast", "weights"])
def test_half_precision_comes_close(way: str) -> None:
    x, mask = clips([3, 7], 7)
    tower = visual(class_token="hidden", pad_to=8)
    exact = tower(x, mask).tokens
    with torch.autocast("cpu", torch.bfloat16, enabled=way == "autocast"):
        half = tower.to(torch.bfloat16)(x.bfloat16(), mask) if way == "weights" else tower(x, mask)
    assert torch.cosine_similarity(half.tokens.float(), exact, dim=-1).min() > 0.99
