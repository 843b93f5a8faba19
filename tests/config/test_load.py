"""Experiment files: inheritance, overrides, and every mistake reported in one go."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmpt_sign.config.load import experiment_name, load_experiment, shipped_experiments, shipped_projects
from mmpt_sign.errors import ConfigError

BASE = """
dataset: {name: folder, folder: clips}
streams: {pose: {kind: pose, points: right_hand}}
video: {pose: {encoder: {name: bert_video}}}
text: {name: bert}
similarity: {video_text: pooled_dot}
loss: {video_text: info_nce}
"""


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_inherits_and_wins(tmp_path: Path) -> None:
    write(tmp_path, "base.yaml", BASE + "optim: {lr: 1e-4, epochs: 3}\n")
    path = write(tmp_path, "own.yaml", "base: base.yaml\noptim: {epochs: 7}\n")
    experiment = load_experiment(path)
    assert (experiment.optim.lr, experiment.optim.epochs) == (1e-4, 7)
    assert experiment.name == "own"


def test_later_bases_win_and_overrides_win_over_all(tmp_path: Path) -> None:
    write(tmp_path, "one.yaml", BASE + "optim: {lr: 1e-4, epochs: 3}\n")
    write(tmp_path, "two.yaml", "optim: {epochs: 5}\n")
    path = write(tmp_path, "own.yaml", "base: [one.yaml, two.yaml]\n")
    assert load_experiment(path).optim.epochs == 5
    experiment = load_experiment(
        path,
        ["optim.epochs=9", "streams.pose.max_frames=64", "loss.video_text={name: signclip}", "batch.merge_texts=false"],
    )
    assert (experiment.optim.epochs, experiment.streams["pose"].max_frames) == (9, 64)
    assert experiment.loss["video_text"].part_name == "signclip"


def test_another_part_does_not_inherit_the_options_of_the_one_it_replaces(tmp_path: Path) -> None:
    write(tmp_path, "base.yaml", BASE.replace("info_nce", "{name: info_nce, smoothing: 0.1}"))
    text = "base: base.yaml\nloss: {video_text: {name: signclip}}\nbatch: {merge_texts: false}\n"
    assert load_experiment(write(tmp_path, "own.yaml", text)).loss["video_text"].part_name == "signclip"


def test_a_bare_name_can_be_refined_by_options(tmp_path: Path) -> None:
    write(tmp_path, "base.yaml", BASE)
    experiment = load_experiment(write(tmp_path, "own.yaml", "base: base.yaml\nloss: {video_text: {smoothing: 0.2}}\n"))
    assert experiment.loss["video_text"].smoothing == 0.2  # type: ignore[attr-defined]


def test_five_mistakes_get_five_messages_with_file_line_and_hint(tmp_path: Path) -> None:
    text = BASE.replace("info_nce", "info_nse") + (
        "optim:\n  lr: fast\n  epoch: 3\nvideo: {rgb: {encoder: {name: bert_video, layer: 2}}}\nsead: 1\n"
    ).replace("video: {rgb", "extra: {rgb")
    path = write(tmp_path, "wrong.yaml", text)
    with pytest.raises(ConfigError) as caught:
        load_experiment(path)
    problems = caught.value.problems
    assert len(problems) == 5
    said = "\n".join(problems)
    assert f"{path}:7: loss.video_text: unknown name 'info_nse' (did you mean 'info_nce'?)" in said
    assert f"{path}:9: optim.lr" in said
    assert f"{path}:10: unknown key 'optim.epoch' (did you mean 'epochs'?)" in said
    assert f"{path}:12: unknown key 'sead' (did you mean 'seed'?)" in said


def test_unknown_options_of_a_part_name_the_nearest_one(tmp_path: Path) -> None:
    path = write(tmp_path, "wrong.yaml", BASE.replace("name: bert_video", "name: bert_video, layer: 2"))
    with pytest.raises(ConfigError, match=r"unknown key 'video.pose.encoder.layer' \(did you mean 'layers'\?\)"):
        load_experiment(path)


def test_mistakes_behind_mistakes_are_found_in_the_same_go(tmp_path: Path) -> None:
    """A conflict between keys is reported even where another key is simply wrong."""
    path = write(tmp_path, "wrong.yaml", BASE.replace("info_nce", "signclip") + "seed: -1\n")
    with pytest.raises(ConfigError) as caught:
        load_experiment(path)
    assert len(caught.value.problems) == 2
    assert any("merge_texts" in problem for problem in caught.value.problems)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1, 2", "not valid YAML"),
        ("optim: {}\noptim: {}", "written twice"),
        ("- 1\n- 2", "mapping"),
        ("base: missing.yaml", "looked for"),
        ("base: self.yaml", "inherits from itself"),
        ("evaluate: {split: test}", "must not choose"),
        ("evaluate: {select: last, patience: 3}", "patience waits for a better checkpoint"),
        ("loss: {pose_text: info_nce}", "no similarity of the same name"),
        ("video: {rgb: {encoder: bert_video}}", "not among the streams"),
        ("base: 5", "list of such names"),
        ("base: {a: b}", "list of such names"),
        (f"base: {'x' * 300}", "base: cannot be read"),
        ("a: " + "[" * 3000, "not valid YAML"),
        ("a: !!timestamp abc\nb: !!bool abc", "self.yaml:1: 'abc' is no timestamp.*\n.*self.yaml:2: 'abc' is no bool"),
        (
            "a: !!int abc\nb: !!float abc\nc: !!int ''",
            "1: 'abc' is no int.*\n.*2: 'abc' is no float.*\n.*3: '' is no int",
        ),
        ("a: 2024-13-45", "1: '2024-13-45' is no timestamp.*quotes"),
        ("a: " + "9" * 5000, "'9{60}…' is no int"),
        ("a: " + "x" * (1 << 20), "larger than"),
    ],
)
def test_each_mistake_has_its_sentence(tmp_path: Path, text: str, message: str) -> None:
    write(tmp_path, "base.yaml", BASE)
    own = text if text[0] in "-a" or text.startswith("base") or "twice" in message else "base: base.yaml\n" + text
    with pytest.raises(ConfigError, match=message):
        load_experiment(write(tmp_path, "self.yaml", own))


def test_a_billion_laughs_are_stopped(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join(['*a' + str(n - 1)] * 10)}]" for n in range(1, 12)]
    with pytest.raises(ConfigError, match="expands"):
        load_experiment(write(tmp_path, "bomb.yaml", "\n".join(lines)))


def test_override_mistakes_name_the_option(tmp_path: Path) -> None:
    path = write(tmp_path, "base.yaml", BASE)
    with pytest.raises(ConfigError, match=r"-o optim.lr=abc: optim.lr"):
        load_experiment(path, ["optim.lr=abc"])
    with pytest.raises(ConfigError, match="key=value"):
        load_experiment(path, ["optim.lr"])
    with pytest.raises(ConfigError, match=r"-o seed:1: '2024-13-45' is no timestamp.*\n-o a: '\[.*not a YAML value"):
        load_experiment(path, ["seed=2024-13-45", "a=" + "[" * 3000])


def test_shipped_experiments_are_valid_short_and_named_after_their_path() -> None:
    files = shipped_experiments()
    assert len(files) >= 30
    for file in files:
        assert load_experiment(file).name == experiment_name(file)
        own = [line for line in file.read_text().splitlines() if line.strip() and not line.startswith("#")]
        assert len(own) <= 10, file


def test_no_shipped_file_holds_an_absolute_path() -> None:
    for file in shipped_projects().rglob("*.yaml"):
        assert ": /" not in file.read_text(), file
