"""The row above the photos: which kind is shown, in what order, and what is searched for."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QAction, QActionGroup, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QPushButton, QWidget

from .. import photo_filters, theme
from .chip import Chip, ChipRow

SEARCH_WIDTH = 170
MS_AFTER_TYPING = 200


class PhotoFilterBar(QWidget):
    """Says `changed` when something else is asked for; typing is waited for until it rests."""

    changed = Signal()
    limits_wanted = Signal()
    """A person asked to see by what photos are set aside."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._chips = ChipRow(self._always())  # first, as Tab takes them
        self._chips.setObjectName("verdict_chips")
        self._chips.chosen.connect(self.changed)
        self.limits = QPushButton(self.tr("Limits"))
        self.limits.setObjectName("show_limits")
        self.limits.setAccessibleName(self.tr("Limits from which photos are set aside"))
        self.limits.setToolTip(self.tr("How dark, how blurred, how alike a photo must be to be set aside"))
        self.limits.setProperty("role", "link")
        self.limits.clicked.connect(self.limits_wanted)
        self._sort = self._sort_button()
        self._search = QLineEdit()
        self._search.setObjectName("photo_search")
        self._search.setProperty("role", "search")
        self._search.setPlaceholderText(self.tr("Search name or date"))
        self._search.setAccessibleName(self.tr("Search name or date"))
        self._search.setClearButtonEnabled(True)
        self._typing = QTimer(self)
        self._typing.setSingleShot(True)
        self._typing.setInterval(MS_AFTER_TYPING)
        self._typing.timeout.connect(self.changed)
        self._search.textChanged.connect(self._typed)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.ROW_GAP)
        layout.addWidget(self._chips, 1)
        for widget in (self.limits, self._sort, self._search):
            layout.addWidget(widget, 0, Qt.AlignmentFlag.AlignTop)
        theme.changed.connect(self._fit)
        self._fit()

    @property
    def which(self) -> str:
        return self._chips.choice() or photo_filters.ALL

    @property
    def search(self) -> str:
        return self._search.text()

    @property
    def only_set_aside(self) -> bool:
        """Whether no photo that is used can be among those shown."""
        return self.which in (*photo_filters.VERDICTS, photo_filters.BY_HAND)

    @property
    def sort(self) -> str:
        return str(self._sort_actions.checkedAction().data())

    def show_counts(self, counts: Mapping[str, int]) -> None:
        """Show how many photos there are of each kind; kinds of which there is none have no chip."""
        texts = {
            "blurry": self.tr("Blurry"), "dark": self.tr("Dark"), "duplicate": self.tr("Near-duplicates"),
            "outlier": self.tr("Unusual"), "invalid": self.tr("Unreadable"),
            photo_filters.BY_HAND: self.tr("Set aside by you"), photo_filters.TAKEN_BACK: self.tr("Taken back by you"),
            photo_filters.MISSING: self.tr("Not found"),
        }  # fmt: skip
        self._chips.set_chips(
            self._always(counts) + [Chip(name, text, counts[name]) for name, text in texts.items() if counts.get(name)]
        )

    def nothing_matches(self) -> str:
        """That no photo is shown, and what was asked for: it may have been asked days ago."""
        search = " ".join(self.search.split())
        if not search:
            return self.tr("No photo matches.")
        if self.which == photo_filters.ALL:
            return self.tr("No photo matches the search “{0}”.").format(search)
        return self.tr("No photo of “{0}” matches the search “{1}”.").format(self._chips.choice_text(), search)

    def focus_search(self) -> None:
        self._search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._search.selectAll()

    def show_all(self) -> None:
        """Ask for every photo again."""
        self._search.clear()
        self._typing.stop()
        self._chips.choose(photo_filters.ALL)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self._search.hasFocus() and self._search.text():
            self._search.clear()
            self._typing.stop()
            self.changed.emit()
        else:
            super().keyPressEvent(event)

    def _always(self, counts: Mapping[str, int] | None = None) -> list[Chip]:
        counts = counts or {}
        return [
            Chip(photo_filters.ALL, self.tr("All"), counts.get(photo_filters.ALL, 0)),
            Chip(photo_filters.USED, self.tr("Used"), counts.get(photo_filters.USED, 0)),
        ]

    def _typed(self) -> None:
        self._typing.start()

    def _sort_button(self) -> QPushButton:
        button = QPushButton()
        button.setObjectName("photo_sort")
        button.setProperty("role", "link")
        self._sorts = {
            photo_filters.NEWEST: self.tr("newest"),
            photo_filters.OLDEST: self.tr("oldest"),
            photo_filters.NAME: self.tr("name"),
            photo_filters.BLURRIEST: self.tr("blurriest first"),
            photo_filters.DARKEST: self.tr("darkest first"),
            photo_filters.UNUSUAL: self.tr("most unusual first"),
        }
        menu = QMenu(button)
        self._sort_actions = QActionGroup(menu)
        for name, text in self._sorts.items():
            action = QAction(text, menu, checkable=True)
            action.setData(name)
            action.setObjectName(f"sort_{name}")
            self._sort_actions.addAction(action)
            menu.addAction(action)
        self._sort_actions.actions()[0].setChecked(True)
        self._sort_actions.triggered.connect(self._sort_chosen)
        button.setMenu(menu)
        button.setText(self.tr("Sort: {0}").format(self._sorts[photo_filters.NEWEST]))
        button.setAccessibleName(button.text())
        return button

    def _sort_chosen(self, action: QAction) -> None:
        self._sort.setText(self.tr("Sort: {0}").format(self._sorts[action.data()]))
        self._sort.setAccessibleName(self._sort.text())
        self.changed.emit()

    def _fit(self) -> None:
        self._search.setFixedWidth(theme.pixels(SEARCH_WIDTH))
