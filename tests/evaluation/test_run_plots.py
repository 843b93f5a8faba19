"""Pictures of a tree of runs, half-written ones among them."""

from __future__ import annotations

import json
from pathlib import Path

from mmpt_sign.evaluation.run_plots import draw_runs
from mmpt_sign.evaluation.tasks.retrieval import Retrieval
from tests.evaluation.made import MadeModel, records


def test_every_run_gets_the_pictures_it_has_material_for(tmp_path: Path) -> None:
    run = tmp_path / "runs" / "a" / "seed-1"
    task = Retrieval(bootstrap=5, plots=False, per=("sign_language",))
    task.run(MadeModel(0.6), records(), run / "eval" / "made_test")
    lines = [{"update": i, "loss": 5 / i} for i in range(1, 9)] + [{"update": 8, "valid/R@1": 0.5, "valid/MedR": 3.0}]
    (run / "train.jsonl").write_text("\n".join(map(json.dumps, lines)) + '\n{"update": 9, "lo', encoding="utf-8")
    broken = tmp_path / "runs" / "b" / "eval" / "made_test"
    broken.mkdir(parents=True)
    (broken / "predictions.csv").write_text("query_id,dir")
    (broken / "embeddings.npz").write_bytes(b"PK\x03\x04")
    made = {
        path.relative_to(tmp_path / "plots").as_posix() for path in draw_runs(tmp_path / "runs", tmp_path / "plots")
    }
    names = {"recall.png", "metrics_by_sign_language.png", "map.png"}
    assert made == {"a/seed-1/loss.png", "a/seed-1/valid.png", *(f"a/seed-1/made_test/{name}" for name in names)}
