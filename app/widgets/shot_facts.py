"""How one photo was taken: exposure and lens, read from its file while it is shown and kept nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QObject, QTimer, Signal

from prismh_engine.jobs import Job, Progress, StopToken

from ..jobs import RunningJob
from ..session import Session

if TYPE_CHECKING:
    from prismh_engine.photos.exif import Facts
    from prismh_engine.project import Photo

_MS_TO_REST = 150  # who passes over photos asks for none of them


class ShotFacts(QObject):
    """Reads one photo at a time, away from the GUI thread."""

    found = Signal()
    """`of` the photo asked for last now says more."""

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._photo: Photo | None = None
        self._lines: list[tuple[str, str]] = []
        self._job: RunningJob | None = None
        self._stop = StopToken()
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_MS_TO_REST)
        self._rest.timeout.connect(self._read)
        session.project_closing.connect(self.forget)

    def of(self, photo: Photo) -> list[tuple[str, str]]:
        """What stands in its card, each with its name; nothing at first, and `found` follows where there is more."""
        asked = self._photo
        if asked is None or (asked.path, asked.look.content_hash) != (photo.path, photo.look.content_hash):
            self.forget()
            self._photo = photo
            if not photo.missing:
                self._rest.start()
        return self._lines

    def forget(self) -> None:
        """Nothing is asked for any more."""
        self._photo, self._lines, self._job = None, [], None
        self._rest.stop()
        self._stop.stop()

    def _read(self) -> None:
        if self._photo is not None and self._session.project is not None:
            self._stop = StopToken()
            self._job = self._session.run_beside(_facts(self._photo, self._stop), self._stop)
            self._job.finished.connect(self._arrived)

    def _arrived(self, facts: Facts) -> None:
        if self.sender() is self._job:
            self._job, self._lines = None, lines_of(facts)
            if self._lines:
                self.found.emit()


def lines_of(facts: Facts) -> list[tuple[str, str]]:
    """Exposure, focal length and lens in words, without those that the file does not tell."""
    exposure = [
        _seconds(facts.exposure) if facts.exposure is not None else "",
        f"f/{facts.aperture:.2g}" if facts.aperture is not None else "",
        f"ISO {facts.iso}" if facts.iso is not None else "",
    ]
    focal_length = ""
    if facts.focal_length is not None:
        focal_length = tr("{0} mm").format(f"{facts.focal_length:.3g}")
        if facts.focal_length_on_film is not None and round(facts.focal_length_on_film) != round(facts.focal_length):
            focal_length = tr("{0} ({1} on film)").format(focal_length, f"{facts.focal_length_on_film:.0f}")
    lens = facts.lens or ""
    lines = [
        (tr("Exposure"), ", ".join(filter(None, exposure))),
        (tr("Focal length"), focal_length),
        (tr("Lens"), lens.removeprefix(facts.camera or "").strip()),  # a phone's lens is named after the phone
    ]
    return [line for line in lines if line[1]]


def _seconds(exposure: float) -> str:
    """As cameras show it: "1/60 s", "0.5 s", "30 s"."""
    if exposure < 0.3:
        return tr("1/{0} s").format(round(1 / exposure))
    return tr("{0} s").format(f"{exposure:.3g}" if exposure < 10 else f"{exposure:.0f}")


def _facts(photo: Photo, stop: StopToken) -> Job[Facts]:
    from prismh_engine.photos.decode import decode

    yield Progress("Reading how a photo was taken", 0, None)
    return decode(photo.path, short_side=1, stop=stop).facts  # of a JPEG an eighth of the rows and columns is decoded


def tr(text: str) -> str:
    return QCoreApplication.translate("shot_facts", text)
