"""What a person selects on the Explore page and does with it: on the map, in the list of groups, by a question."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QApplication, QWidget

from .. import words
from ..decisions import Decisions
from ..session import Session
from ..widgets.selection_panel import DUPLICATES, JOIN, SIMILAR, SPLIT, UNUSUAL, Shown
from .explore_edits import Edits
from .explore_on_map import OnMap
from .explore_one_photo import OpenedPhoto
from .explore_selection import Selected
from .explore_side import ExploreSide
from .explore_views import Views
from .look_alikes import NEXT, Found, LookAlikes
from .map_contents import Group
from .suggested import Suggested

_NONE = np.empty(0, np.int64)


class Selecting(QObject):
    """Keeps map and side card at the same selection."""

    def __init__(self, session: Session, decisions: Decisions, views: Views, side: ExploreSide) -> None:
        super().__init__(side)
        self._session, self._decisions = session, decisions
        self._views, self._side = views, side
        self._on_map = OnMap()
        self._selected = Selected()
        self._chosen_in_list = False  # whether that is a group that was chosen in the list
        self._named_from: QWidget | None = None  # the map or the list, where the keyboard was when naming began
        self._edits = Edits(session, decisions)
        self._photo = OpenedPhoto(side, decisions, self._edits)
        self._look_alikes = LookAlikes(session)
        self._suggested = Suggested(session)
        self._look_alikes.found.connect(self._found)
        self._suggested.changed.connect(self._show_suggested)
        side.working.watch(decisions.steps_changed, lambda: decisions.busy)
        side.working.watch(self._look_alikes.busy_changed, lambda: self._look_alikes.busy)
        views.selection_changed.connect(self._map_selected)
        side.groups.chosen.connect(self.choose_group)
        side.asked_of_all.connect(self.ask_of_all)
        side.suggestions_wanted.connect(self._show_all_suggested)
        panel, naming = side.selection, side.naming
        panel.closed.connect(self.close)
        panel.named.connect(self._name)
        panel.unnamed.connect(self._take_group_name_off)
        panel.name_removed.connect(self._remove_name)
        panel.asked.connect(self.ask)
        panel.join_chosen.connect(self._join_with)
        panel.accepted.connect(self.accept)
        panel.suggestion_wanted.connect(self._show_more_like_these)
        panel.photo_opened.connect(self._photo.open)
        self._photo.closed.connect(self._back_from_photo)
        self._photo.similar_wanted.connect(self._similar_to_opened)
        naming.named.connect(self._name_asked)
        naming.photo_shown.connect(self._mark_asked)
        naming.more_wanted.connect(self.name_next)
        naming.closed.connect(self.close)

    @property
    def busy(self) -> bool:
        """Whether an answer is on its way."""
        return self._look_alikes.busy or self._suggested.busy

    # ---- what there is

    def show(self, on_map: OnMap) -> None:
        """Show other contents."""
        contents = on_map.contents
        self._on_map = on_map
        self._selected = on_map.typical_first(self._selected.among(contents))
        self._side.offer_names(list(contents.counts))
        self._side.naming.show_given(contents.names)
        self._photo.show(contents, on_map.titles)
        self._list_groups()
        self._show()
        ids = self._selected.photo_ids
        if self._side.shows(self._side.naming):
            asked = self._side.naming.photo()
            ids = np.array([] if asked is None else [asked.id], np.int64)
        self._views.select(self._on_map.rows(ids))

    def forget(self) -> None:
        """Another project is open, or none."""
        self._selected = Selected()
        self._side.show_groups()

    def show_only(self, mask: NDArray[np.bool_] | None) -> None:
        """Show only these photos of the map, bool [N]; None: all."""
        self._on_map = self._on_map.masked(mask)
        self._list_groups()
        self._show()

    def suggest(self, *, names_are_new: bool) -> None:
        """Bring the suggested names up to date."""
        self._suggested.look(self._on_map.contents.features, names_are_new=names_are_new)

    def _list_groups(self) -> None:
        self._side.set_rows(self._on_map.group_rows(), len(self._on_map.contents.groups))
        self._say_suggested()

    # ---- what is selected

    def choose_group(self, number: int) -> None:
        group = self._on_map.contents.group(number)
        if group is None:
            return
        self._select(Selected(group.photo_ids[np.isin(group.photo_ids, self._on_map.photo_ids)]))
        self._chosen_in_list = True
        if self._side.shows(self._side.selection):
            self._side.selection.begin_naming() if not group.named else self._side.selection.focus_back()

    def close(self) -> None:
        """Back to all groups, to the row of that which was shown."""
        group = self._group()
        self._select(Selected())
        self._side.groups.show_current(-1 if group is None else group.number)

    def _map_selected(self, rows: NDArray[np.int64]) -> None:
        self._views.select(rows)  # on the other map too
        self._chosen_in_list, self._named_from = False, None
        self._selected = self._on_map.typical_first(Selected(self._on_map.photo_ids[rows]))
        self._side.selection.choose_none()
        self._show(anew=True)

    def _select(self, selected: Selected) -> None:
        self._selected, self._chosen_in_list, self._named_from = selected, False, None
        self._views.select(self._on_map.rows(selected.photo_ids))
        self._side.selection.choose_none()
        self._show(anew=True)

    def _group(self) -> Group | None:
        return self._on_map.group(self._selected)

    # ---- showing it

    def _show(self, *, anew: bool = False) -> None:
        """Show what is selected. anew: it is another selection, so one photo of the old one does not stay."""
        side = self._side
        if not anew and (side.shows(side.photo) or side.shows(side.naming)):
            return
        if not len(self._selected.photo_ids) and not self._selected.title:
            side.show_groups()
            return
        side.selection.show_selection(self._shown())
        side.show_part(side.selection)

    def _shown(self) -> Shown:
        contents, selected, group = self._on_map.contents, self._selected, self._group()
        visible = self._on_map.visible(selected.photo_ids)
        title = selected.title or (self.tr("Selection") if group is None else self._on_map.titles[group.number])
        return Shown(
            title,
            contents.photos_of(visible),
            len(selected.photo_ids),
            None if group is None else self._on_map.shown_group(group),
            names=contents.borne.counts,
            captions=selected.captions,
            joinable=0 if group is not None or selected.title else len(self._on_map.groups(self._selected)),
            accept=self._accept(len(visible)) if selected.accepts and len(visible) else "",
            suggestion=self._more_like(group),
        )

    def _back_from_photo(self) -> None:
        self._show(anew=True)
        self._side.selection.grid.setFocus(Qt.FocusReason.OtherFocusReason)

    # ---- names

    def _chosen_ids(self) -> NDArray[np.int64]:
        return self._side.selection.chosen_ids()

    def _name(self, name: str) -> None:
        group, named_from = self._group(), self._named_from
        self._named_from = None
        if group is None or self._side.selection.has_chosen():
            self._edits.name_photos(self._chosen_ids(), name)
        else:
            self._edits.name_group(group.photo_ids, name)
            # The next one is chosen in the list too.
            if self._chosen_in_list and (named_from is not None or not group.named):
                self.close()
                return
            if group.named and named_from is None:
                return
        (named_from or self._side.selection.grid).setFocus(Qt.FocusReason.OtherFocusReason)

    def _take_group_name_off(self) -> None:
        group = self._group()
        if group is not None:
            self._edits.unname_group(group.photo_ids, group.name)

    def _remove_name(self, name: str) -> None:
        self._edits.remove_name(self._chosen_ids(), name)

    # ---- groups

    def show_cut(self, groups: int) -> None:
        """Show so many groups."""
        self._edits.show_cut(self._on_map.contents.features, groups)

    def _split(self) -> None:
        group = self._group()
        if group is None:
            self._session.failed.emit(self.tr("Choose one group first: Split makes two of it."))
        else:
            self._edits.split_group(self._on_map.contents.features, group.number)

    def _join_with(self, number: int) -> None:
        group, other = self._group(), self._on_map.contents.group(number)
        if group is not None and other is not None:
            self._join([group, other])

    def _join_selected(self) -> None:
        groups = self._on_map.groups(self._selected)
        if len(groups) > 1:
            self._join(groups)
        elif self._group() is not None:
            self._side.selection.open_join()
        else:
            self._session.failed.emit(self.tr("Choose a group first, or several on the map: Join makes one of them."))

    def _join(self, groups: Sequence[Group]) -> None:
        """Join them; what they become is selected."""
        joined = np.concatenate([group.photo_ids for group in groups])
        titles = [self._on_map.titles[group.number] for group in groups]
        self._edits.join_groups(self._on_map.contents.features, [group.number for group in groups], titles, len(joined))
        self._select(Selected(self._on_map.photo_ids[np.isin(self._on_map.photo_ids, joined)]))

    # ---- questions

    def ask(self, what: str) -> None:
        """SIMILAR, UNUSUAL or DUPLICATES of what is selected, of all where nothing is; SPLIT it, or JOIN the groups."""
        panel = self._side.selection
        if what == SIMILAR and self._side.shows(self._side.photo):
            self._similar_to_opened()
        elif what == SPLIT:
            self._split()
        elif what == JOIN:
            self._join_selected()
        elif not self._side.shows(panel):
            self.ask_of_all(what)
        else:
            chosen = self._chosen_ids()
            of = words.photos(len(chosen)) if panel.has_chosen() or self._group() is None else self._shown().title
            self._ask(what, chosen, of)

    def ask_of_all(self, what: str) -> None:
        """UNUSUAL or DUPLICATES of all photos."""
        if what == UNUSUAL:
            self._look_alikes.unusual(self._on_map.contents.features, None, self.tr("Unusual photos"))
        elif what == DUPLICATES:
            self._look_alikes.near_duplicates(self._on_map.contents.features, None, self.tr("Near duplicates"))

    def begin_naming(self) -> None:
        """Put the cursor where what is selected gets its name, or the group at the keyboard in the list."""
        focus = QApplication.focusWidget()
        if self._side.shows_groups():
            self.choose_group(self._side.groups.current())
        if self._side.shows(self._side.selection):
            self._side.selection.begin_naming()
            if focus is not None and (self._views.isAncestorOf(focus) or self._side.groups.isAncestorOf(focus)):
                self._named_from = focus

    def show_suggested(self) -> None:
        """Show the photos that have a suggested name, or say why there are none."""
        if self._suggested.suggestions.names:
            self._show_all_suggested()
        else:
            self._session.failed.emit(
                self.tr("No names are suggested now. They come when groups or photos bear two different names.")
            )

    def name_next(self) -> None:
        """Ask for photos whose names would tell the program most."""
        self._side.show_part(self._side.naming)
        self._side.naming.await_photos()
        self._look_alikes.name_next(self._on_map.contents.features, self.tr("Name these next"))

    def _ask(self, what: str, ids: NDArray[np.int64], of: str) -> None:
        features = self._on_map.contents.features
        if what == SIMILAR:
            self._look_alikes.similar(features, ids.tolist(), self.tr("Similar to {0}").format(of))
        elif what == UNUSUAL:
            self._look_alikes.unusual(features, ids.tolist(), self.tr("Unusual in {0}").format(of))
        elif what == DUPLICATES:
            self._look_alikes.near_duplicates(features, ids.tolist(), self.tr("Near duplicates in {0}").format(of))

    def _similar_to_opened(self) -> None:
        photo = self._side.photo.photo
        if photo is not None:
            self._ask(SIMILAR, self._photo.ids(), photo.path.name)

    def _found(self, found: Found) -> None:
        if found.question == NEXT:
            self._side.naming.ask(self._on_map.contents.photos_of(found.photo_ids))
            self._side.show_part(self._side.naming)
            return
        captions = {photo_id: words.number(number) for photo_id, number in found.sets.items()}
        self._select(Selected(found.photo_ids, found.title, captions))
        self._side.selection.focus_back()

    def _name_asked(self, photo_id: int, name: str) -> None:
        self._edits.name_photos(np.array([photo_id], np.int64), name)

    def _mark_asked(self, photo_id: int) -> None:
        self._views.select(self._on_map.rows(np.array([photo_id], np.int64)))

    # ---- suggested names

    def accept(self) -> None:
        """Accept the suggested names of the photos shown, or of those chosen among them."""
        if self._selected.accepts:
            ids = self._chosen_ids()
            self._edits.accept(self._on_map.contents.features, ids)
            left = self._selected.photo_ids[~np.isin(self._selected.photo_ids, ids)]
            if len(left):
                self._select(self._selected.of(left))
            else:
                self.close()
        else:
            self._session.failed.emit(self.tr("No suggested names are shown: choose Suggested names first."))

    def _show_suggested(self) -> None:
        self._side.naming.suggest(self._suggested.suggestions.names)
        self._say_suggested()
        if self._side.shows(self._side.selection):
            self._show()

    def _say_suggested(self) -> None:
        count = len(self._on_map.visible(self._suggested.suggestions.photo_ids))
        sentence = self.tr("Names suggested for {0}. Show them") if count else ""
        self._side.suggest(sentence.format(words.photos(count)))

    def _more_like(self, group: Group | None) -> str:
        """The line under a named group: how many more look like it."""
        name = "" if group is None else group.name
        count = len(self._on_map.visible(self._suggested.suggestions.by_name.get(name, _NONE)))
        return self.tr("{0} more look like {1}. Show them").format(words.number(count), name) if count else ""

    def _show_more_like_these(self) -> None:
        group = self._group()
        if group is not None and group.name in self._suggested.suggestions.by_name:
            title = self.tr("Like {0}").format(group.name)
            self._select_suggested(self._suggested.suggestions.by_name[group.name], title)

    def _show_all_suggested(self) -> None:
        suggestions = self._suggested.suggestions
        # Where all would get one name, no tile tells it.
        title = self.tr("Like {0}").format(*suggestions.by_name) if len(suggestions.by_name) == 1 else None
        self._select_suggested(suggestions.photo_ids, title or self.tr("Suggested names"))

    def _accept(self, count: int) -> str:
        return self.tr("Accept") if count == 1 else self.tr("Accept all {0}").format(words.number(count))

    def _select_suggested(self, ids: NDArray[np.int64], title: str) -> None:
        captions = self._suggested.suggestions.captions(ids)
        self._select(Selected(ids, title, captions, accepts=True))
        self._side.selection.focus_back()
