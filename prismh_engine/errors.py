"""The one error a user can cause; its text is a sentence fit to be shown to a person."""


class PrismhError(Exception):
    """Something the user can understand and mend: what is wrong, with which file, what to do."""


class BadValueError(PrismhError, ValueError):
    """A value outside its range; the sentence holds the name, the range and the value."""
