"""What a person decides about photos, which can be undone and done again until the project is closed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from prismh_engine.errors import PrismhError

from . import words
from .session import Session

if TYPE_CHECKING:
    from prismh_engine.project import Photo

USED, SET_ASIDE = "used", "set aside"


class Decisions(QObject):
    """Every decision goes through `overrule`; `stack` knows what can be undone and done again, in words."""

    changed = Signal(object)
    """A list of the ids of photos on which there is another decision now."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self.stack = QUndoStack(self)
        session.project_closing.connect(self.stack.clear)

    def overrule(self, photos: Sequence[Photo], decision: str) -> None:
        """Let "used" or "set aside" stand over what was judged of these photos, or say why that could not be kept."""
        if photos:
            many = words.photos(len(photos))
            text = self.tr("{0} set aside") if decision == SET_ASIDE else self.tr("{0} taken back")
            self.stack.push(_Overruling(self, photos, decision, text.format(many)))

    def undo(self) -> str:
        """Undo the last decision; return what it was, "" where there was none or it could not be undone."""
        return self._step(self.stack.undoText(), -1)

    def redo(self) -> str:
        """Do again what was undone last; return what it was, "" where there was none or it could not be done."""
        return self._step(self.stack.redoText(), 1)

    def keep(self, decisions: Mapping[str | None, list[int]]) -> bool:
        """Write decisions, each with the ids it is about; return whether that worked."""
        project = self._session.project
        assert project is not None
        try:
            for decision, photo_ids in decisions.items():
                project.photos.overrule(photo_ids, decision)
        except PrismhError as error:
            self._session.failed.emit(str(error))
            return False
        self.changed.emit([photo_id for photo_ids in decisions.values() for photo_id in photo_ids])
        self._session.summarise()
        return True

    def _step(self, text: str, step: int) -> str:
        before = self.stack.count()
        self.stack.undo() if step < 0 else self.stack.redo()
        return text if self.stack.count() == before else ""  # one that could not be written is off the stack


class _Overruling(QUndoCommand):
    def __init__(self, decisions: Decisions, photos: Sequence[Photo], decision: str, text: str) -> None:
        super().__init__(text)
        self._decisions = decisions
        self._after: dict[str | None, list[int]] = {decision: [photo.id for photo in photos]}
        self._before: dict[str | None, list[int]] = defaultdict(list)
        for photo in photos:
            self._before[photo.overruled].append(photo.id)

    def redo(self) -> None:
        self.setObsolete(not self._decisions.keep(self._after))

    def undo(self) -> None:
        self.setObsolete(not self._decisions.keep(self._before))
