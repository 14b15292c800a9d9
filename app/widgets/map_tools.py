"""The row above the map: what colours it, how fine its groups are, what the mouse does, and which map is seen."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QWidget

from .. import theme
from .card import label
from .chip import Chip, ChipRow
from .embedding_map import BOX, LASSO, POINT
from .flow_layout import FlowLayout
from .group_slider import GroupSlider

INSTANT, LEARNED, BY_PLACE = "instant", "learned", "by_place"
_WIDEST_COLOUR = 110


class MapTools(QWidget):
    """Tells what is chosen; shows nothing by itself."""

    colour_chosen = Signal(str)
    tool_chosen = Signal(str)
    view_chosen = Signal(str)
    filter_toggled = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._colour = QComboBox()
        self._colour.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self._colour.setObjectName("colour_by")
        self._colour.setAccessibleName(self.tr("Colour the photos by"))
        self._colour.activated.connect(self._colour_activated)
        self.slider = GroupSlider()
        self._tools = ChipRow(
            [
                Chip(LASSO, self.tr("Lasso"), tip=self.tr("Draw around photos. Shift adds, Control takes away.")),
                Chip(
                    BOX,
                    self.tr("Box"),
                    tip=self.tr(
                        "Drag a box around photos. A click takes a whole group. Shift adds, Control takes away."
                    ),
                ),
                Chip(
                    POINT, self.tr("Point"), tip=self.tr("A click takes one photo, Shift adds. A drag moves the map.")
                ),
            ]
        )
        self._tools.chosen.connect(self.tool_chosen)
        self._filter = QPushButton(self.tr("Filter"))
        self._filter.setObjectName("filter_button")
        self._filter.setAccessibleName(self.tr("Show only some photos"))
        self._filter.setProperty("role", "action")
        self._filter.setCheckable(True)
        self._filter.toggled.connect(self.filter_toggled)
        self._views = ChipRow()
        self._views.chosen.connect(self.view_chosen)
        coloured = QWidget()
        beside = QHBoxLayout(coloured)
        beside.setContentsMargins(0, 0, theme.ROW_GAP, 0)
        beside.setSpacing(theme.ROW_GAP)
        beside.addWidget(label(self.tr("Colour"), "quiet"))
        beside.addWidget(self._colour)
        layout = FlowLayout(self, theme.ROW_GAP, last_at_right=True)
        for widget in (coloured, self.slider, self._tools, self._filter, self._views):
            layout.addWidget(widget)
        self.show_views(learnings=0, placed=False)

    def offer_colours(self, names: Sequence[tuple[str, str]], chosen: str) -> None:
        """Ways to colour, each with its words."""
        with QSignalBlocker(self._colour):
            self._colour.clear()
            metrics, width = self._colour.fontMetrics(), theme.pixels(_WIDEST_COLOUR)
            for name, text in names:  # columns of a table may have long names, which the legend shows whole
                self._colour.addItem(metrics.elidedText(text, Qt.TextElideMode.ElideRight, width), name)
            self._colour.setCurrentIndex(max(0, self._colour.findData(chosen)))

    def show_views(self, *, learnings: int, placed: bool, first: str = "") -> None:
        """learnings: how many have a map to show; placed: whether photos carry a place. first: the one of the two maps
        to look at first, "" where that is not known.
        """
        by_starter = self.tr("The map by what the starter encoder sees.")
        none_yet = self.tr("There is one after learning from these photos, which is optional.")
        by_learning = self.tr("The map by what was learned from these photos.")
        no_place = self.tr("None of these photos carries a place.")
        if learnings > 1:
            there_are = self.tr("There are {0}: the button above the map says which.")
            by_learning = f"{by_learning} {there_are.format(learnings)}"
        at_first = self.tr("Look at this one first.")
        if first == INSTANT:
            by_starter = f"{by_starter} {at_first}"
        elif first == LEARNED:
            by_learning = f"{by_learning} {at_first}"
        self._views.set_chips(
            [
                Chip(INSTANT, self.tr("Instant"), tip=by_starter),
                Chip(
                    LEARNED,
                    self.tr("Learned"),
                    tip=by_learning if learnings else none_yet,
                    enabled=learnings > 0,
                ),
                Chip(
                    BY_PLACE,
                    self.tr("By place"),
                    tip=self.tr("Where the photos were taken.") if placed else no_place,
                    enabled=placed,
                ),
            ]
        )

    def show_view(self, view: str) -> None:
        self._views.show_choice(view)

    def choose_tool(self, tool: str) -> None:
        """Choose a tool as if its chip had been clicked."""
        self._tools.choose(tool)

    def show_filtering(self, is_open: bool) -> None:
        with QSignalBlocker(self._filter):
            self._filter.setChecked(is_open)

    def toggle_filtering(self, *, take_focus: bool) -> None:
        """As a click on the button does, with the keyboard at it too where that is wanted."""
        if take_focus:
            self._filter.setFocus(Qt.FocusReason.OtherFocusReason)
        self._filter.toggle()

    def _colour_activated(self, row: int) -> None:
        self.colour_chosen.emit(str(self._colour.itemData(row)))
