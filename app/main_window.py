"""The frame: the rail, one page at a time, the line of notices, menus, and what happens when the window is closed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QSize, Qt
from PySide6.QtGui import QAction, QCloseEvent, QIcon, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QPushButton, QStackedWidget, QStyle, QVBoxLayout, QWidget

from prismh_engine.jobs import Job, Progress, StopToken

from . import theme
from .decisions import Decisions
from .dropped_folder import DroppedFolder
from .edit_menu import EditMenu
from .elsewhere import Elsewhere
from .explore_menu import ExploreMenu
from .menu_entry import add_entry
from .pages.page import Page
from .pages.start import StartPage
from .photos_menu import PhotosMenu
from .project_menu import ProjectMenu
from .session import LEARNING, Session
from .settings import AppSettings
from .widgets.leave_learning import may_leave
from .widgets.notice import Notice
from .widgets.opening_notice import OpeningNotice
from .widgets.rail import Rail
from .widgets.unfinished_notice import UnfinishedNotice

if TYPE_CHECKING:
    from .pages.explore import ExplorePage
    from .pages.photos import PhotosPage

DRAWN_WIDTH, DRAWN_HEIGHT = 1280, 800
SMALLEST_WIDTH, SMALLEST_HEIGHT = 960, 620
ROAD = ("photos", "explore", "export", "training")


class MainWindow(QMainWindow):
    """The one window. Pages are made when they are first shown, so that the first frame waits for none of them."""

    def __init__(self, settings: AppSettings) -> None:
        super().__init__()
        self.setObjectName("main_window")
        self.setWindowTitle("Prism-H")
        self.setWindowIcon(QIcon(str(theme.resource_folder() / "icons" / "prism.svg")))
        self.setMinimumSize(SMALLEST_WIDTH, SMALLEST_HEIGHT)
        self.session = Session(settings, self)
        self._decisions = Decisions(self.session)
        Elsewhere(self.session, self._decisions)
        self._settings = settings
        self._pages: dict[str, QWidget] = {}
        self._help: QWidget | None = None
        self._closed = self._ready = False
        self._first_page = "photos"
        self._rail = Rail(self.session)
        self._rail.step_chosen.connect(self.show_page)
        self._rail.settings_chosen.connect(self.show_settings)
        self._rail.help_chosen.connect(self.show_help)
        self._rail.hide()
        self.notice = Notice()
        OpeningNotice(self.session, self.notice)
        self._unfinished = UnfinishedNotice(self.session, self.notice)
        self._unfinished.go_to.connect(self.show_page)
        dropped = DroppedFolder(self.session, self.notice, self)
        dropped.to_open.connect(self._open_dropped)
        dropped.go_to.connect(self.show_page)
        self._stack = QStackedWidget()
        self._stack.setObjectName("pages")
        self._lay_out()
        self._make_menus()
        self.session.failed.connect(self._say_failure)
        self.session.project_changed.connect(self._project_changed)
        self.session.project_opened.connect(self._project_opened)
        self.session.job_changed.connect(self._enable_actions)
        self.session.summary_changed.connect(self._get_ready)
        self.show_page("start")
        self._restore_geometry()

    def show_page(self, name: str) -> None:
        """Bring a page on screen: "start", or with a project open one of `ROAD`."""
        if name != "start" and self.session.project is None:
            name = "start"
        before = self._stack.currentWidget()
        page = self._pages.get(name) or self._make_page(name)
        if page is not before:
            self.notice.leave()
        self._rail.setVisible(name != "start")
        if name in ROAD:
            self._rail.show_step(name)
        self._stack.setCurrentWidget(page)
        self._photos_menu.say_page(name)
        self._explore_menu.say_page(name)
        page.shown()  # type: ignore[attr-defined]
        if page is not before:
            # Tab begins with the page, and nothing looks chosen by keyboard before it is.
            page.setFocus(Qt.FocusReason.OtherFocusReason)

    def page(self) -> QWidget:
        """The page on screen."""
        return self._stack.currentWidget()

    def loaded(self) -> bool:
        """Whether nothing is on its way to the screen any more."""
        busy = self.session.opening or self.session.running_kind is not None or self._decisions.busy
        return not busy and bool(self.page().loaded())  # type: ignore[attr-defined]

    def open_folder(self, folder: Path) -> None:
        """Begin to open a project, or the project of a photo folder."""
        is_project = (folder / "project.db").is_file()
        (self.session.open_project if is_project else self.session.new_project)(folder)

    def open_project(self, folder: Path, page: str) -> None:
        """Begin to open a project; one of `ROAD` is shown then."""
        self._first_page = page
        self.session.open_project(folder)

    def show_settings(self) -> None:
        from .widgets.settings_dialog import SettingsDialog

        dialog = SettingsDialog(self._settings, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def show_help(self) -> None:
        from .widgets.help_dialog import HelpDialog

        if self._help is None:
            self._help = HelpDialog(self)
        self._help.show()
        self._help.raise_()

    # ---- putting it together

    def _lay_out(self) -> None:
        right = QVBoxLayout()
        right.setSpacing(0)
        right.addWidget(self._stack, 1)
        right.addWidget(self.notice)
        central = QWidget()
        row = QHBoxLayout(central)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self._rail)
        row.addLayout(right, 1)
        self.setCentralWidget(central)

    def _make_page(self, name: str) -> QWidget:
        page = self._new_page(name)
        if isinstance(page, Page):
            page.go_to.connect(self.show_page)
        page.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._pages[name] = page
        self._stack.addWidget(page)
        return page

    def _new_page(self, name: str) -> QWidget:
        if name == "start":
            return StartPage(self.session)
        if name == "photos":
            from .pages.photos import PhotosPage

            return PhotosPage(self.session, self._decisions)
        if name == "explore":
            from .pages.explore import ExplorePage

            explore = ExplorePage(self.session, self._decisions, self._stack)
            explore.views.told.connect(self.notice.say_of_page)
            return explore
        if name == "export":
            from .pages.export import ExportPage

            return ExportPage(self.session)
        from .pages.training import TrainingPage

        return TrainingPage(self.session)

    def _make_menus(self) -> None:
        self.menuBar().addMenu(ProjectMenu(self.session, self._start_page, self._may_leave, self))
        self.menuBar().addMenu(EditMenu(self._decisions, self.notice, self))
        self._photos_menu = PhotosMenu(self.session, self._photos_page, self)
        self._photos_menu.told.connect(self.notice.say_of_page)
        self.menuBar().addMenu(self._photos_menu)
        self._explore_menu = ExploreMenu(self._explore_page, self)
        self.menuBar().addMenu(self._explore_menu)

        menu = self.menuBar().addMenu(self.tr("&Go"))
        names = {
            "photos": self.tr("&Photos"), "explore": self.tr("&Explore"), "export": self.tr("E&xport"),
            "training": self.tr("&Learn"),
        }  # fmt: skip
        steps = []
        for number, (name, text) in enumerate(names.items(), start=1):
            action = add_entry(menu, f"go_to_{name}", text, self._go, f"Ctrl+{number}")
            action.setData(name)
            steps.append(action)
        menu.addSeparator()
        self._stop_action = add_entry(menu, "stop_job", self.tr("&Stop what is running"), self.session.stop)

        menu = self.menuBar().addMenu(self.tr("&Help"))
        add_entry(menu, "show_help", self.tr("&Help"), self.show_help, "F1")
        add_entry(menu, "show_settings", self.tr("&Settings…"), self.show_settings, "Ctrl+,")
        self._steps = steps
        self._enable_actions()

    def _enable_actions(self) -> None:
        is_open, is_idle = self.session.project is not None, self.session.running_kind is None
        for action in self._steps:
            action.setEnabled(is_open)
        self._stop_action.setEnabled(not is_idle)

    # ---- what a person does

    def _go(self) -> None:
        action = self.sender()
        assert isinstance(action, QAction)
        self.show_page(str(action.data()))

    def _open_dropped(self, folder: Path) -> None:
        if self._may_leave():
            self.open_folder(folder)

    # ---- pages that menus use

    def _start_page(self) -> StartPage:
        page: StartPage = self._pages["start"]  # type: ignore[assignment]
        return page

    def _photos_page(self) -> PhotosPage:
        """The page with the photos, brought on screen."""
        self.show_page("photos")
        page: PhotosPage = self._pages["photos"]  # type: ignore[assignment]
        return page

    def _explore_page(self) -> ExplorePage:
        page: ExplorePage = self._pages["explore"]  # type: ignore[assignment]
        return page

    # ---- what the session says

    def _project_opened(self) -> None:
        self.show_page(self._first_page)
        self._first_page = "photos"

    def _project_changed(self) -> None:
        project = self.session.project
        self._enable_actions()
        self.notice.dismiss()
        self.setWindowTitle("Prism-H" if project is None else f"{project.name} – Prism-H")
        if project is None and not self._closed:
            self.show_page("start")
        self._unfinished.offer()

    def _get_ready(self) -> None:
        """The first project is open and counted: from here one goes to its map."""
        if not self._ready and self.session.project is not None:
            self._ready = True
            self.session.run_beside(_pages_imported(), StopToken())

    def _say_failure(self, sentence: str) -> None:
        self._first_page = "photos"
        self.notice.say(sentence, role="warning")

    # ---- keys

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter pushes the button that has the keyboard, as Space does: it comes here where nothing else wants it."""
        button = self.focusWidget()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and isinstance(button, QPushButton):
            button.click()
        else:
            super().keyPressEvent(event)

    # ---- leaving

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self._closed:
            if not self._may_leave():
                event.ignore()
                return
            self._closed = True
            self._settings.geometry = QByteArray(self.saveGeometry())
            self.hide()  # the rest takes up to a second
            self.session.close()
        event.accept()

    def _may_leave(self) -> bool:
        """Ask once where something is being learned, unless it was paused to be left; everything else just stops and
        goes on another time.
        """
        return self.session.running_kind != LEARNING or self.session.saved_and_waiting or may_leave(self)

    def _restore_geometry(self) -> None:
        stored = self._settings.geometry
        if stored is None or not self.restoreGeometry(stored):
            room = self.screen().availableGeometry().size()
            room.setHeight(room.height() - 2 * self.style().pixelMetric(QStyle.PixelMetric.PM_TitleBarHeight))
            self.resize(QSize(DRAWN_WIDTH, DRAWN_HEIGHT).boundedTo(room))  # its foot is not to lie below the screen's


def _pages_imported() -> Job[None]:
    """Import the other pages before someone goes there: pyqtgraph alone would keep the window waiting for half a
    second.
    """
    yield Progress("Getting ready", 0, None)
    from .pages import explore  # noqa: F401

    yield Progress("Getting ready", 1, None)
    from .pages import export, training  # noqa: F401
