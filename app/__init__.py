"""The window; the only package that imports Qt."""

import os

# PySide makes each of its types when it is first used, and two threads that do so at once crash the program: those that
# read thumbnails, within seconds of the start. So all are made when it is imported, which takes a tenth of a second.
os.environ.setdefault("PYSIDE6_OPTION_LAZY", "0")
