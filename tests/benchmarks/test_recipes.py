from __future__ import annotations

import re
from pathlib import Path

import pytest

from prismh_engine.tables import read_csv

from . import drawn_sets, recipes


def test_names_teach_are_kept_out_of_the_score_and_kinds_without_are_scored_by_themselves(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    photos, output = tmp_path / "photos", tmp_path / "out"
    drawn_sets.write("surfaces", photos, 4)
    flags = ["--preset", "names", "--image_size", "32", "--batch_size", "8", "--epochs", "1", "--num_workers", "1"]
    words = [str(photos), "--output_dir", str(output), "--names", "2", "--kinds", "3", "--", *flags]
    assert recipes.main(words) == 0
    printed = capfd.readouterr().out
    rows = re.findall(
        r"^  (\w+): knn .* nmi .* the rest told .* kinds not named: knn .* worth .* first$", printed, re.M
    )
    assert rows == ["checkpoint_epoch_1", "best_model", "joined"]
    (labels,) = output.glob("*/labels.csv")
    taught = read_csv(labels, ("file_path", "label"))
    assert len(taught) == 6
    assert len({row["label"] for row in taught}) == 3
