"""How a step's settings, one frozen dataclass, become flags, a settings file, environment variables and a panel.

Values come from, in rising order: default, preset, file (`--config`), `PRISMH_<FLAG>`, flag.
"""

from __future__ import annotations

import argparse
import dataclasses
import difflib
import json
import math
import os
import sys
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from .errors import BadValueError, PrismhError
from .files import write_json

ENVIRONMENT_PREFIX = "PRISMH_"


def setting(
    default: Any,
    help: str,
    *,
    unit: str = "",
    choices: Sequence[str] = (),
    minimum: float | None = None,
    above: float | None = None,
    maximum: float | None = None,
    positional: bool = False,
) -> Any:
    """A field of a step's settings. `minimum` and `maximum` are included in the range, `above` is not.

    `choices` are the words allowed; beside a number type they are words that may stand in its place ("auto").
    positional: several values that stand at the command line without a flag's name.
    """
    metadata = {
        "help": help, "unit": unit, "choices": tuple(choices), "minimum": minimum, "above": above, "maximum": maximum,
        "positional": positional,
    }  # fmt: skip
    return dataclasses.field(default=default, metadata=metadata)


@dataclass(frozen=True)
class Settings:
    """Base of every step's settings: checks each value against its field's range and choices."""

    step: ClassVar[str] = ""
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {}

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            _check(field, getattr(self, field.name))


S = TypeVar("S", bound=Settings)


@dataclass(frozen=True)
class Resolved(Generic[S]):
    """Settings and where each value came from: default, preset, file, environment, flag."""

    settings: S
    origins: Mapping[str, str]

    def given(self, name: str) -> bool:
        """Whether a person gave this value (by file, environment or flag)."""
        return self.origins[name] in ("file", "environment", "flag")


def add_flags(parser: argparse.ArgumentParser, cls: type[Settings]) -> None:
    """Add a flag for each field, spelled with `_` or `-`, with help, default, unit and range."""
    for field in dataclasses.fields(cls):
        if field.metadata["positional"]:
            metavar = _metavar(field)
            parser.add_argument(field.name, nargs="*", default=argparse.SUPPRESS, metavar=metavar, help=_help(field))
            continue
        flags = [f"--{field.name}"]
        if "_" in field.name:
            flags.append(f"--{field.name.replace('_', '-')}")
        arguments: dict[str, Any] = {"dest": field.name, "default": argparse.SUPPRESS, "help": _help(field)}
        if field_type(field) is bool:
            arguments["action"] = "store_true"
        else:
            arguments["metavar"] = _metavar(field)
        if takes_several(field):
            arguments["nargs"] = "+"
        parser.add_argument(*flags, **arguments)


