"""The embeddings a project keeps: blocks of rows on disk, and which content is which row in the catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import PrismhError
from ..files import write_whole
from .database import Database, now
from .kept_rows import KeptRows
from .photo_catalogue import IS_USED, Photo
from .runs import Run

STARTER = "starter"
BLOCK_ROWS = 4096


@dataclass(frozen=True)
class Encoder:
    """What made a feature set; two identities never meet in one map."""

    name: str
    weights_sha256: str
    image_size: int
    dimension: int


class FeatureSet:
    """The embeddings of one encoder, float32 [N, D], in blocks of 4,096 rows that are written whole or not at all."""

    def __init__(
        self, database: Database, identity: int, name: str, encoder: Encoder, folder: Path, kept: dict[int, KeptRows]
    ) -> None:
        self.id = identity
        self.name = name
        self.encoder = encoder
        self.folder = folder
        self._database = database
        self._kept = kept

    def rows(self) -> dict[str, int]:
        """Content hash -> row."""
        found = self._database.rows("SELECT content_hash, row FROM feature_rows WHERE feature_set_id = ?", (self.id,))
        return {row["content_hash"]: row["row"] for row in found}

    def of_used(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The used photos that have a row: their ids [N], rising, and the row of each [N]. No photo is made for it."""
        found = self._database.rows(
            "SELECT photos.id, row FROM photos JOIN feature_rows USING (content_hash) "
            f"WHERE feature_set_id = ? AND NOT missing AND {IS_USED} ORDER BY photos.id",
            (self.id,),
        )
        ids = np.fromiter((row["id"] for row in found), np.int64, len(found))
        return ids, np.fromiter((row["row"] for row in found), np.int64, len(found))

    def places(self, photo_ids: NDArray[np.integer]) -> NDArray[np.int64]:
        """The row of each of these photos, int64 [N], used or not; -1 where one has none."""
        found = self._database.rows(
            "SELECT photos.id, row FROM photos JOIN feature_rows USING (content_hash) WHERE feature_set_id = ?",
            (self.id,),
        )
        row_of = {row[0]: row[1] for row in found}
        return np.array([row_of.get(photo_id, -1) for photo_id in photo_ids.tolist()], dtype=np.int64)

    def missing(self, photos: Iterable[Photo]) -> list[Photo]:
        """The usable photos that have no row yet; of several with equal bytes the first."""
        seen = set(self.rows())
        missing = []
        for photo in photos:
            if photo.look.usable and photo.look.content_hash not in seen:
                seen.add(photo.look.content_hash)
                missing.append(photo)
        return missing

    def append(self, content_hashes: Sequence[str], embeddings: NDArray[np.float32]) -> None:
        """Add rows; those that another program added meanwhile stay as they are.

        The block files are on the disk before the catalogue knows of the rows. Raises `PrismhError` where another
        encoder took this one's place meanwhile.
        """
        embeddings = np.ascontiguousarray(embeddings, dtype=np.float32)
        if embeddings.shape != (len(content_hashes), self.encoder.dimension):
            raise ValueError(
                f"embeddings must be [{len(content_hashes)}, {self.encoder.dimension}], got {embeddings.shape}"
            )
        with self._database.writing() as db:
            if not db.execute("SELECT 1 FROM feature_sets WHERE id = ?", (self.id,)).fetchone():
                raise PrismhError(f"The features {self.name!r} were made anew by another program meanwhile: try again.")
            there = "SELECT 1 FROM feature_rows WHERE feature_set_id = ? AND content_hash = ?"
            new = [
                i for i, content in enumerate(content_hashes) if not db.execute(there, (self.id, content)).fetchone()
            ]
            content_hashes, embeddings = [content_hashes[i] for i in new], embeddings[new]
            start = db.execute(
                "SELECT coalesce(max(row) + 1, 0) FROM feature_rows WHERE feature_set_id = ?", (self.id,)
            ).fetchone()[0]
            done = 0
            while done < len(embeddings):
                block, offset = divmod(start + done, BLOCK_ROWS)
                part = embeddings[done : done + BLOCK_ROWS - offset]
                if offset:  # rows past `offset` are from an append that did not reach the catalogue
                    part = np.concatenate([np.load(self._block(block), allow_pickle=False)[:offset], part])
                with write_whole(self._block(block)) as stream:
                    np.save(stream, part, allow_pickle=False)
                done += len(part) - offset
            db.executemany(
                "INSERT INTO feature_rows VALUES (?, ?, ?)",
                [(self.id, content, start + i) for i, content in enumerate(content_hashes)],
            )

    def read(self, photos: Sequence[Photo]) -> tuple[list[Photo], NDArray[np.float32]]:
        """The photos that have a row, in the given order, and their embeddings [N, D]."""
        rows = self.rows()
        present = [photo for photo in photos if photo.look.content_hash in rows]
        return present, self.at(np.array([rows[photo.look.content_hash] for photo in present], dtype=np.int64))

    def of_contents(self, hashes: Iterable[str]) -> dict[str, NDArray[np.float32]]:
        """Content hash -> embedding [D] of those asked for that have a row."""
        wanted = list(dict.fromkeys(hashes))
        rows: dict[str, int] = {}
        for start in range(0, len(wanted), 500):
            part = wanted[start : start + 500]
            marks = ",".join("?" * len(part))
            sql = f"SELECT content_hash, row FROM feature_rows WHERE feature_set_id = ? AND content_hash IN ({marks})"
            rows.update(tuple(row) for row in self._database.rows(sql, (self.id, *part)))
        return dict(zip(rows, self.at(np.array(list(rows.values()), dtype=np.int64)), strict=True))

    def at(self, wanted: NDArray[np.integer]) -> NDArray[np.float32]:
        """The embeddings [N, D] at these rows."""
        embeddings = np.empty((len(wanted), self.encoder.dimension), dtype=np.float32)
        for block in np.unique(wanted // BLOCK_ROWS):
            here = wanted // BLOCK_ROWS == block
            stored = np.load(self._block(int(block)), mmap_mode="r", allow_pickle=False)
            embeddings[here] = stored[wanted[here] % BLOCK_ROWS]
        return embeddings

    def kept_rows(self) -> KeptRows:
        """All rows, as one asks again and again which of them look like something; mapped and measured once."""
        count = self._database.rows(
            "SELECT coalesce(max(row) + 1, 0) FROM feature_rows WHERE feature_set_id = ?", (self.id,)
        )[0][0]
        kept = self._kept.get(self.id)
        if kept is None or len(kept) != count:
            blocks = [self._block(number) for number in range(-(-count // BLOCK_ROWS))]
            kept = self._kept[self.id] = KeptRows(blocks, count)
        return kept

    def _block(self, number: int) -> Path:
        return self.folder / f"{number}.npy"


class FeatureSets:
    """The table `feature_sets` and the folders below `features/`."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder
        self._kept: dict[int, KeptRows] = {}

    def all(self) -> list[FeatureSet]:
        """Every feature set, oldest first."""
        rows = self._database.rows("SELECT * FROM feature_sets ORDER BY id")
        return [
            FeatureSet(
                self._database,
                row["id"],
                row["name"],
                Encoder(row["encoder"], row["weights_sha256"], row["image_size"], row["dimension"]),
                self._folder / row["name"],
                self._kept,
            )
            for row in rows
        ]

    def find(self, name: str) -> FeatureSet | None:
        return next((found for found in self.all() if found.name == name), None)

    def get(self, name: str) -> FeatureSet:
        """The feature set of this name. Raises `PrismhError` where there is none."""
        found = self.find(name)
        if found is None:
            raise PrismhError(f"The project has no features {name!r}: run extract first.")
        return found

    def newest(self) -> FeatureSet:
        """The newest run's features, else the starter's; those without a row yet only where there are no others.

        Raises `PrismhError` where there are none.
        """
        rows = self._database.rows(
            "SELECT name FROM feature_sets ORDER BY "
            "NOT EXISTS (SELECT 1 FROM feature_rows WHERE feature_set_id = feature_sets.id), "
            "run_id IS NULL, run_id DESC, id DESC LIMIT 1"
        )
        if not rows:
            raise PrismhError("The project has no features yet: run extract first.")
        return self.get(rows[0]["name"])

    def ensure(self, name: str, encoder: Encoder, run: Run | None = None) -> FeatureSet:
        """The feature set of this name and encoder, made where it is missing.

        One that was made by another encoder (a starter of another version, a run that learned on) is replaced, with
        its maps and groupings; names hang on photos and stay.
        """
        with self._database.writing() as db:
            found = self.find(name)
            if found is not None and found.encoder == encoder:
                return found
            if found is not None:
                for table in ("maps", "groupings", "feature_rows"):
                    db.execute(f"DELETE FROM {table} WHERE feature_set_id = ?", (found.id,))
                db.execute("DELETE FROM feature_sets WHERE id = ?", (found.id,))
                self._kept.pop(found.id, None)
            db.execute(
                "INSERT INTO feature_sets(name, run_id, encoder, weights_sha256, image_size, dimension, created_at) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    name, run.id if run else None, encoder.name, encoder.weights_sha256, encoder.image_size,
                    encoder.dimension, now(),
                ),
            )  # fmt: skip
        return self.get(name)
