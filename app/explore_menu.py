"""The menu Explore: everything the Explore page can do, for the keyboard."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QMenu, QWidget

from .menu_entry import add_entry

if TYPE_CHECKING:
    from .pages.explore import ExplorePage

_COARSER, _FINER = -1, 1


class ExploreMenu(QMenu):
    """page: the Explore page; its actions can be used while it is on screen."""

    def __init__(self, page: Callable[[], ExplorePage], parent: QWidget) -> None:
        super().__init__(parent)
        self.setTitle(self.tr("E&xplore"))
        self._page = page
        self._say("name_selection", self.tr("&Name what is selected…"), self._name, "F2")
        self._say("name_next", self.tr("Name these ne&xt"), self._name_next, "Ctrl+Shift+N")
        self._say("show_suggested", self.tr("Sugg&ested names"), self._show_suggested, "Ctrl+Shift+G")
        self._say("accept_suggested", self.tr("&Accept those that are shown"), self._accept, "Ctrl+Shift+Return")
        self._say("learn_with_names", self.tr("Learn again &with my names"), self._learn_with_names)
        self.addSeparator()
        self._say("similar", self.tr("&Similar"), self._ask, "Ctrl+I")
        self._say("unusual", self.tr("Unus&ual"), self._ask, "Ctrl+U")
        self._say("near_duplicates", self.tr("Near &duplicates"), self._ask, "Ctrl+D")
        self.addSeparator()
        self._say("finer", self.tr("&Finer groups"), self._finer, "Ctrl+]")
        self._say("coarser", self.tr("&Coarser groups"), self._coarser, "Ctrl+[")
        self._say("split", self.tr("S&plit the group"), self._ask, "Ctrl+Shift+S")
        self._say("join", self.tr("&Join the selected groups"), self._ask, "Ctrl+J")
        self.addSeparator()
        self._say("lasso", self.tr("&Lasso"), self._choose_tool, "Ctrl+Shift+L")
        self._say("box", self.tr("&Box"), self._choose_tool, "Ctrl+Shift+B")
        self._say("point", self.tr("P&oint"), self._choose_tool, "Ctrl+Shift+P")
        self._say("fit_selection", self.tr("&Zoom to the selection"), self._fit_selection, "Ctrl+Shift+M")
        self._say("fit", self.tr("Show all of the &map"), self._fit, "Ctrl+0")
        self._say("show_filters", self.tr("Fil&ters"), self._show_filters, "Ctrl+Shift+F")
        self._say("all_groups", self.tr("Back to all &groups"), self._close, "Alt+Left")
        self.addSeparator()
        self._say("save_map_picture", self.tr("Save the map as a pictu&re…"), self._save_picture)
        self.say_page("")

    def say_page(self, name: str) -> None:
        """Which page is on screen."""
        for action in self.actions():
            action.setEnabled(name == "explore")

    def _say(self, object_name: str, text: str, call: Callable[[], object], shortcut: str = "") -> None:
        add_entry(self, f"explore_{object_name}", text, call, shortcut).setData(object_name)

    def _name(self) -> None:
        self._page().selecting.begin_naming()

    def _name_next(self) -> None:
        self._page().selecting.name_next()

    def _show_suggested(self) -> None:
        self._page().selecting.show_suggested()

    def _accept(self) -> None:
        self._page().selecting.accept()

    def _learn_with_names(self) -> None:
        self._page().learn_with_names()

    def _ask(self) -> None:
        self._page().selecting.ask(str(self.sender().data()))

    def _finer(self) -> None:
        self._page().show_finer(_FINER)

    def _coarser(self) -> None:
        self._page().show_finer(_COARSER)

    def _choose_tool(self) -> None:
        self._page().choose_tool(str(self.sender().data()))

    def _fit_selection(self) -> None:
        self._page().views.fit_selection()

    def _fit(self) -> None:
        self._page().views.fit()

    def _show_filters(self) -> None:
        self._page().show_filters()

    def _close(self) -> None:
        self._page().selecting.close()

    def _save_picture(self) -> None:
        self._page().save_picture()
