"""Pictures are whole PNG files of any material, and their absence stops nothing."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from mmpt_sign.errors import NotInstalledError
from mmpt_sign.evaluation import plots
from mmpt_sign.evaluation.confusions import draw_confusions, write_confusions
from mmpt_sign.evaluation.maps import MOST, chosen, flat, unit
from mmpt_sign.files import read_csv


def is_picture(path: Path) -> bool:
    return path.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n" and path.stat().st_size > 2000


def test_every_kind_of_picture(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    names = [f"$na$me {i} \u624b\u8a71" for i in range(60)]
    line = (list(range(5)), [0.1] * 5, [0.0] * 5, [0.2] * 5)
    made = [
        plots.curves(tmp_path / "a.png", {"a $x": line, "b": ([1], [0.5], None, None)}, "x", "y", log_x=True),
        plots.recall_curve(tmp_path / "b.png", {"video to text": np.array([1.0, 3.5, 80]), "none": np.empty(0)}),
        plots.bars(tmp_path / "c.png", dict(zip(names, rng.random(60), strict=True)), "R@1", ends={names[3]: (0, 1)}),
        plots.heat_map(tmp_path / "d.png", rng.random((4, 4)), names[:4], names[:4], "x", "y"),
        plots.scatter(tmp_path / "e.png", rng.random((90, 2)), [names[i % 30] for i in range(90)], "map"),
    ]
    assert all(map(is_picture, made))
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{letter}.png" for letter in "abcde"]


def test_without_matplotlib_one_line_and_no_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    plots._say.cache_clear()
    with pytest.raises(NotInstalledError, match=r"mmpt_sign\[plot\]"):
        plots.bars(tmp_path / "a.png", {"a": 1.0}, "y")
    for _ in range(3):
        plots.draw(plots.bars, tmp_path / "a.png", {"a": 1.0}, "y")
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1
    assert "no pictures: matplotlib is not installed" in said[0]
    assert not list(tmp_path.iterdir())


def test_confusions_are_those_of_scikit_learn(tmp_path: Path) -> None:
    from sklearn.metrics import confusion_matrix

    rng = np.random.default_rng(0)
    gold, found = ([f"c{i}" for i in rng.integers(0, 5, 80)] for _ in range(2))
    pairs = list(zip(gold, found, strict=True))
    rows = read_csv(write_confusions(tmp_path / "confusion.csv", pairs))
    names = [f"c{i}" for i in range(5)]
    wanted = confusion_matrix(gold, found, labels=names)
    for row in rows:
        count = wanted[names.index(row["gold"]), names.index(row["predicted"])]
        assert int(row["count"]) == count
        assert float(row["share_of_gold"]) == pytest.approx(count / gold.count(row["gold"]), rel=1e-5)
    assert sum(int(row["count"]) for row in rows) == 80
    errors = [int(row["count"]) for row in rows if row["gold"] != row["predicted"]]
    assert errors == sorted(errors, reverse=True)
    assert is_picture(draw_confusions(tmp_path / "confusion.png", [*pairs, *((f"x{i}", "x0") for i in range(50))]))


@pytest.mark.parametrize(("count", "method"), [(1, "auto"), (3, "tsne"), (6, "auto"), (40, "auto"), (40, "pca")])
def test_maps_have_two_dimensions_and_repeat(count: int, method: str) -> None:
    vectors = np.random.default_rng(0).normal(size=(count, 12))
    places = flat(vectors, method, seed=3)  # type: ignore[arg-type]
    assert places.shape == (count, 2)
    assert np.isfinite(places).all()
    np.testing.assert_array_equal(places, flat(vectors, method, seed=3))  # type: ignore[arg-type]


def test_neighbours_stay_neighbours_on_the_map() -> None:
    rng = np.random.default_rng(0)
    centres = 5 * rng.normal(size=(4, 20))
    label = np.repeat(np.arange(4), 15)
    places = flat(centres[label] + 0.3 * rng.normal(size=(60, 20)), "tsne")
    distances = np.linalg.norm(places[:, None] - places[None], axis=-1) + 1e9 * np.eye(60)
    assert np.mean(label[distances.argmin(axis=1)] == label) > 0.95


def test_very_many_points_are_thinned() -> None:
    assert chosen(10).tolist() == list(range(10))
    assert len(set(chosen(MOST + 50).tolist())) == MOST
    assert np.linalg.norm(unit(np.array([[3.0, 4.0], [0.0, 0.0]])), axis=1) == pytest.approx([1, 0])
