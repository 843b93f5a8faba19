from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mmpt_sign.errors import PoseFormatError
from mmpt_sign.poses.parquet import read_landmarks, read_parquet
from tests.datasets.corpora import kaggle_parquet

pa = pytest.importorskip("pyarrow", reason="parquet files need pyarrow, extra [datasets]")


def test_points_come_in_the_order_of_pose_files(tmp_path: Path) -> None:
    data = read_landmarks(kaggle_parquet(tmp_path / "x.parquet", 4))
    assert data.shape == (4, 543, 3)
    components = {"pose": (2, 33), "face": (0, 468), "left": (1, 21), "right": (3, 21)}  # position in the table, points
    expected = [(part, k) for part, count in components.values() for k in range(count)]
    np.testing.assert_array_equal(data[0, :, :2], np.array(expected, np.float32))
    np.testing.assert_array_equal(data[:, 0, 2], [0, 1, 2, 3])


def test_the_order_of_rows_does_not_matter(tmp_path: Path) -> None:
    plain = read_landmarks(kaggle_parquet(tmp_path / "x.parquet", 3))
    np.testing.assert_array_equal(read_landmarks(kaggle_parquet(tmp_path / "y.parquet", 3, shuffled=True)), plain)


def test_missing_points_and_rows_are_missing(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    table = pq.read_table(kaggle_parquet(tmp_path / "x.parquet", 2))
    holed = table.slice(1)
    x = holed["x"].to_pylist()
    x[9] = None
    holed = holed.set_column(holed.schema.get_field_index("x"), "x", pa.array(x, pa.float64()))
    pq.write_table(holed, tmp_path / "y.parquet")
    clip = read_parquet(tmp_path / "y.parquet")
    assert len(clip) == 2
    assert clip.layout.points[0] == "POSE_LANDMARKS.NOSE"
    missing = np.argwhere(clip.confidence == 0)
    assert missing.tolist() == [[0, 33], [0, 43]]
    assert np.isfinite(clip.data).all()


def test_what_repeats_itself_may_not_unpack_without_a_bound(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    rows = 20_000  # a frame each
    same = {name: pa.array(np.zeros(rows, np.float32)) for name in "xyz"}
    frame = pa.array(np.arange(rows, dtype=np.int32))
    kinds = pa.array(["pose"]).dictionary_encode().take(pa.array(np.zeros(rows, np.int64)))
    table = pa.table({"frame": frame, "type": kinds, "landmark_index": pa.array(np.zeros(rows, np.int32)), **same})
    pq.write_table(
        table,
        tmp_path / "x.parquet",
        compression="zstd",
        use_dictionary=["type", "landmark_index", *"xyz"],
        column_encoding={"frame": "DELTA_BINARY_PACKED"},
    )
    with pytest.raises(PoseFormatError, match="unpacks to more than 1000 times its size"):
        read_landmarks(tmp_path / "x.parquet")


def test_broken_tables(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    (tmp_path / "x.parquet").write_bytes(b"PAR1 nonsense")
    with pytest.raises(PoseFormatError, match="not a readable parquet table"):
        read_landmarks(tmp_path / "x.parquet")
    table = pq.read_table(kaggle_parquet(tmp_path / "y.parquet", 1))
    pq.write_table(table.drop_columns(["z"]), tmp_path / "z.parquet")
    with pytest.raises(PoseFormatError, match="no column z"):
        read_landmarks(tmp_path / "z.parquet")
    pq.write_table(pa.concat_tables([table, table]), tmp_path / "twice.parquet")
    with pytest.raises(PoseFormatError, match="twice"):
        read_landmarks(tmp_path / "twice.parquet")
    pq.write_table(table.slice(0, 0), tmp_path / "empty.parquet")
    with pytest.raises(PoseFormatError, match="no rows"):
        read_landmarks(tmp_path / "empty.parquet")
    index = pa.array([999] * len(table), pa.int16())
    pq.write_table(table.set_column(3, "landmark_index", index), tmp_path / "strange.parquet")
    with pytest.raises(PoseFormatError, match="does not exist"):
        read_landmarks(tmp_path / "strange.parquet")
    for kinds in (pa.array(["tail"] * len(table)), pa.nulls(len(table), pa.string()), pa.array([1] * len(table))):
        pq.write_table(table.set_column(2, "type", kinds), tmp_path / "kinds.parquet")
        with pytest.raises(PoseFormatError, match="unknown type"):
            read_landmarks(tmp_path / "kinds.parquet")
