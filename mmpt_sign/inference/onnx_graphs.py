"""Both towers as ONNX graphs, for programs that have neither torch nor this package.

Clips of any number and length go in, padded and with a mask, and unit vectors come out; ``feed.json`` says the rest:
names, shapes, what a frame is made of, how a prompt becomes ids, and what a score is.
"""

from __future__ import annotations

import json
import logging
import shutil
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from mmpt_sign.batches.collate import pad_frames, pad_ids
from mmpt_sign.errors import CheckpointError, ConfigError, NotInstalledError
from mmpt_sign.inference.facts import portable
from mmpt_sign.inference.fidelity import Probe, compared, probe, vectors
from mmpt_sign.models.checkpoint import TOKENIZER, self_contained

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmpt_sign.inference.model import SignModel
    from mmpt_sign.poses.clip import FloatArray

FORMAT, FEED = 1, "feed.json"
VIDEO, TEXT, VECTORS = "video.onnx", "text.onnx", "vectors"
MASK = "_mask"
IDS = "ids"
CLOSE = 1e-4
EXAMPLES, LENGTHS = 2, (7, 11)  # what the graphs are traced with: different sizes, so that none is taken for fixed
BATCH = 16


class VideoGraph(nn.Module):
    """Padded frames and mask of every stream, one after the other -> vectors (B, D)."""

    def __init__(self, model: SignModel, streams: Sequence[str]) -> None:
        super().__init__()
        self.network, self.streams = model.network, tuple(streams)
        self.similarity = next(iter(model.experiment.similarity.values()))

    def forward(self, *given: Tensor) -> Tensor:
        """As the model itself."""
        frames = {name: (given[2 * k], given[2 * k + 1]) for k, name in enumerate(self.streams)}
        found: Tensor = self.similarity.vectors(self.network.encode_video(frames)["video"].pooled)
        return found


class TextGraph(nn.Module):
    """Padded ids and their mask -> vectors (B, D)."""

    def __init__(self, model: SignModel) -> None:
        super().__init__()
        self.network = model.network
        self.similarity = next(iter(model.experiment.similarity.values()))

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """As the model itself."""
        found: Tensor = self.similarity.vectors(self.network.encode_text(ids, mask).pooled)
        return found


