"""YAML with the line of every key remembered, so that a message can point at it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from mmpt_sign.errors import ConfigError

KeyPath: TypeAlias = tuple[str | int, ...]
MAX_BYTES = 1 << 20
MAX_NODES = 50_000
SHOWN = 60
OF_SYNTAX = (RecursionError, ValueError, OverflowError)  # what the parser lets through besides its own errors
OF_VALUES = (ValueError, LookupError, AttributeError, TypeError, ArithmeticError)  # the same of its constructors


@dataclass
class Marked:
    """Plain values plus, for each path into them, the place they were written at (``file:line``)."""

    values: dict[str, Any] = field(default_factory=dict)
    places: dict[KeyPath, str] = field(default_factory=dict)

    def place(self, path: KeyPath) -> str:
        """Where ``path`` or its nearest written parent stands."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.places:
                return self.places[path[:length]]
        return "experiment"


def read_marked(path: Path) -> Marked:
    """Parse one file; syntax errors, duplicate keys and oversized or self-expanding files are `ConfigError`."""
    import yaml

    text = _text(path)
    reader = _Reader(str(path), yaml.SafeLoader(""))
    try:
        values = reader.read(text)
    except (yaml.YAMLError, *OF_SYNTAX) as error:
        raise ConfigError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from error
    if reader.problems:
        raise ConfigError(reader.problems)
    values = {} if values is None else values
    if not isinstance(values, dict):
        raise ConfigError(f"{path}: an experiment is a mapping of keys to values")
    reader.places[()] = str(path)
    return Marked(values, reader.places)


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise ConfigError(f"{path}: larger than {MAX_BYTES} bytes, not an experiment file")
        return data.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read ({error})") from error


def read_scalar(text: str, place: str) -> Any:
    """A value of an option, which is the ``place``, in YAML's own spelling: ``0.1``, ``[a, b]``, ``{name: linear}``."""
    import yaml

    reader = _Reader(place, yaml.SafeLoader(""))
    try:
        value = reader.read(text)
    except (yaml.YAMLError, *OF_SYNTAX) as error:
        raise ConfigError(f"{place}: '{_short(text)}' is not a YAML value: {' '.join(str(error).split())}") from error
    if reader.problems:
        raise ConfigError(reader.problems)
    return value


class _Reader:
    """Turns composed nodes into values, noting lines; YAML 1.1's blind spot for ``5e-5`` is mended here."""

    def __init__(self, name: str, constructor: Any) -> None:
        self.name = name
        self.constructor = constructor
        self.places: dict[KeyPath, str] = {}
        self.problems: list[str] = []
        self.nodes = 0

    def read(self, text: str) -> Any:
        """All values of a text, None where it is empty."""
        import yaml

        root = yaml.compose(text, Loader=yaml.SafeLoader)
        return None if root is None else self.convert(root, ())

    def convert(self, node: Any, path: KeyPath) -> Any:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise ConfigError(f"{self.name}: expands to more than {MAX_NODES} values")
        self.places.setdefault(path, f"{self.name}:{node.start_mark.line + 1}")
        if node.id == "mapping":
            return self._mapping(node, path)
        if node.id == "sequence":
            return [self.convert(child, (*path, index)) for index, child in enumerate(node.value)]
        value = self._plain(node)
        return _number(value) if node.tag.endswith(":str") and node.style is None else value

    def _plain(self, node: Any) -> Any:
        """One value; what is none becomes a problem with its line, so that all of them are told at once."""
        from yaml import YAMLError

        try:
            return self.constructor.construct_object(node)
        except (YAMLError, *OF_VALUES):
            written = _short(node.value) if isinstance(node.value, str) else "this"
            kind = node.tag.rsplit(":", 1)[-1]
            self.problems.append(
                f"{self.name}:{node.start_mark.line + 1}: '{written}' is no {kind} that YAML can read; "
                "put it into quotes if it is meant as text"
            )
            return None

    def _mapping(self, node: Any, path: KeyPath) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(self._plain(key_node))
            place = f"{self.name}:{key_node.start_mark.line + 1}"
            if key in values:
                self.problems.append(f"{place}: '{key}' is written twice")
            self.places[(*path, key)] = place
            values[key] = self.convert(value_node, (*path, key))
        return values


def _short(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def _number(text: str) -> str | float:
    """``5e-5`` as the number its writer meant; YAML 1.1 wants ``5.0e-5``."""
    if text[:1] in "+-.0123456789" and ("e" in text or "E" in text):
        try:
            return float(text)
        except ValueError:
            return text
    return text