def resolve(
    cls: type[S],
    flags: Mapping[str, Any],
    file: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Resolved[S]:
    """Put a step's settings together from its layers. Values may be text as a person types it.

    Raises `BadValueError` for a value outside its range, `PrismhError` for an unknown key of the file.
    """
    fields = {field.name: field for field in dataclasses.fields(cls)}
    for key in file or {}:
        if key not in fields:
            near = difflib.get_close_matches(key, fields, n=1, cutoff=0.0)
            raise PrismhError(f"Unknown setting {key!r} for {cls.step}: the nearest known one is {near[0]!r}.")
    environment = os.environ if environment is None else environment
    from_environment = {
        name: environment[ENVIRONMENT_PREFIX + name.upper()]
        for name in fields
        if ENVIRONMENT_PREFIX + name.upper() in environment
    }
    given: dict[str, tuple[str, Any]] = {}
    for origin, layer in (("file", file or {}), ("environment", from_environment), ("flag", flags)):
        given.update({name: (origin, layer[name]) for name in fields if name in layer})
    preset = given.get("preset", ("", None))[1]
    if preset is not None and preset not in cls.presets:
        raise BadValueError(f"preset must be one of {', '.join(cls.presets)}, got {preset!r}")
    layers: dict[str, tuple[str, Any]] = {
        name: ("preset", value) for name, value in cls.presets.get(preset or "", {}).items()
    }
    layers.update(given)
    values = {name: _convert(fields[name], value) for name, (_, value) in layers.items()}
    origins = {name: layers[name][0] if name in layers else "default" for name in fields}
    return Resolved(cls(**values), origins)


def write_settings(path: Path, resolved: Resolved[Any]) -> None:
    """Write `settings.json`: the step, each value and its origin."""
    values = {
        field.name: _plain(getattr(resolved.settings, field.name)) for field in dataclasses.fields(resolved.settings)
    }
    write_json(path, {"step": resolved.settings.step, "settings": values, "origins": dict(resolved.origins)})


def read_config(path: Path, step: str) -> dict[str, Any]:
    """The values of a TOML file or of an earlier run's `settings.json` for `step`.

    Raises `PrismhError` where the file cannot be read or belongs to another step.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        content = json.loads(text) if path.suffix.lower() == ".json" else _read_toml(text)
    except OSError as error:
        raise PrismhError(f"Cannot read the settings file {path}: {error.strerror}.") from error
    except ValueError as error:
        raise PrismhError(f"{path} is not a settings file (TOML, or a run's settings.json): {error}.") from error
    if not isinstance(content, dict):
        raise PrismhError(f"{path} is not a settings file: it should hold names and values.")
    if content.get("step", step) != step:
        raise PrismhError(f"{path} holds the settings of the step {content['step']!r}, not of {step!r}.")
    values = content.get("settings", content)
    # Names may be written as flags are, with `-` too.
    return {name.replace("-", "_"): value for name, value in values.items() if value is not None and name != "step"}


def field_type(field: dataclasses.Field[Any]) -> type:
    """The one type of a field, or of its values, beside None and words: int, float, bool, str or Path."""
    return next(t for t in _members(_hint(field)) if t is not types.NoneType)


def takes_several(field: dataclasses.Field[Any]) -> bool:
    """Whether a field holds a tuple of values, each of `field_type`."""
    return typing.get_origin(_hint(field)) is tuple


def _hint(field: dataclasses.Field[Any]) -> Any:
    return _HINTS[field.type] if isinstance(field.type, str) else field.type


# Settings use these types alone, so that each has one way to be read, written and shown.
_HINTS: dict[str, Any] = {
    "int": int, "float": float, "bool": bool, "str": str, "Path": Path,
    "int | None": int | None, "float | None": float | None, "str | None": str | None, "Path | None": Path | None,
    "int | str": int | str, "float | str": float | str,
    "tuple[Path, ...]": tuple[Path, ...], "tuple[str, ...]": tuple[str, ...],
}  # fmt: skip


def _members(hint: Any) -> tuple[Any, ...]:
    return typing.get_args(hint) or (hint,)


def _convert(field: dataclasses.Field[Any], value: Any) -> Any:
    """A value as its field's type; text is read as a person types it."""
    kind = field_type(field)
    if value is None or (isinstance(value, str) and value in field.metadata["choices"]):
        return value
    try:
        if takes_several(field):
            return tuple(kind(one) for one in (value.split(os.pathsep) if isinstance(value, str) else value))
        if kind is bool:
            return _BOOLEANS[str(value).lower()]
        if kind is Path and value == "":  # `Path("")` is the folder one stands in, which nobody means
            raise ValueError
        return _whole(value) if kind is int else kind(value)
    except (ValueError, TypeError, KeyError, OverflowError):
        words = [*field.metadata["choices"], _KIND_NAMES[kind]]
        raise BadValueError(f"{field.name} must be {' or '.join(words)}, got {value!r}") from None


def _whole(value: Any) -> int:
    if isinstance(value, bool):
        raise ValueError
    try:
        return int(str(value))  # a large number would lose its last digits as a float
    except ValueError:
        if float(value) != int(float(value)):
            raise
        return int(float(value))


_BOOLEANS = {
    "1": True,
    "true": True,
    "yes": True,
    "on": True,
    "0": False,
    "false": False,
    "no": False,
    "off": False,
}
_KIND_NAMES = {int: "a whole number", float: "a number", bool: "true or false", str: "text", Path: "a path"}


def _check(field: dataclasses.Field[Any], value: Any) -> None:
    choices = field.metadata["choices"]
    if value is None or value in choices:
        return
    if choices and field_type(field) is str:
        for one in value if takes_several(field) else (value,):
            if one not in choices:
                raise BadValueError(f"{field.name} must be one of {', '.join(choices)}, got {one!r}")
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        low, above, high = (field.metadata[key] for key in ("minimum", "above", "maximum"))
        too_low = (low is not None and not value >= low) or (above is not None and not value > above)
        if too_low or (high is not None and not value <= high) or value != value:
            raise BadValueError(f"{field.name} must be {_range(field)}, got {value}")
        if value == math.inf:
            raise BadValueError(f"{field.name} must be {_range(field)} and finite, got {value}")


def _range(field: dataclasses.Field[Any]) -> str:
    low, above, high = (field.metadata[key] for key in ("minimum", "above", "maximum"))
    parts = [f">= {_short(low)}"] if low is not None else [f"> {_short(above)}"] if above is not None else []
    return " and ".join(parts + ([f"<= {_short(high)}"] if high is not None else [])) or "a number"


def _short(number: float) -> str:
    return str(number) if isinstance(number, int) else f"{number:g}"


def _help(field: dataclasses.Field[Any]) -> str:
    notes = []
    if field.metadata["choices"]:
        notes.append("|".join(field.metadata["choices"]))
    if any(field.metadata[key] is not None for key in ("minimum", "above", "maximum")):
        notes.append(_range(field))
    if field.metadata["unit"]:
        notes.append(field.metadata["unit"])
    if field_type(field) is not bool and field.default not in (None, ()):
        notes.append(f"default {field.default}")
    text = field.metadata["help"] + (f" ({'; '.join(notes)})" if notes else "")
    return text.replace("%", "%%")


def _metavar(field: dataclasses.Field[Any]) -> str:
    return {int: "N", float: "X", str: "NAME", Path: "PATH"}[field_type(field)]


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return str(value) if isinstance(value, Path) else value


def _read_toml(text: str) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib as toml
    else:
        import tomli as toml
    return toml.loads(text)
