from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest

from prismh_engine.errors import BadValueError, PrismhError
from prismh_engine.settings import Settings, add_flags, read_config, resolve, setting, write_settings


@dataclass(frozen=True)
class Baking(Settings):
    step: ClassVar[str] = "bake"
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {"quick": {"minutes": 5, "heat": 250.0}}

    preset: str | None = setting(None, "a way to bake", choices=("quick",))
    minutes: int = setting(40, "how long", unit="minutes", minimum=1)
    heat: float = setting(180.0, "how hot", above=0, maximum=300)
    rack: int | str = setting("auto", "which rack, 100% sure", choices=("auto",), minimum=0)
    grill: bool = setting(False, "from above")
    tin_shape: str = setting("round", "the tin", choices=("round", "long"))
    output_dir: Path | None = setting(None, "where it goes")
    flour: float = setting(500.0, "how much", unit="grams", above=0)
    inputs: tuple[Path, ...] = setting((), "what goes in")


def _flags(*arguments: str) -> dict[str, Any]:
    parser = argparse.ArgumentParser(exit_on_error=False)
    add_flags(parser, Baking)
    return vars(parser.parse_args(arguments))


def _baking(flags: Mapping[str, Any], **layers: Any) -> Baking:
    return resolve(Baking, flags, layers.get("file"), layers.get("environment", {})).settings


def test_without_anything_given_the_defaults_hold() -> None:
    assert _baking({}) == Baking()


def test_words_may_stand_without_a_flags_name_and_each_is_checked() -> None:
    @dataclass(frozen=True)
    class Tasting(Settings):
        cakes: tuple[str, ...] = setting((), "which", choices=("plum", "cherry"), positional=True)

    def tasting(*arguments: str) -> Tasting:
        parser = argparse.ArgumentParser()
        add_flags(parser, Tasting)
        return resolve(Tasting, vars(parser.parse_args(arguments)), None, {}).settings

    assert tasting() == Tasting()
    assert tasting("cherry", "plum").cakes == ("cherry", "plum")
    with pytest.raises(BadValueError, match="cakes must be one of plum, cherry, got 'lemon'"):
        tasting("plum", "lemon")


def test_each_layer_wins_over_the_one_before_and_its_origin_is_known() -> None:
    file = {"minutes": 10, "heat": 200, "preset": "quick"}
    environment = {"PRISMH_HEAT": "210", "PRISMH_UNKNOWN": "x", "PRISMH_GRILL": "yes"}
    resolved = resolve(Baking, _flags("--rack", "2"), file, environment)
    assert resolved.settings == Baking(preset="quick", minutes=10, heat=210.0, rack=2, grill=True)
    assert resolved.origins == {
        "preset": "file", "minutes": "file", "heat": "environment", "rack": "flag", "grill": "environment",
        "tin_shape": "default", "output_dir": "default", "flour": "default", "inputs": "default",
    }  # fmt: skip
    assert resolved.given("heat")
    assert not resolved.given("tin_shape")


def test_a_preset_stands_below_what_a_person_gives() -> None:
    resolved = resolve(Baking, _flags("--preset", "quick", "--heat", "100"), None, {})
    assert (resolved.settings.minutes, resolved.settings.heat) == (5, 100.0)
    assert resolved.origins["minutes"] == "preset"
    assert not resolved.given("minutes")


def test_flags_may_be_written_with_either_line() -> None:
    for spelling in ("--output_dir", "--output-dir"):
        assert _baking(_flags(spelling, "x", "--tin-shape", "long")) == Baking(output_dir=Path("x"), tin_shape="long")


def test_a_setting_may_hold_several_files(tmp_path: Path) -> None:
    two = (Path("a"), Path("b"))
    assert _baking(_flags("--inputs", "a", "b")).inputs == two
    assert _baking({}, file={"inputs": ["a", "b"]}).inputs == two
    write_settings(tmp_path / "settings.json", resolve(Baking, _flags("--inputs", "a", "b"), None, {}))
    assert _baking({}, file=read_config(tmp_path / "settings.json", "bake")).inputs == two


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--minutes", "0"), "minutes must be >= 1, got 0"),
        (("--minutes", "half"), "minutes must be a whole number, got 'half'"),
        (("--minutes", "1.5"), "minutes must be a whole number, got '1.5'"),
        (("--heat", "0"), "heat must be > 0 and <= 300, got 0.0"),
        (("--heat", "nan"), "heat must be > 0 and <= 300, got nan"),
        (("--flour", "inf"), "flour must be > 0 and finite, got inf"),
        (("--heat", "301"), "heat must be > 0 and <= 300, got 301.0"),
        (("--rack", "top"), "rack must be auto or a whole number, got 'top'"),
        (("--tin_shape", "square"), "tin_shape must be one of round, long, got 'square'"),
        (("--output_dir", ""), "output_dir must be a path, got ''"),
        (("--preset", "slow"), "preset must be one of quick, got 'slow'"),
    ],
)
def test_a_bad_value_is_told_with_its_name_and_range(flags: tuple[str, ...], words: str) -> None:
    with pytest.raises(BadValueError) as raised:
        _baking(_flags(*flags))
    assert str(raised.value) == words


def test_an_unknown_key_of_a_file_names_the_nearest_known_one() -> None:
    with pytest.raises(PrismhError, match="Unknown setting 'minuts' for bake: the nearest known one is 'minutes'"):
        _baking({}, file={"minuts": 3})


def test_settings_that_were_written_can_be_read_as_a_config(tmp_path: Path) -> None:
    resolved = resolve(Baking, _flags("--heat", "99.5", "--grill", "--output_dir", "ü"), None, {})
    write_settings(tmp_path / "settings.json", resolved)
    content = json.loads((tmp_path / "settings.json").read_text(encoding="utf-8"))
    assert content["step"] == "bake"
    assert content["origins"]["heat"] == "flag"
    assert _baking({}, file=read_config(tmp_path / "settings.json", "bake")) == resolved.settings


def test_a_config_may_be_toml_and_must_belong_to_the_step(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text('minutes = 7\nrack = "auto"\n', encoding="utf-8")
    assert _baking({}, file=read_config(tmp_path / "c.toml", "bake")).minutes == 7
    (tmp_path / "c.json").write_text('{"step": "wash", "settings": {}}', encoding="utf-8")
    with pytest.raises(PrismhError, match="holds the settings of the step 'wash', not of 'bake'"):
        read_config(tmp_path / "c.json", "bake")


@pytest.mark.parametrize(("name", "content"), [("c.toml", "minutes = = 7"), ("c.json", "[1]"), ("c.json", "{")])
def test_a_file_that_holds_no_settings_is_told(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(PrismhError, match="is not a settings file"):
        read_config(tmp_path / name, "bake")


def test_help_tells_default_unit_range_and_choices() -> None:
    parser = argparse.ArgumentParser()
    add_flags(parser, Baking)
    text = " ".join(parser.format_help().split())
    assert "how long (>= 1; minutes; default 40)" in text
    assert "the tin (round|long; default round)" in text
    assert "which rack, 100% sure (auto; >= 0; default auto)" in text


def test_a_large_whole_number_keeps_its_digits() -> None:
    assert _baking(_flags("--minutes", "12345678901234567")).minutes == 12345678901234567
    assert _baking(_flags("--minutes", "1e3")).minutes == 1000


def test_names_in_a_config_may_be_written_as_flags_are(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text('output-dir = "x"\ntin_shape = "long"\n', encoding="utf-8")
    assert _baking({}, file=read_config(tmp_path / "c.toml", "bake")) == Baking(output_dir=Path("x"), tin_shape="long")
