"""Explore: the map of look-alikes, its groups, and the names a person gives them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QColor, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from prismh_engine.errors import PrismhError
from prismh_engine.project import runs
from prismh_engine.project.feature_sets import STARTER

from .. import palette, theme
from ..decisions import Decisions
from ..session import LEARNING, READING, Session
from ..slow_release import SlowRelease
from ..widgets.card import Card
from ..widgets.explore_filter_bar import ExploreFilterBar
from ..widgets.learning_line import LearningLine
from ..widgets.map_tools import BY_PLACE, INSTANT, LEARNED, MapTools
from ..widgets.timeline import Timeline
from . import explore_colours, why_no_map
from .explore_colours import BY_GROUP
from .explore_filtering import Filtering
from .explore_groups import group_titles
from .explore_on_map import OnMap
from .explore_selecting import Selecting
from .explore_side import ExploreSide
from .explore_views import Views
from .map_contents import MapContents
from .map_reading import MapReading
from .page import Page

_TIMELINE_HEIGHT = 92


class ExplorePage(Page):
    """The page; what it shows is read again whenever the session says that something changed."""

    def __init__(self, session: Session, decisions: Decisions, parent: QWidget | None = None) -> None:
        super().__init__(
            session,
            QCoreApplication.translate("ExplorePage", "Explore"),
            QCoreApplication.translate(
                "ExplorePage",
                "Photos that look alike lie close together. Groups are suggestions: name what you recognise, split or "
                "join what you don't.",
            ),
            parent,
        )
        self.setObjectName("explore_page")
        self._decisions = decisions
        self._contents = MapContents()
        self._releasing = SlowRelease(self)
        self._ids = np.empty(0, np.int64)
        self._titles: Sequence[str] = ()
        self._colours: Sequence[QColor] = ()
        self._colour_by = BY_GROUP
        self._codes: NDArray[np.int32] | None = None
        self._by_place = False
        self._learned = ""  # the run whose map was looked at last
        self._names_are_new = False
        self._reading = MapReading(session)
        self._build()
        self._filtering = Filtering(self._tools, self._filter_bar, self._timeline, self._views)
        self._selecting = Selecting(session, decisions, self._views, self._side)
        self._connect()
        self._project_changed()
        self._offer_learning()

    def shown(self) -> None:
        self._reading.read()

    def loaded(self) -> bool:
        busy = self._selecting.busy or self._decisions.busy or self._tools.slider.moving or self._views.map.moving
        return self._reading.is_current and not busy and not self._side.loading() and not self._is_reading()

    def show_map_of(self, features: str) -> None:
        """Show the map of a feature set: "starter", or a run's name. One of a run that is not there yet is made now."""
        learning = next((known for known in self._contents.learnings if known.run == features), None)
        if learning is not None and not learning.has_map and not self.session.make_learned_map(features):
            self._show_switch()  # something else runs, which was said
            return
        if features != self._reading.features:
            self._reading.features = features
            self._changed()
        self._by_place = False
        self._show_switch()
        self._show_view()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and not self._side.shows_groups():
            self._side.leave_part()
        else:
            super().keyPressEvent(event)

    # ---- what a menu asks for

    @property
    def selecting(self) -> Selecting:
        """What is selected, and what can be asked of it."""
        return self._selecting

    @property
    def views(self) -> Views:
        """The maps."""
        return self._views

    def show_finer(self, by: int) -> None:
        """Show more groups, or fewer where it is below 0."""
        self._tools.slider.step(by)

    def choose_tool(self, tool: str) -> None:
        self._tools.choose_tool(tool)

    def show_filters(self) -> None:
        """Open the filters, or close them."""
        self._filtering.toggle()

    def learn_with_names(self) -> None:
        """Go where the program learns from the names that were given."""
        self.go_to.emit("training")
        self.session.learning_with_names_wanted.emit()

    def save_picture(self) -> None:
        """Ask for a file and save the map into it."""
        if self.session.project is not None and len(self._ids):
            self._views.save_picture(self.session.project.folder)

    # ---- making it

    def _build(self) -> None:
        self._undo = self.add_action(self.tr("Undo"), "explore_undo")
        self._next = self.add_action(self.tr("Name these next"), "name_these_next")
        self._export = self.add_action(self.tr("Export"), "to_export_button", main=True)
        # Made in their place, in the order in which Tab goes through them: what gets another parent is polished anew by
        # the style sheet, with all that is in it.
        self._tools = MapTools(self)
        self._filter_bar = ExploreFilterBar(self)
        self._learning = LearningLine(self)
        self._views = Views(self.session, self)
        self._dates = Card("timeline_card", self)
        self._timeline = Timeline(self._dates)
        self._side = ExploreSide(self.session, self)
        self._dates.body.setContentsMargins(14, 8, 14, 8)
        self._dates.body.addWidget(self._timeline)
        left = QVBoxLayout()
        left.setSpacing(10)
        left.addWidget(self._views, 1)
        left.addWidget(self._dates)
        below = QHBoxLayout()
        below.setSpacing(theme.CARD_GAP)
        below.addLayout(left, 1)
        below.addWidget(self._side)
        self._filter_bar.hide()
        self.body.addWidget(self._tools)
        self.body.addWidget(self._filter_bar)
        self.body.addWidget(self._learning)
        self.body.addLayout(below, 1)
        self._fit()

    def _connect(self) -> None:
        session, decisions = self.session, self._decisions
        session.project_closing.connect(self._forget)
        session.project_changed.connect(self._project_changed)
        session.map_moved.connect(self._map_moved)
        session.map_changed.connect(self._changed)
        session.photos_changed.connect(self._photos_changed)
        session.names_changed.connect(self._names_changed)
        session.job_changed.connect(self._show_view)
        session.job_changed.connect(self._offer_learning)
        session.summary_changed.connect(self._show_view)
        session.summary_changed.connect(self._offer_learning)
        session.map_wanted.connect(self.show_map_of)
        decisions.changed.connect(self._decided)
        decisions.steps_changed.connect(self._show_undo)
        theme.changed.connect(self._theme_changed)
        self._reading.arrived.connect(self._show)
        self._undo.clicked.connect(decisions.undo)
        self._next.clicked.connect(self._selecting.name_next)
        self._side.learning_wanted.connect(self.learn_with_names)
        self._export.clicked.connect(partial(self.go_to.emit, "export"))
        self._tools.colour_chosen.connect(self._colour_chosen)
        self._tools.tool_chosen.connect(self._views.set_tool)
        self._tools.view_chosen.connect(self._view_chosen)
        self._learning.chosen.connect(self.show_map_of)
        self._tools.slider.previewed.connect(self._preview_cut)
        self._tools.slider.chosen.connect(self._selecting.show_cut)
        self._filtering.changed.connect(self._filter)
        self._views.hovered.connect(self._hovered)
        self._views.make_map_wanted.connect(self._make_map)
        self._views.photos_page_wanted.connect(partial(self.go_to.emit, "photos"))

    # ---- reading

    def _forget(self) -> None:
        self._reading.forget()
        self._selecting.forget()
        self._show(MapContents())

    def _project_changed(self) -> None:
        project = self.session.project
        self._reading.forget()
        if project is not None:
            self._reading.features = project.shown_features or STARTER
        self._names_are_new, self._by_place, self._colour_by = False, False, BY_GROUP
        self._filtering.forget()
        self._selecting.forget()
        self._show(MapContents())
        self._show_undo()
        self._changed()

    def _changed(self) -> None:
        """Something in the project changed: read it now where it is seen, else when it will be."""
        self._reading.others_changed()
        if self.isVisible():
            self._reading.read()

    def _photos_changed(self) -> None:
        self._reading.photos_changed()
        self._changed()

    def _decided(self, photo_ids: Sequence[int]) -> None:
        self._reading.decided(photo_ids)
        self._changed()

    def _names_changed(self) -> None:
        self._names_are_new = True
        self._changed()

    def _is_reading(self) -> bool:
        return self.session.running_kind == READING

    # ---- showing

    def _show(self, contents: MapContents) -> None:
        of_others = contents.features != self._contents.features
        is_other_map = of_others or not np.array_equal(self._contents.photo_ids, contents.photo_ids)
        computing = self._is_reading() and not of_others and not len(contents.photo_ids) and len(self._ids)
        if contents.features != STARTER:
            self._learned = contents.features
        elif contents.learnings[:1] != self._contents.learnings[:1]:
            self._learned = ""  # a new one is the one to look at
        if contents.photos is not self._contents.photos:
            self._releasing.take(self._contents.photos.values())
        self._contents = contents
        shown = self._views.map
        if computing and contents.all_photos:  # a map is on its way: keep what is seen of it, groups are new
            shown.set_points(shown.positions, contents.clusters_of(self._ids))
        elif np.array_equal(self._ids, contents.photo_ids) and len(self._ids):
            shown.set_points(shown.positions, contents.clusters)
            shown.move_points(contents.points, animated=True)
        else:
            self._ids = contents.photo_ids
            shown.set_points(contents.points, contents.clusters)
        if contents.facts is not None:
            self._views.show_photos(contents.on_map, contents.facts, contents.spots)
            self._filter_bar.set_facts(contents.facts)
            self._filter_bar.set_hot_spots(contents.spots)
        self._show_groups()
        self._show_switch()
        self._show_view()
        if len(contents.photo_ids):
            self._keep_what_is_seen()
            if self._names_are_new or is_other_map:
                self._selecting.suggest(names_are_new=self._names_are_new)
            self._names_are_new = False

    def _keep_what_is_seen(self) -> None:
        """Rail and Export tell of the groups that are looked at here."""
        project, features = self.session.project, self._contents.features
        try:
            if project is not None and project.shown_features != features:
                project.show_features(features)
                self.session.summarise()
        except PrismhError as error:
            self.session.failed.emit(str(error))

    def _map_moved(self, photo_ids: NDArray[np.int64], positions: NDArray[np.float32]) -> None:
        # While the map of something else is being made, what is looked at stays.
        if self._reading.features != (self.session.learned_map_of or STARTER):
            return
        if np.array_equal(photo_ids, self._ids):
            self._views.map.move_points(positions)
        else:
            self._ids = np.asarray(photo_ids)
            self._views.map.set_points(positions, self._contents.clusters_of(self._ids))
        self._show_view()

    def _show_groups(self) -> None:
        contents = self._contents
        grouping = contents.grouping
        tree, count, numbers = (None, 0, ()) if grouping is None else (grouping.tree, grouping.groups, grouping.numbers)
        self._colours = [palette.group_colour(number) for number in numbers]
        self._titles = () if grouping is None else group_titles(contents.by_group, grouping.clusters, numbers)
        self._views.show_groups(contents.clusters_of(self._ids), self._titles, self._colours)
        self._tools.slider.show_range(count, tree.most if tree is not None else 0)
        self._show_colours()
        mask = self._filtering.show(contents, self._ids, self._codes)
        self._selecting.show(OnMap(contents, self._ids, self._titles, self._colours, mask))

    def _show_colours(self) -> None:
        facts = self._contents.facts
        ways = [(BY_GROUP, self.tr("Group"))] if facts is None else explore_colours.ways(facts)
        if self._colour_by not in dict(ways):
            self._colour_by = BY_GROUP
        self._tools.offer_colours(ways, self._colour_by)
        self._codes = None
        colouring = None
        if facts is not None and self._colour_by != BY_GROUP:
            colouring = explore_colours.colouring(self._colour_by, facts)
            self._codes = colouring.codes
        self._views.show_colouring(dict(ways)[self._colour_by], colouring)

    def _show_switch(self) -> None:
        contents, facts = self._contents, self._contents.facts
        placed = facts is not None and bool(np.isfinite(facts.latitudes).any())
        is_learned = self._reading.features != STARTER
        learning = contents.learning(self._reading.features if is_learned else self._learned)
        first = {STARTER: INSTANT, runs.LEARNED: LEARNED}.get("" if learning is None else learning.shown_first, "")
        self._tools.show_views(learnings=len(contents.learnings), placed=placed, first=first)
        self._tools.show_view(BY_PLACE if self._by_place else LEARNED if is_learned else INSTANT)
        choice = [(known.run, known.title) for known in contents.learnings] if len(contents.learnings) > 1 else []
        self._learning.show_learnings(choice, "" if learning is None else learning.run, is_open=is_learned)
        self._learning.say("" if learning is None else learning.summary)

    def _show_view(self) -> None:
        """The map, or why there is none."""
        facts = self._contents.facts
        self._dates.setVisible(facts is not None and bool(np.isfinite(facts.times).any()))
        if len(self._ids):
            self._views.show_map(by_place=self._by_place)
        elif not self._is_reading() and not self._reading.is_current:
            self._views.say_reading(self.session.summary.photos)
        else:
            reading = self._is_reading()
            progress = self.session.progress
            self._views.say_why(why_no_map.reading(progress) if reading else why_no_map.resting(self._contents))

    def _offer_learning(self) -> None:
        teachers = self.session.summary.teachers
        is_new = teachers is not None and teachers.enough and not teachers.taken_up
        self._side.offer_learning(is_new and self.session.running_kind != LEARNING)

    def _show_undo(self) -> None:
        text = self._decisions.undo_text
        self._undo.setEnabled(bool(text))
        self._undo.setToolTip(self.tr("Undo: {0}").format(text) if text else self.tr("There is nothing to undo"))

    def _hovered(self, row: int) -> None:
        photo = self._contents.photos.get(int(self._ids[row])) if 0 <= row < len(self._ids) else None
        number = -1 if photo is None else int(self._contents.clusters_of(self._ids[row : row + 1])[0])
        self._views.show_photo(photo, row, self._titles[number] if 0 <= number < len(self._titles) else "")

    def _theme_changed(self) -> None:
        self._fit()
        self._show_groups()

    def _fit(self) -> None:
        self._dates.setFixedHeight(theme.pixels(_TIMELINE_HEIGHT))

    # ---- what the user does

    def _view_chosen(self, view: str) -> None:
        if view == BY_PLACE:
            self._by_place = True
            self._show_view()
        else:
            learning = None if view == INSTANT else self._contents.learning(self._learned)
            self.show_map_of(STARTER if learning is None else learning.run)

    def _make_map(self) -> None:
        if self._contents.features == STARTER:
            self.session.start_instant_map()
        else:
            self.session.make_learned_map(self._contents.features)

    def _colour_chosen(self, way: str) -> None:
        self._colour_by = way
        self._show_colours()
        self._filter()

    def _preview_cut(self, groups: int) -> None:
        grouping = self._contents.grouping
        if grouping is not None and grouping.tree is not None:
            if self._colour_by != BY_GROUP:
                self._colour_chosen(BY_GROUP)
            cut, numbers = self._contents.cut(groups, self._ids), grouping.tree.numbers(groups)
            titles = group_titles(self._contents.by_group, grouping.tree.cut(groups), numbers)
            self._views.preview_groups(cut, titles, [palette.group_colour(number) for number in numbers])

    def _filter(self) -> None:
        self._selecting.show_only(self._filtering.show(self._contents, self._ids, self._codes))
