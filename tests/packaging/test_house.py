"""The rules of the house: short files, short functions, full annotations, and imports that point downwards."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.packaging.tree import PACKAGE, ROOT, modules, sources

MAX_FILE = 500
MAX_FUNCTION = 60
VAGUE = {"utils", "util", "helpers", "helper", "misc", "common", "shared", "stuff"}

# From the top of the house to its cellar.  A room may import from its own floor and from those below.
FLOORS = (
    {"cli"},
    {"serve", "launch"},
    {"inference", "training", "evaluation", "look", "released"},
    {"models", "losses", "similarity", "batches"},
    {"datasets", "streams"},
    {"poses", "features", "video", "extraction", "text"},
    {"config", "registry", "records", "files", "installation", "errors"},
)
FLOOR = {room: height for height, rooms in enumerate(FLOORS) for room in rooms}
FRONT_DOOR = "mmpt_sign"
MAY_USE_THE_FRONT_DOOR = {"cli", "serve", "launch"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(tree: ast.AST) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_are_short_and_annotated(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MAX_FILE
    for function in functions(ast.parse(text)):
        lines = (function.end_lineno or function.lineno) - function.lineno + 1
        assert lines <= MAX_FUNCTION, f"{function.name}: {lines} lines"
        assert not unannotated(function), f"{function.name}: {', '.join(unannotated(function))}"


def unannotated(function: Function) -> list[str]:
    arguments = function.args
    optional = [argument for argument in (arguments.vararg, arguments.kwarg) if argument]
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *optional]
    bare = [argument.arg for argument in named if not argument.annotation and argument.arg not in ("self", "cls")]
    return bare + ([] if function.returns else ["result"])


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_names_say_something(path: Path) -> None:
    assert not VAGUE & {part.strip("_") for part in path.relative_to(ROOT).with_suffix("").parts}


def test_every_folder_of_modules_is_a_package() -> None:
    folders = {path.parent for path in sources() if PACKAGE in path.parents}
    assert not [str(folder.relative_to(ROOT)) for folder in folders if not (folder / "__init__.py").is_file()]


def test_only_the_command_line_prints() -> None:
    found = [
        f"{name}:{node.lineno}"
        for name, tree in modules().items()
        if room(name) != "cli"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert not found


def test_every_room_has_its_floor() -> None:
    assert {room(name) for name in modules()} - {""} <= set(FLOOR)


@pytest.mark.parametrize("name", modules())
def test_imports_point_downwards(name: str) -> None:
    for target in imported(name, at_import_time=False):
        if target == FRONT_DOOR:
            assert room(name) in MAY_USE_THE_FRONT_DOOR, f"{name} imports the public interface instead of a module"
        elif room(name):
            assert FLOOR[room(target)] >= FLOOR[room(name)], f"{name} imports {target} from above"


def test_only_training_knows_fairseq() -> None:
    knowing = {
        name for name, tree in modules().items() if any(n.split(".")[0].startswith("fairseq") for n in names(tree))
    }
    assert {room(name) for name in knowing} <= {"training"}


def test_no_cycles_at_import_time() -> None:
    graph = {name: imported(name, at_import_time=True) - {FRONT_DOOR} for name in modules()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def room(name: str) -> str:
    """``mmpt_sign.losses.info_nce`` -> ``losses``; the package itself has none."""
    return name.split(".")[1] if "." in name else ""


def imported(name: str, *, at_import_time: bool) -> set[str]:
    """The package's own modules that ``name`` imports: on import, or ever.  What only type checkers see is left out."""
    tree = modules()[name]
    found = set()
    for dotted in names(tree, at_import_time=at_import_time):
        if dotted.split(".")[0] == FRONT_DOOR and dotted != f"{FRONT_DOOR}.__version__":
            found.add(dotted if dotted in modules() else dotted.rpartition(".")[0])
    return found - {name}


def names(tree: ast.AST, *, at_import_time: bool = False) -> Iterator[str]:
    """Dotted names of everything imported: ``from a.b import c`` is ``a.b.c``."""
    for node in reached(tree, at_import_time):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def reached(tree: ast.AST, at_import_time: bool) -> Iterator[ast.AST]:
    """The nodes that run: not those for type checkers and, at import time, not the bodies of functions."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING"):
            continue
        if at_import_time and isinstance(child, Function):
            continue
        yield child
        yield from reached(child, at_import_time)
