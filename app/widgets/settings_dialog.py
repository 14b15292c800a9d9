"""Theme and text size; both are seen at once."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QDialog, QDialogButtonBox, QFormLayout, QVBoxLayout, QWidget

from .. import theme
from ..settings import TEXT_SIZES, AppSettings
from .card import label


class SettingsDialog(QDialog):
    def __init__(self, settings: AppSettings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("settings_dialog")
        self.setWindowTitle(self.tr("Settings"))
        self._settings = settings
        self._theme = QComboBox()
        self._theme.setObjectName("theme_choice")
        self._theme.setAccessibleName(self.tr("Theme"))
        names = {
            theme.SYSTEM: self.tr("As the system"), theme.LIGHT: self.tr("Light"), theme.DARK: self.tr("Dark")
        }  # fmt: skip
        for value, text in names.items():
            self._theme.addItem(text, value)
        self._theme.setCurrentIndex(self._theme.findData(settings.theme))
        self._size = QComboBox()
        self._size.setObjectName("text_size_choice")
        self._size.setAccessibleName(self.tr("Text size"))
        for size in TEXT_SIZES:
            self._size.addItem(f"{round(100 * size)} %", size)
        self._size.setCurrentIndex(TEXT_SIZES.index(settings.text_size))
        self._theme.currentIndexChanged.connect(self._changed)
        self._size.currentIndexChanged.connect(self._changed)
        form = QFormLayout()
        form.setHorizontalSpacing(theme.PAGE_MARGIN)
        form.setVerticalSpacing(theme.CARD_GAP)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        form.addRow(label(self.tr("Theme"), "why"), self._theme)
        form.addRow(label(self.tr("Text size"), "why"), self._size)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        close = buttons.button(QDialogButtonBox.StandardButton.Close)
        close.setObjectName("close_settings")
        close.setText(self.tr("Close"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.PAGE_MARGIN, 20, theme.PAGE_MARGIN, 20)
        layout.setSpacing(theme.PAGE_MARGIN)
        layout.addWidget(label(self.tr("Settings"), "title"))
        layout.addLayout(form)
        layout.addWidget(buttons)
        self.setMinimumWidth(theme.pixels(360))

    def _changed(self) -> None:
        self._settings.theme = self._theme.currentData()
        self._settings.text_size = self._size.currentData()
        theme.apply(self._settings.theme, self._settings.text_size)
