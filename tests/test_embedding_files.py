from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from prismh_engine import embedding_files
from prismh_engine.errors import PrismhError


def test_embeddings_come_back_as_they_were_and_load_without_pickle(tmp_path: Path) -> None:
    embeddings = np.random.default_rng(0).normal(size=(3, 5)).astype(np.float32)
    names = ["a b/ü 蚊.jpg", "line\nbreak.jpg", "./=sum.jpg"]
    embedding_files.write(tmp_path / "e.npz", embeddings, names, root=tmp_path / "photos")
    read = embedding_files.read(tmp_path / "e.npz")
    assert np.array_equal(read.embeddings, embeddings)
    assert read.file_paths == names
    with np.load(tmp_path / "e.npz", allow_pickle=False) as file:
        assert file["embeddings"].dtype == np.float32
        assert file["file_paths"].dtype.kind == "U"
        assert str(file["root"]) == str(tmp_path / "photos")


def test_a_photo_is_found_again_by_its_root_also_with_a_name_that_is_no_utf8(tmp_path: Path) -> None:
    embedding_files.write(tmp_path / "e.npz", np.eye(2, 3), ["a%FF.jpg", "50%25.jpg"], root=tmp_path)
    read = embedding_files.read(tmp_path / "e.npz")
    assert read.photo("a%FF.jpg") == tmp_path / "a\udcff.jpg"
    assert read.photo("50%25.jpg") == tmp_path / "50%.jpg"


def test_photos_of_a_project_are_found_by_the_alias_of_their_folder(tmp_path: Path) -> None:
    folders = {"north": tmp_path / "1", "south": tmp_path / "2"}
    embedding_files.write(tmp_path / "e.npz", np.eye(2, 3), ["north/a.jpg", "south/b/c.jpg"], roots=folders)
    read = embedding_files.read(tmp_path / "e.npz")
    assert read.photo("south/b/c.jpg") == tmp_path / "2" / "b" / "c.jpg"
    assert read.photo("west/a.jpg") is None
    assert read.moved_to(tmp_path / "new").photo("north/a.jpg") == tmp_path / "new" / "north" / "a.jpg"


@pytest.mark.parametrize("path", ["../secret.jpg", "/etc/secret.jpg", "a/../../secret.jpg"])
def test_a_path_that_leads_out_of_the_photo_folder_is_no_photo(tmp_path: Path, path: str) -> None:
    embedding_files.write(tmp_path / "e.npz", np.eye(1, 3), [path], root=tmp_path)
    assert embedding_files.read(tmp_path / "e.npz").photo(path) is None


def test_without_a_root_no_photo_is_found_until_its_folder_is_told(tmp_path: Path) -> None:
    embedding_files.write(tmp_path / "e.npz", np.eye(1, 3), ["a.jpg"])
    read = embedding_files.read(tmp_path / "e.npz")
    assert read.photo("a.jpg") is None
    assert read.moved_to(tmp_path).photo("a.jpg") == tmp_path / "a.jpg"


def test_no_photos_are_a_file_too(tmp_path: Path) -> None:
    embedding_files.write(tmp_path / "e.npz", np.empty((0, 8)), [], root=tmp_path)
    assert embedding_files.read(tmp_path / "e.npz").embeddings.shape == (0, 8)


@pytest.mark.parametrize("content", [b"", b"file_path,x,y\n", b"PK\x03\x04 cut off", b"\x93NUMPY\x01\x00"])
def test_a_file_of_another_kind_is_named_with_a_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "wrong.npz").write_bytes(content)
    with pytest.raises(PrismhError, match=r"wrong\.npz is no file of embeddings.*extract"):
        embedding_files.read(tmp_path / "wrong.npz")


def test_a_missing_file_is_named_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(PrismhError, match=r"Cannot read .*gone\.npz: No such file"):
        embedding_files.read(tmp_path / "gone.npz")


GOOD = {"embeddings": np.eye(2, 3), "file_paths": np.array(["a", "b"])}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"embeddings": None}, "no array 'embeddings'"),
        ({"file_paths": None}, "no array 'file_paths'"),
        ({"embeddings": np.eye(2)[0]}, "no table of numbers"),
        ({"embeddings": np.array([["a"], ["b"]])}, "no table of numbers"),
        ({"embeddings": np.array([[1.0, np.nan], [1, 1]])}, "embedding of a is not finite"),
        ({"file_paths": np.array(["a"])}, "not one file path for each"),
        ({"file_paths": np.array(["a", "a"])}, "a stands in it twice"),
        ({"file_paths": np.array(["a", "bad\udcff.jpg"])}, r"file path 'bad\\udcff.jpg' is no text"),
        ({"file_paths": np.array(["a", 1], dtype=object)}, "damaged, or of another kind"),
        ({"roots": np.array(["a"])}, "no pairs"),
        ({"root": np.array(3)}, "photo folder is no text"),
    ],
)
def test_arrays_that_do_not_fit_are_told_apart(tmp_path: Path, change: dict[str, np.ndarray], why: str) -> None:
    arrays = {name: array for name, array in {**GOOD, **change}.items() if array is not None}
    np.savez(tmp_path / "e.npz", **arrays)
    with pytest.raises(PrismhError, match=why):
        embedding_files.read(tmp_path / "e.npz")
    with pytest.raises(PrismhError, match=why):
        list(embedding_files.read_blocks(tmp_path / "e.npz", 1).blocks)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_embeddings_come_in_blocks_too(tmp_path: Path, order: str, save: Callable[..., None]) -> None:
    embeddings = np.asarray(np.random.default_rng(0).normal(size=(7, 3)), order=order)  # type: ignore[call-overload]
    save(tmp_path / "e.npz", embeddings=embeddings, file_paths=[f"{i}.jpg" for i in range(7)], root=str(tmp_path))
    read = embedding_files.read_blocks(tmp_path / "e.npz", 3)
    blocks = list(read.blocks)
    assert np.array_equal(np.concatenate(blocks), embeddings.astype(np.float32))
    assert (len(read.file_paths), read.dimension, read.roots) == (7, 3, {"": tmp_path})
    assert len(blocks) == (3 if order == "C" else 1)


def test_a_file_with_a_damaged_row_is_told_before_its_end(tmp_path: Path) -> None:
    embedding_files.write(tmp_path / "e.npz", np.ones((500, 8)), [str(i) for i in range(500)])
    content = bytearray((tmp_path / "e.npz").read_bytes())
    content[9000:9004] = b"\0\0\0\x40"
    (tmp_path / "e.npz").write_bytes(bytes(content))
    with pytest.raises(PrismhError, match="damaged, or of another kind"):
        list(embedding_files.read_blocks(tmp_path / "e.npz", 100).blocks)
