"""Thumbnails are read by two threads from the first one on."""

from __future__ import annotations

import os
import subprocess
import sys

from PIL import Image

_PROGRAM = """
import sys, threading
from pathlib import Path
from app.widgets.thumbnails import read_picture
from PySide6.QtWidgets import QApplication
application = QApplication([])
sys.setswitchinterval(1e-4)
both = threading.Barrier(2)
def read():
    both.wait()
    for _ in range(6):
        assert not read_picture(Path(sys.argv[1]), 88).isNull()
threads = [threading.Thread(target=read) for _ in range(2)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""


def test_two_threads_may_read_the_very_first_thumbnails(tmp_path):
    picture = tmp_path / "photo.jpg"
    Image.new("RGB", (256, 192), "green").save(picture)
    own = {name: value for name, value in os.environ.items() if name != "PYSIDE6_OPTION_LAZY"}
    for _ in range(8):  # it crashed in four of ten
        subprocess.run([sys.executable, "-c", _PROGRAM, picture], check=True, env=own)
