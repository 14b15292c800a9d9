"""One SQLite file and several threads."""

from __future__ import annotations

import subprocess
import sys

_LONG = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400000) SELECT count(*) FROM n"


def test_closing_a_project_while_a_thread_reads_ends_neither(tmp_path):
    # In a process of its own: a connection closed under a thread that reads ends the whole process.
    code = f"""
import threading, time
from pathlib import Path
from prismh_engine.project.database import Database
for turn in range(5):
    database = Database(Path({str(tmp_path)!r}) / f"{{turn}}.db")
    read, begun = [], threading.Event()
    def work():
        for number in range(3):
            begun.set()
            read.append(database.rows({_LONG!r})[0][0])
    thread = threading.Thread(target=work)
    thread.start()
    begun.wait()
    time.sleep(0.02)
    database.close()
    thread.join()
    assert read[:1] == [400000], read
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
