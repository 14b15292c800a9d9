"""Explore: the map of look-alikes, its groups, and the names a person gives them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from prismh_engine.errors import PrismhError
from prismh_engine.jobs import StopToken
from prismh_engine.project.feature_sets import STARTER

from .. import jobs, palette, theme, words
from ..session import READING, Session
from ..widgets.card import Card, label
from ..widgets.chip import Chip, ChipRow
from ..widgets.embedding_map import BOX, POINT, EmbeddingMap
from ..widgets.group_list import GroupList, GroupRow
from ..widgets.map_notice import MapNotice
from ..widgets.photo_card import PhotoCard
from ..widgets.selection_panel import SelectionPanel
from . import why_no_map
from .map_contents import Group, MapContents, read_map
from .page import Page

if TYPE_CHECKING:
    from prismh_engine.project import Photo

_SIDE_WIDTH = 330
_TYPICAL = 5
_INSTANT, _LEARNED = "instant", "learned"


class ExplorePage(Page):
    """The page; what it shows is read again whenever the session says that something changed."""

    def __init__(self, session: Session) -> None:
        super().__init__(
            session,
            QCoreApplication.translate("ExplorePage", "Explore"),
            QCoreApplication.translate(
                "ExplorePage",
                "Photos that look alike lie close together. Groups are suggestions: name what you recognise.",
            ),
        )
        self.setObjectName("explore_page")
        self._contents = MapContents()
        self._ids = np.empty(0, np.int64)
        self._features = STARTER
        self._reading: jobs.RunningJob | None = None
        self._asked = STARTER
        self._stale = True
        self.add_action(self.tr("Export"), "to_export_button", main=True).clicked.connect(self._to_export)
        below = QHBoxLayout()
        below.setSpacing(theme.CARD_GAP)
        below.addWidget(self._make_map(), 1)
        below.addWidget(self._make_side())
        self.body.addLayout(self._make_tools())
        self.body.addLayout(below, 1)

        session.project_closing.connect(self._forget)
        session.project_changed.connect(self._project_changed)
        session.map_moved.connect(self._map_moved)
        session.map_changed.connect(self._changed)
        session.photos_changed.connect(self._changed)
        session.names_changed.connect(self._changed)
        session.job_changed.connect(self._show_notice)
        session.map_wanted.connect(self.show_map_of)
        theme.changed.connect(self._show_groups)
        self._project_changed()

    def shown(self) -> None:
        if self._stale:
            self._read()

    def loaded(self) -> bool:
        busy = self._stale or self._reading is not None or self._map.moving or self._list.loading()
        return not busy and self.session.running_kind != READING

    def show_map_of(self, features: str) -> None:
        """Show the map of a feature set: "starter", or a run's name."""
        if features != self._features:
            self._features = features
            self._changed()
        self._show_switch()

    # Making it

    def _make_tools(self) -> QHBoxLayout:
        self._tools = ChipRow(
            [
                Chip(
                    BOX,
                    self.tr("Box"),
                    tip=self.tr("Drag a box around photos. A click takes a whole group, Shift adds."),
                ),
                Chip(
                    POINT, self.tr("Point"), tip=self.tr("A click takes one photo, Shift adds. A drag moves the map.")
                ),
            ]
        )
        self._tools.chosen.connect(self._map.set_tool)
        self._maps = ChipRow()
        self._maps.chosen.connect(self._choose_map)
        self._summary = label("", "small")
        self._summary.setObjectName("learning_summary")
        self._summary.setWordWrap(True)
        self._summary.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._summary.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        row = QHBoxLayout()
        row.setSpacing(theme.CARD_GAP)
        row.addWidget(self._tools)
        row.addWidget(self._summary, 1)
        row.addWidget(self._maps)
        return row

    def _make_map(self) -> QWidget:
        self._map = EmbeddingMap()
        self._map.setMinimumSize(320, 260)
        self._map.hovered.connect(self._hovered)
        self._map.selection_changed.connect(self._show_selection)
        self._card = PhotoCard(self._map)
        self._notice = MapNotice()
        self._notice.pressed.connect(self._notice_pressed)
        self._notice_leads_to = ""
        self._map_or_notice = QStackedWidget()
        self._map_or_notice.addWidget(self._notice)
        self._map_or_notice.addWidget(self._map)
        card = Card("map_card")
        card.body.setContentsMargins(1, 1, 1, 1)
        card.body.addWidget(self._map_or_notice)
        return card

    def _make_side(self) -> QWidget:
        self._list = GroupList(self.session)
        self._list.chosen.connect(self._group_chosen)
        self._list_title = label("", "heading")
        self._list_hint = label("", "small")
        self._list_hint.setWordWrap(True)
        groups = QWidget()
        of_groups = QVBoxLayout(groups)
        of_groups.setContentsMargins(0, 0, 0, 0)
        of_groups.setSpacing(theme.ROW_GAP)
        of_groups.addWidget(self._list_title)
        of_groups.addWidget(self._list_hint)
        of_groups.addWidget(self._list, 1)
        self._selection = SelectionPanel(self.session)
        self._selection.named.connect(self._name)
        self._selection.closed.connect(self._back_to_groups)
        self._side = QStackedWidget()
        self._side.addWidget(groups)
        self._side.addWidget(self._selection)
        card = Card("side_card")
        card.setFixedWidth(_SIDE_WIDTH)
        card.body.addWidget(self._side)
        return card

    # Reading

    def _forget(self) -> None:
        self._reading = None
        self._show(MapContents())

    def _project_changed(self) -> None:
        self._features = STARTER
        self._reading = None
        self._show(MapContents())
        if self.session.thumbnails is not None:
            self.session.thumbnails.arrived.connect(self._thumbnail_arrived)
        self._changed()

    def _changed(self) -> None:
        """Something in the project changed: read it now where it is seen, else when it will be."""
        self._stale = True
        if self.isVisible():
            self._read()

    def _read(self) -> None:
        if self.session.project is None or self._reading is not None:
            return
        self._stale, self._asked = False, self._features
        self._reading = self.session.run_beside(read_map(self.session.project, self._features), StopToken())
        self._reading.finished.connect(self._was_read)
        self._reading.failed.connect(self._was_not_read)
        self._reading.stopped.connect(self._was_not_read)

    def _was_read(self, contents: MapContents) -> None:
        if self._reading is None:  # the project was closed meanwhile
            return
        self._reading = None
        if self._asked == self._features:  # else another map was chosen meanwhile
            self._features = contents.features  # the starter's where those of a run are gone
            self._show(contents)
        if self._stale:
            self._read()

    def _was_not_read(self, sentence: str = "") -> None:
        self._reading = None
        if sentence:
            self.session.failed.emit(sentence)

    # Showing

    def _show(self, contents: MapContents) -> None:
        computing = self.session.running_kind == READING and not len(contents.photo_ids) and len(self._ids)
        selected = self._selected_ids()
        self._contents = contents
        if computing and contents.all_photos:  # a map is on its way: keep what is seen of it, groups are new
            self._map.set_points(self._map.positions, contents.clusters_of(self._ids))
        elif np.array_equal(self._ids, contents.photo_ids) and len(self._ids):
            self._map.set_points(self._map.positions, contents.clusters)
            self._map.move_points(contents.positions, animated=True)
        else:
            self._ids = contents.photo_ids
            self._map.set_points(contents.positions, contents.clusters)
        self._show_groups()
        self._show_switch()
        self._show_notice()
        self._map.select(np.flatnonzero(np.isin(self._ids, selected)))
        self._show_selection()

    def _map_moved(self, photo_ids: NDArray[np.int64], positions: NDArray[np.float32]) -> None:
        # While the map of something else is being made, what is looked at stays.
        if len(self._contents.photo_ids) and self._contents.newest not in ("", self._features):
            return
        if np.array_equal(photo_ids, self._ids):
            self._map.move_points(positions)
        else:
            self._ids = np.asarray(photo_ids)
            self._map.set_points(positions, self._contents.clusters_of(self._ids))
        self._show_notice()

    def _show_groups(self) -> None:
        groups = self._contents.groups
        count = max((group.number for group in groups), default=-1) + 1
        titles = [""] * count
        for group in groups:
            titles[group.number] = self._title_of(group)
        self._map.set_groups(titles, [palette.group_colour(number) for number in range(count)])
        self._list.set_rows(
            [
                GroupRow(g.number, self._title_of(g), bool(g.name), len(g.photo_ids), g.separation, self._some(g))
                for g in groups
            ]
        )
        named = sum(bool(group.name) for group in groups)
        self._list_title.setText(words.groups(len(groups)) if groups else self.tr("Groups"))
        hint = self.tr("Choose one here or on the map to see its photos and give it a name.")
        if not groups:
            hint = self.tr("They appear here as soon as there is a map.")
        elif named:
            hint = self.tr("{named} named. Choose one here or on the map to see its photos.").format(named=named)
        self._list_hint.setText(hint)
        self._selection.offer_names([group.name for group in groups if group.name])

    def _show_switch(self) -> None:
        learned = bool(self._contents.learned)
        tip = self.tr("The map by what was learned from these photos.")
        none_yet = self.tr("There is one after learning from these photos, which is optional.")
        instant_tip = self.tr("The map by what the starter encoder sees.")
        self._maps.set_chips(
            [
                Chip(_INSTANT, self.tr("Instant"), tip=instant_tip),
                Chip(_LEARNED, self.tr("Learned"), tip=tip if learned else none_yet, enabled=learned),
            ]
        )
        self._maps.show_choice(_INSTANT if self._features == STARTER else _LEARNED)
        self._summary.setText(self._contents.summary)

    def _show_notice(self) -> None:
        if len(self._ids):
            self._map_or_notice.setCurrentWidget(self._map)
            return
        self._map_or_notice.setCurrentWidget(self._notice)
        is_reading = self.session.running_kind == READING
        if not is_reading and (self._reading is not None or self._stale):
            self._notice.say("", "")
            return
        reason = why_no_map.reading(self.session.progress) if is_reading else why_no_map.resting(self._contents)
        self._notice_leads_to = reason.leads_to
        if reason.progress is not None:
            done, total = reason.progress.done, reason.progress.total
            self._notice.say_progress(reason.heading, reason.sentence, done, total)
        else:
            self._notice.say(reason.heading, reason.sentence, button=reason.button)

    def _show_selection(self) -> None:
        ids = self._selected_ids()
        if not len(ids):
            self._side.setCurrentIndex(0)
            return
        contents = self._contents
        photos = [contents.photos[int(i)] for i in ids if int(i) in contents.photos]
        group = contents.whole_group(ids)
        if group is not None:
            colour = palette.group_colour(group.number)
            self._selection.show_group(self._title_of(group), photos, colour, group.separation, named=bool(group.name))
        else:
            names = Counter(name for photo in photos for name in contents.names.get(photo.id, []))
            self._selection.show_photos(photos, [f"{name} ({count:,})" for name, count in names.most_common(5)])
        self._side.setCurrentIndex(1)

    def _some(self, group: Group) -> list[Photo]:
        """The most typical photos of a group."""
        photos = (self._contents.photos.get(int(i)) for i in group.photo_ids[:_TYPICAL])
        return [photo for photo in photos if photo is not None]

    def _title_of(self, group: Group) -> str:
        return group.name or self.tr("Group {number}").format(number=group.number + 1)

    def _selected_ids(self) -> NDArray[np.int64]:
        return self._ids[self._map.selection]

    # What the user does

    def _choose_map(self, choice: str) -> None:
        self.show_map_of(STARTER if choice == _INSTANT else self._contents.learned)

    def _group_chosen(self, number: int) -> None:
        group = next(group for group in self._contents.groups if group.number == number)
        self._map.select(np.flatnonzero(np.isin(self._ids, group.photo_ids)))
        self._show_selection()
        if self._side.currentIndex() == 1:
            self._selection.begin_naming() if not group.name else self._selection.focus_back()

    def _back_to_groups(self) -> None:
        self._map.select(np.empty(0, np.int64))
        self._show_selection()
        self._list.setFocus(Qt.FocusReason.OtherFocusReason)

    def _name(self, name: str) -> None:
        project, ids = self.session.project, self._selected_ids()
        if project is None or not len(ids):
            return
        group = self._contents.whole_group(ids)
        try:
            if group is not None:
                project.labels.name_group(ids.tolist(), name)
                self._contents = self._contents.with_group_name(group.number, name)
            else:
                project.labels.name_photos(ids.tolist(), name)
        except PrismhError as error:
            self.session.failed.emit(str(error))
            return
        self._show_groups()
        self._show_selection()
        self._selection.focus_back()
        self.session.names_changed.emit()

    def _notice_pressed(self) -> None:
        if self._notice_leads_to == why_no_map.MAKE_IT:
            self.session.start_instant_map()
        else:
            self.go_to.emit(self._notice_leads_to)

    def _to_export(self) -> None:
        self.go_to.emit("export")

    # The photo at the pointer

    def _hovered(self, index: int) -> None:
        photo = self._contents.photos.get(int(self._ids[index])) if 0 <= index < len(self._ids) else None
        if photo is None or self.session.thumbnails is None:
            self._card.hide()
            return
        cluster = int(self._contents.clusters_of(self._ids[index : index + 1])[0])
        group = next((group for group in self._contents.groups if group.number == cluster), None)
        title = self._title_of(group) if group is not None else photo.path.name
        at = self._map.pixel_of(index).toPoint()
        caption = words.taken(photo.look.taken_at) if photo.look.taken_at else photo.path.name
        self._card_photo = photo
        self._card.show_photo(at, self.session.thumbnails.whole(photo), title, caption)

    def _thumbnail_arrived(self) -> None:
        if self._card.isVisible() and self.session.thumbnails is not None:
            self._card.set_pixmap(self.session.thumbnails.whole(self._card_photo))
