"""The one table of colours, the spacings, the icons and the style sheet, for light and dark.

Nothing else but `palette` names a colour: widgets that paint themselves ask `colours()` each time and repaint on
`changed`; the rest follows `resources/style.qss`.
"""

from __future__ import annotations

import dataclasses
import string
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from PySide6.QtCore import QByteArray, QObject, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFont, QGuiApplication, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

SYSTEM, LIGHT, DARK = "system", "light", "dark"

PAGE_MARGIN = 24
CARD_GAP = 14
ROW_GAP = 8
CARD_RADIUS = 10
RAIL_WIDTH = 212
TEXT_PIXELS = 13

ANIMATION_MS = 150

MINIMUM_CONTRAST = 3.0
"""Of a colour that stands for something on the card it is drawn on (WCAG 2, graphical objects)."""


@dataclass(frozen=True)
class Colours:
    """Every colour of one theme, as `#rrggbb`. ink, quiet and primary read at 4.5:1 or more on page and card."""

    name: str
    page: str
    rail: str
    card: str
    ink: str
    quiet: str
    line: str
    hover: str
    primary: str
    primary_hover: str
    on_primary: str
    tint: str
    warning: str
    warning_tint: str


_LIGHT = Colours(
    name=LIGHT, page="#f6f7f8", rail="#edf1f2", card="#ffffff", ink="#1c2427", quiet="#5b686d", line="#dfe4e6",
    hover="#f0f3f4", primary="#0b6e69", primary_hover="#095b57", on_primary="#ffffff", tint="#e3f1f0",
    warning="#9a5b00", warning_tint="#fdf1de",
)  # fmt: skip
_DARK = Colours(
    name=DARK, page="#171b1d", rail="#1b2023", card="#1f2527", ink="#e8edee", quiet="#9fadb2", line="#333b3e",
    hover="#283033", primary="#4fb7b0", primary_hover="#6cc7c1", on_primary="#102322", tint="#193634",
    warning="#f0b45a", warning_tint="#3a2c14",
)  # fmt: skip


class _Theme(QObject):
    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.choice = SYSTEM
        self.scale = 1.0
        self.colours = _LIGHT
        self.follows = False

    def follow_system(self) -> None:
        if self.choice == SYSTEM:
            apply(SYSTEM, self.scale)


_theme = _Theme()
changed = _theme.changed
"""Emitted after the theme or the text size changed."""


def colours() -> Colours:
    """The colours in use now."""
    return _theme.colours


def pixels(drawn: float) -> int:
    """A text-bound length, drawn at 13 px text, at the text size in use."""
    return round(drawn * _theme.scale)


def font(drawn: float = TEXT_PIXELS, *, bold: bool = False) -> QFont:
    """The system's font at a drawn pixel size, for widgets that paint text themselves."""
    made = QFont(QGuiApplication.font())
    made.setPixelSize(pixels(drawn))
    made.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    return made


def apply(choice: str, scale: float) -> None:
    """Put a theme ("system", "light" or "dark") and a text size on the running application."""
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    _theme.choice, _theme.scale = choice, scale
    dark = choice == DARK or (choice == SYSTEM and application.styleHints().colorScheme() == Qt.ColorScheme.Dark)
    _theme.colours = _DARK if dark else _LIGHT
    if application.style().name().lower() != "fusion":
        application.setStyle("Fusion")
    application.setFont(font())
    application.setPalette(_palette(_theme.colours))
    application.setStyleSheet(_style_sheet())
    if not _theme.follows:
        _theme.follows = True
        application.styleHints().colorSchemeChanged.connect(_theme.follow_system)
    changed.emit()


def contrast(one: QColor, other: QColor) -> float:
    """WCAG 2 contrast ratio, 1 to 21."""
    lights = sorted((_luminance(one), _luminance(other)))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def icon(name: str, colour: str | None = None) -> QIcon:
    """An icon of `resources/icons`, in the text colour unless another is given; quiet where it is disabled."""
    made = QIcon()
    made.addPixmap(_picture(name, colour or colours().ink))
    made.addPixmap(_picture(name, colours().quiet), QIcon.Mode.Disabled)
    return made


def resource_folder() -> Path:
    """Where icons, style sheet and help lie: inside the installed package, beside it in a checkout."""
    inside = Path(__file__).parent / "resources"
    return inside if inside.is_dir() else Path(__file__).parent.parent / "resources"


@lru_cache(maxsize=256)
def _picture(name: str, colour: str) -> QPixmap:
    text = (resource_folder() / "icons" / f"{name}.svg").read_text(encoding="utf-8")
    renderer = QSvgRenderer(QByteArray(text.replace("currentColor", colour).encode()))
    picture = QPixmap(64, 64)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    renderer.render(painter, QRectF(0, 0, 64, 64))
    painter.end()
    return picture


def _luminance(colour: QColor) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour.getRgbF()[:3]]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _style_sheet() -> str:
    values: dict[str, object] = {k: v for k, v in dataclasses.asdict(colours()).items() if k != "name"}
    values |= {f"px{size}": f"{pixels(size)}px" for size in (11, 12, 13, 14, 15, 20, 26)}
    values["icons"] = (resource_folder() / "icons").as_posix()
    values["theme"] = colours().name
    template = (resource_folder() / "style.qss").read_text(encoding="utf-8")
    return string.Template(template).substitute(values)


def _palette(table: Colours) -> QPalette:
    palette = QPalette()
    roles = {
        QPalette.ColorRole.Window: table.page, QPalette.ColorRole.Base: table.card,
        QPalette.ColorRole.AlternateBase: table.page, QPalette.ColorRole.Button: table.card,
        QPalette.ColorRole.WindowText: table.ink, QPalette.ColorRole.Text: table.ink,
        QPalette.ColorRole.ButtonText: table.ink, QPalette.ColorRole.PlaceholderText: table.quiet,
        QPalette.ColorRole.ToolTipBase: table.card, QPalette.ColorRole.ToolTipText: table.ink,
        QPalette.ColorRole.Highlight: table.primary, QPalette.ColorRole.HighlightedText: table.on_primary,
        QPalette.ColorRole.Link: table.primary, QPalette.ColorRole.Mid: table.line,
    }  # fmt: skip
    for role, colour in roles.items():
        palette.setColor(role, QColor(colour))
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(table.quiet))
    return palette
