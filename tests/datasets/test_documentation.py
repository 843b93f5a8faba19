from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from mmpt_sign import registry

PAGES = Path(__file__).resolve().parents[2] / "docs" / "data"


@pytest.mark.parametrize("name", registry.names("dataset"))
def test_every_set_has_a_page_with_a_block_that_is_valid(name: str) -> None:
    page = (PAGES / f"{name}.md").read_text(encoding="utf-8")
    blocks = [part.split("```")[0] for part in page.split("```yaml\n")[1:]]
    lines = [line for block in blocks for line in block.split("\ndataset:")]
    assert blocks
    for text in lines:
        given = yaml.safe_load(text if text.startswith("dataset:") else f"dataset:{text}")["dataset"]
        registry.find("dataset", given["name"]).model_validate(given)
    assert f"]({name}.md)" in (PAGES / "README.md").read_text(encoding="utf-8")
    assert "icence" in page or name == "combined"


@pytest.mark.parametrize("name", registry.names("dataset"))
def test_a_data_set_is_one_short_file(name: str) -> None:
    file = Path(registry.__file__).parent / "datasets" / f"{name}.py"
    assert len(file.read_text(encoding="utf-8").splitlines()) <= 60
