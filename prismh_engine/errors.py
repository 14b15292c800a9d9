"""The errors a user can cause; the text of each is a sentence fit to be shown to a person."""


class PrismhError(Exception):
    """Something the user can understand and mend: what is wrong, with which file, what to do."""


class BadValueError(PrismhError, ValueError):
    """A value outside its range; the sentence holds the name, the range and the value."""


class PhotosDifferError(PrismhError):
    """A training is to go on, but its photos are not those it began with. changed: how they differ, in a few words."""

    def __init__(self, changed: str) -> None:
        super().__init__(
            f"The photos are not those the run began with: {changed}. Bring them back, or give --allow_changed_photos "
            "to go on with the photos as they are."
        )
        self.changed = changed
