"""The model card: what a stranger should know before using a model, as the page of a Hugging Face style folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from mmpt_sign.text.tags import sign_language_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mmpt_sign.config.schema import Experiment
    from mmpt_sign.inference.facts import Facts, Share

PAGE = "README.md"
SPLITS = {"train": "trained on", "valid": "validation", "test": "held out"}

USE = """```python
import mmpt_sign

model = mmpt_sign.load("FOLDER")  # this folder
model.similarity(["a.pose"], ["a prompt", "another prompt"])
```

```sh
mmpt-sign score a.pose "a prompt" "another prompt" --model FOLDER
```"""

LIMITS = """- It tells apart what it was trained to tell apart. Signs, languages and kinds of recording that are not in
  its data are outside of what the figures say.
- A score compares prompts for one clip. It is no probability, and a high one is no proof that the clip shows the sign.
- It reads key points, not pictures: what the estimator of the poses misses, it misses.
- Not for decisions about people, such as grading, hiring or diagnosis."""


def card(facts: Facts, experiment: Experiment, form: str, remarks: Sequence[str] = ()) -> str:
    """The page: ``form`` says how the weights are stored, ``remarks`` what that was measured to cost."""
    parts = [
        _front_matter(facts),
        f"# {facts.experiment or experiment.name or 'A sign language model'}",
        "Sign language and text in one embedding space: clips of key points and prompts become vectors whose product\n"
        "says how well they fit. Made with mmpt_sign.",
        f"## Data\n\n{_data(facts)}",
        f"## Held-out figures\n\n{_figures(facts)}",
        "## Form\n\n" + "\n".join(f"- {line}" for line in (form, *remarks)),
        f"## Input\n\n{_input(experiment)}",
        f"## How to use it\n\n{USE}",
        f"## Limits\n\n{_limits(facts)}",
        f"## Licence\n\n{facts.licence or 'Not stated: ask who trained it.'}",
    ]
    return "\n\n".join(parts) + "\n"


def _front_matter(facts: Facts) -> str:
    values: dict[str, Any] = {"library_name": "mmpt_sign", "tags": ["sign-language", "pose", "retrieval"]}
    if facts.licence:
        values["license"] = facts.licence.lower()
    return f"---\n{yaml.safe_dump(values, sort_keys=True, allow_unicode=True)}---"


def _data(facts: Facts) -> str:
    if not facts.dataset:
        return "Not known: this model did not come from a run of mmpt_sign."
    block = yaml.safe_dump(facts.dataset, sort_keys=False, allow_unicode=True, width=100)
    lines = [f"- {SPLITS.get(share.split, share.split)}: {_counted(share)}" for share in facts.shares]
    return "\n".join([*lines, "", "```yaml", block.strip(), "```"]).strip()


def _counted(share: Share) -> str:
    names = ", ".join(sign_language_name(tag).removesuffix(" Sign Language") for tag in share.sign_languages)
    many = "language" if len(share.sign_languages) == 1 else "languages"
    languages = f" of {len(share.sign_languages)} sign {many} ({names})" if names else ""
    return f"{share.clips} clips{languages}, {_signers(share)}"


def _signers(share: Share) -> str:
    if not share.signers:
        return "signers not named"
    unnamed = f", and {share.unnamed} clips whose signers are not named" if share.unnamed else ""
    return f"{share.signers} signers{unnamed}"


def _figures(facts: Facts) -> str:
    if not facts.figures:
        return "None are known."
    rows = [
        "| data | direction | queries | candidates | R@1 | R@5 | R@10 | median rank |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for found in facts.figures:
        interval = f" ({found.interval[0]:g} to {found.interval[1]:g})" if found.interval else ""
        recalls = f"{found.recall_at_1:g}{interval} | {found.recall_at_5:g} | {found.recall_at_10:g}"
        asked = f"{found.data} | {found.direction} | {found.queries} | {found.candidates}"
        rows.append(f"| {asked} | {recalls} | {found.median_rank:g} |")
    return "\n".join(rows) + "\n\nPer cent; in brackets the 95 % interval over queries."


def _input(experiment: Experiment) -> str:
    lines = []
    for name, stream in experiment.streams.items():
        points = getattr(stream, "point_names", None) or ()
        of = f" of {len(points)} points" if points else ""
        lines.append(f"- `{name}`: clips{of}, up to {stream.max_frames} frames at once; longer ones in windows")
    return "\n".join([*lines, f"- prompts of up to {experiment.text.max_tokens} tokens"])


def _limits(facts: Facts) -> str:
    """The usual ones, and those that the numbers of signers give away."""
    trained = next((share for share in facts.shares if share.split == "train"), None)
    if trained is None:
        return LIMITS
    about = f"{trained.clips} clips, {_signers(trained)}"
    return f"{LIMITS}\n- Trained on {about}: people unlike those in them may be understood less well."