def write_graphs(model: SignModel, folder: Path) -> tuple[str, tuple[str, ...]]:
    """Both graphs, the tokeniser and ``feed.json``, all or nothing; returns the form and what was measured."""
    _check(model)
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        with _traceable(model):
            _trace(VideoGraph(model, tuple(model.experiment.streams)), *_video_example(model), fresh / VIDEO)
            _trace(TextGraph(model), *_text_example(model), fresh / TEXT)
        model.tokenizer.save(fresh / TOKENIZER)
        (fresh / FEED).write_text(json.dumps(feed(model), indent=1) + "\n", encoding="utf-8")
        remark = _measured(model, fresh)
        fresh.chmod(0o755)
        shutil.rmtree(folder, ignore_errors=True)
        fresh.rename(folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return "ONNX: one graph for clips, one for prompts, in 32 bits; feed.json says how to feed them", (remark,)


def feed(model: SignModel) -> dict[str, Any]:
    """What a program must know to use the graphs."""
    streams = self_contained(model.experiment).streams
    clips = [
        entry
        for name, stream in streams.items()
        for entry in (
            _input(name, "float32", ("clips", f"{name}_frames", stream.width)),
            _input(name + MASK, "bool", ("clips", f"{name}_frames")),
        )
    ]
    output = [{"name": VECTORS, "type": "float32", "shape": ["any", model.experiment.text.width]}]
    return {
        "format": FORMAT,
        "video": {
            "file": VIDEO,
            "inputs": clips,
            "outputs": output,
            "mask": "true where a frame is real; behind the end of a clip frames are 0 and the mask is false",
            "frames": {name: portable(stream.model_dump(mode="json")) for name, stream in streams.items()},
            "longer clips": "cut into windows of max_frames; the vector is the mean of theirs, brought to length 1",
        },
        "text": {
            "file": TEXT,
            "inputs": [_input(IDS, "int64", ("texts", "tokens")), _input(IDS + MASK, "bool", ("texts", "tokens"))],
            "outputs": output,
            "tokenizer": f"{TOKENIZER}/tokenizer.json",
            "max_tokens": int(model.experiment.text.max_tokens),
            "pad_id": int(model.tokenizer.pad_id),
        },
        "score": "the sum of products of a clip's vector and a prompt's",
    }


def run(folder: Path, clips: Sequence[Mapping[str, FloatArray]], rows: Sequence[list[int]]) -> tuple[Any, Any]:
    """Vectors of encoded clips and of rows of ids by the graphs in ``folder``, with onnxruntime."""
    try:
        import onnxruntime
    except ImportError as error:
        raise NotInstalledError("onnxruntime", "export") from error
    told = json.loads((folder / FEED).read_text(encoding="utf-8"))
    names = list(told["video"]["frames"])
    video, text = (onnxruntime.InferenceSession(str(folder / file)) for file in (VIDEO, TEXT))
    found: list[list[NDArray[np.float32]]] = [[], []]
    for start in range(0, len(clips), BATCH):
        given = {}
        for name in names:
            limit = told["video"]["frames"][name]["max_frames"]
            x, mask = pad_frames([clip[name][:limit] for clip in clips[start : start + BATCH]])
            given.update({name: x.numpy(), name + MASK: mask.numpy()})
        found[0] += video.run([VECTORS], given)
    for start in range(0, len(rows), BATCH):
        ids, mask = pad_ids(rows[start : start + BATCH], told["text"]["pad_id"])
        found[1] += text.run([VECTORS], {IDS: ids.numpy(), IDS + MASK: mask.numpy()})
    return np.concatenate(found[0]), np.concatenate(found[1])


def _input(name: str, kind: str, shape: tuple[str | int, ...]) -> dict[str, Any]:
    return {"name": name, "type": kind, "shape": list(shape)}


def _check(model: SignModel) -> None:
    for name, part in model.experiment.similarity.items():
        if part.needs != "pooled":
            raise ConfigError(
                f"--to onnx: the similarity '{name}' ({part.part_name}) compares tokens; graphs give one vector each"
            )
    try:
        import onnx  # noqa: F401
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise NotInstalledError(f"{error.name}, which makes the graphs,", "export") from error


def _video_example(model: SignModel) -> tuple[tuple[Tensor, ...], list[str], list[dict[int, Any]]]:
    batch = torch.export.Dim("clips", min=1)
    tensors: list[Tensor] = []
    names: list[str] = []
    sizes: list[dict[int, Any]] = []
    for name, stream in model.experiment.streams.items():
        longest = torch.export.Dim(f"{name}_frames", min=1, max=stream.max_frames)
        x, mask = pad_frames([np.ones((length, stream.width), np.float32) for length in LENGTHS[:EXAMPLES]])
        tensors += [x.to(model.device), mask.to(model.device)]
        names += [name, name + MASK]
        sizes += [{0: batch, 1: longest}] * 2
    return tuple(tensors), names, sizes


def _text_example(model: SignModel) -> tuple[tuple[Tensor, ...], list[str], list[dict[int, Any]]]:
    most = int(model.experiment.text.max_tokens)
    rows = [list(range(min(length, most))) for length in LENGTHS[:EXAMPLES]]
    ids, mask = pad_ids(rows, model.tokenizer.pad_id)
    sizes = {0: torch.export.Dim("texts", min=1), 1: torch.export.Dim("tokens", min=3, max=most)}
    return (ids.to(model.device), mask.to(model.device)), [IDS, IDS + MASK], [sizes, sizes]


def _trace(
    graph: nn.Module, given: tuple[Tensor, ...], names: list[str], sizes: list[dict[int, Any]], to: Path
) -> None:
    shapes: Any = (tuple(sizes),) if isinstance(graph, VideoGraph) else tuple(sizes)
    with warnings.catch_warnings(), _quiet():
        warnings.simplefilter("ignore")
        try:
            torch.onnx.export(
                graph.eval(),
                given,
                str(to),
                input_names=names,
                output_names=[VECTORS],
                dynamic_shapes=shapes,
                dynamo=True,
                external_data=False,
                verbose=False,
            )
        except torch.onnx.errors.OnnxExporterError as error:
            raise CheckpointError(f"this model cannot be made into a graph: {str(error).splitlines()[0]}") from error


@contextmanager
def _traceable(model: SignModel) -> Iterator[None]:
    """Meanwhile no tower remembers prompts, and attention is written out, which every version of ONNX knows."""
    towers: list[Any] = [module for module in model.network.modules() if getattr(module, "frozen", None) is True]
    bodies: list[Any] = [module.config for module in model.network.modules() if hasattr(module, "config")]
    before = [(config, getattr(config, "_attn_implementation", None)) for config in bodies]
    for tower in towers:
        tower.frozen = False
    for config in bodies:
        config._attn_implementation = "eager"
    try:
        with torch.no_grad():
            yield
    finally:
        for tower in towers:
            tower.frozen = True
        for config, kind in before:
            config._attn_implementation = kind


@contextmanager
def _quiet() -> Iterator[None]:
    """The exporter tells its steps to a log that nobody asked for."""
    log = logging.getLogger("torch.onnx")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(level)


def _measured(model: SignModel, folder: Path) -> str:
    """The graphs against the model, or what is needed to compare them."""
    given = _short(probe(model), model)
    rows = model.tokenizer.encode(list(given.prompts), model.experiment.text.max_tokens)
    try:
        after = run(folder, given.clips, rows)
    except NotInstalledError as error:
        return f"not compared with the model: {error}"
    before = vectors(model, given)
    worst = max(float(np.abs(a - b).max()) for a, b in zip(before, after, strict=True))
    if not worst <= CLOSE:
        raise CheckpointError(f"the graphs differ from the model by {worst:.2g}, more than {CLOSE:g}: not written")
    return compared(given, before, after)


def _short(given: Probe, model: SignModel) -> Probe:
    """Clips with all streams, cut to one window."""
    limits = {name: stream.max_frames for name, stream in model.experiment.streams.items()}
    whole = [i for i, clip in enumerate(given.clips) if limits.keys() <= clip.keys()]
    clips = [{name: x[: limits[name]] for name, x in given.clips[i].items()} for i in whole]
    right = [given.right[i] for i in whole] if given.right else []
    return Probe(clips, given.prompts, right, given.of)
