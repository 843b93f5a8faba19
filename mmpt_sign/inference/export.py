"""A trained model in another form: smaller weights, 8 bits, or graphs for programs without torch.

Whatever is written is opened again and compared with the model that it was made of before anybody relies on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from mmpt_sign.errors import CheckpointError, ConfigError
from mmpt_sign.files import write_text
from mmpt_sign.inference.card import PAGE, card
from mmpt_sign.inference.facts import NOTE, Facts, facts_of, portable
from mmpt_sign.inference.fidelity import compared, probe, vectors
from mmpt_sign.models.borrowed import BODY, Borrowed, borrowable
from mmpt_sign.models.checkpoint import OF_A_MODEL, read_config, self_contained, write_folder
from mmpt_sign.models.int8 import is_int8, quantised
from mmpt_sign.models.lora import merged_state
from mmpt_sign.models.place import place_for_model
from mmpt_sign.text.weights import PACKAGED

if TYPE_CHECKING:
    from mmpt_sign.inference.model import SignModel

Kind = Literal["safetensors", "onnx", "int8"]
HOW_IT_WAS_MADE = ("seed", "dataset", "optim", "evaluate")


@dataclass(frozen=True)
class Exported:
    """What was written and what it was measured to be."""

    folder: Path
    bytes: int
    remarks: tuple[str, ...]


def export(
    model: SignModel,
    folder: str | Path,
    to: Kind = "safetensors",
    *,
    half: bool = False,
    slim: bool = False,
    licence: str | None = None,
) -> Exported:
    """Write ``model`` into ``folder``, with its card.

    ``half`` keeps matrices in 16 bits.  ``slim`` does so as well and leaves out the text weights that the installed
    package of text weights has.  Graphs (``onnx``) are always whole and in 32 bits.
    """
    folder = Path(folder)
    _check(model, folder, to, half or slim)
    facts = facts_of(model)
    facts = facts if licence is None else facts.model_copy(update={"licence": licence})
    if to == "onnx":
        from mmpt_sign.inference.onnx_graphs import write_graphs

        form, remarks = write_graphs(model, folder)
        write_text(folder / PAGE, card(facts, model.experiment, form, remarks))
    else:
        form, remarks = _write(model, folder, facts, half=half or slim, slim=slim, int8=to == "int8")
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return Exported(folder, size, (form, *remarks))


def _write(
    model: SignModel, folder: Path, facts: Facts, *, half: bool, slim: bool, int8: bool
) -> tuple[str, tuple[str, ...]]:
    state = merged_state(model.network)
    borrowed = borrowable(state) if slim else None
    if slim and borrowed is None:
        raise CheckpointError("--slim: this model's text weights are its own, no installed package has them")
    kept = {key: value for key, value in state.items() if not _is_borrowed(key, borrowed)}
    form = _form(half=half or int8, int8=int8, borrowed=borrowed)
    write_folder(
        folder,
        quantised(model.network, kept) if int8 else kept,
        model.tokenizer,
        _content(model, facts, form, borrowed),
        half=half or int8,
        pages={PAGE: card(facts, model.experiment, form)},
    )
    remarks = (_measured(model, folder),)
    write_text(folder / PAGE, card(facts, model.experiment, form, remarks))
    return form, remarks


def _measured(model: SignModel, folder: Path) -> str:
    from mmpt_sign.inference.load import load

    given, again = probe(model), load(folder, device=str(model.device))
    return compared(given, vectors(model, given), vectors(again, given))


def _content(model: SignModel, facts: Facts, form: str, borrowed: Borrowed | None) -> dict[str, Any]:
    """The configuration: what the model is, how it was made as far as that is known, and what its card says."""
    own = self_contained(model.experiment).model_dump(mode="json")
    made = read_config(model.folder)["experiment"] if model.folder is not None else {}
    experiment = {**{key: made[key] for key in HOW_IT_WAS_MADE if key in made}, **{key: own[key] for key in OF_A_MODEL}}
    notes = {
        **{key: value for key, value in model.notes.items() if key != "fingerprint"},
        "made_from": str(model.notes.get("fingerprint", "")),
        "form": form,
        NOTE: facts.model_dump(mode="json"),
    }
    content: dict[str, Any] = {"experiment": portable(experiment), "notes": portable(notes)}
    return content if borrowed is None else {**content, "borrowed": borrowed.model_dump(mode="json")}


def _form(*, half: bool, int8: bool, borrowed: Borrowed | None) -> str:
    matrices = "linear maps in 8 bits, tables in 16" if int8 else f"matrices in {16 if half else 32} bits"
    if borrowed is None:
        return f"safetensors, {matrices}"
    package = PACKAGED[borrowed.weights][0].replace("_", "-")
    return f"safetensors, {matrices}, the frozen text weights taken from the package {package} ('mmpt-sign setup text')"


def _is_borrowed(key: str, borrowed: Borrowed | None) -> bool:
    return borrowed is not None and key.startswith(BODY) and key.removeprefix(BODY) in borrowed.tensors


def _check(model: SignModel, folder: Path, to: str, smaller: bool) -> None:
    if to not in ("safetensors", "onnx", "int8"):
        raise ConfigError(f"--to {to}: unknown; known: safetensors, onnx, int8")
    if to == "onnx" and smaller:
        raise ConfigError("--to onnx: graphs are whole and in 32 bits; leave --half and --slim out")
    if is_int8(model.network):
        raise ConfigError("this model is in 8 bits already: export the one that it was made of")
    if model.folder is not None and folder.resolve() == model.folder.resolve():
        raise ConfigError(f"{folder}: is the model itself; write its other form into another folder")
    place_for_model(folder)
