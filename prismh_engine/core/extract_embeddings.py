"""The step `extract`: photos in, embeddings out, by the starter encoder or by one that was trained."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ..command import required, run_step
from ..errors import BadValueError, PrismhError
from ..files import write_json
from ..jobs import Job, Progress, StopToken
from ..models import starter
from ..models.encode_photos import EncoderToStart, UsablePhoto, cache_key, encode_photos, encode_through_cache
from ..models.starter_photos import BY_STARTER, starter_encoder
from ..photos.cache import PhotoCache, default_cache_folder
from ..photos.folder import look_at_folder
from ..project import FeatureSet, Photo, Project
from ..project.feature_sets import STARTER, Encoder
from ..project.runs import Run
from ..settings import Resolved, Settings, setting
from ..version import __version__
from . import embedding_files

AUTO, CPU, CUDA = "auto", "cpu", "cuda"
_BY_LEARNED = "Seeing what was learned of them"
_FIRST_USE = "Getting ready, only this once"


@dataclass(frozen=True)
class ExtractSettings(Settings):
    """Settings of the step `extract`."""

    step: ClassVar[str] = "extract"

    input_dir: Path | None = setting(None, "folder with the photos")
    output_dir: Path | None = setting(None, "folder for all_embeddings.npz and extraction_metadata.json")
    project: Path | None = setting(
        None, "a project, in place of --input_dir: its used photos; the features are kept in it"
    )
    cache_dir: Path | None = setting(
        None, "folder for decoded copies (default: the project's, else the platform's cache)"
    )
    model_path: str | None = setting(
        None,
        "a checkpoint, a file of an encoder's weights, or the word starter (default: the project's newest run, else "
        "the starter)",
    )
    image_size: int | None = setting(
        None,
        "side of the square each photo is squeezed to (default: the one the model learned at, 224 for the starter)",
        unit="pixels",
        minimum=32,
        maximum=1024,
    )
    batch_size: int = setting(
        64, "photos encoded at once on a GPU; a CPU takes at most 8, which it does faster", minimum=1
    )
    device: str = setting(AUTO, "where the encoder runs; auto takes the GPU if there is one", choices=(AUTO, CPU, CUDA))


@dataclass(frozen=True)
class ExtractReport:
    """What was made. photos: rows; skipped: files that look like photos and have none; file: the npz, if one was."""

    encoder: Encoder
    photos: int
    skipped: int
    file: Path | None

    def __str__(self) -> str:
        where = f": {self.file}" if self.file else ", kept in the project"
        skipped = f" {self.skipped:,} could not be used." if self.skipped else ""
        size = f"{self.encoder.dimension:,} numbers each, by {self.encoder.name} at {self.encoder.image_size} pixels"
        return f"Embeddings of {self.photos:,} photos ({size}){where}.{skipped}"


def extract(resolved: Resolved[ExtractSettings], stop: StopToken | None = None) -> Job[ExtractReport]:
    """Embed the photos of a folder or of a project; what was embedded before is not computed again.

    Raises `PrismhError` where the photos or the model cannot be read or nothing can be written.
    """
    settings = resolved.settings
    if settings.project is None:
        required(resolved, "input_dir", "output_dir")
        return (yield from _extract_folder(settings, stop))
    for name in ("input_dir", "image_size"):
        if getattr(settings, name) is not None:
            raise BadValueError(f"--{name} and --project exclude each other: a project has its own.")
    with Project.open(settings.project) as project:
        run = _chosen_run(project, settings.model_path)
        features = yield from _extract_project(project, run, settings, stop)
        photos = project.photos.used()
        present, embeddings = features.read(photos)
        report = ExtractReport(features.encoder, len(present), len(photos) - len(present), _npz(settings.output_dir))
        if report.file is not None:
            roots = {folder.alias: folder.path for folder in project.folders()}
            embedding_files.write(report.file, embeddings, [photo.file_path for photo in present], roots=roots)
            _write_metadata(report)
    return report


def extract_project(
    project: Project, run: str | None = None, stop: StopToken | None = None, *, cache_folder: Path | None = None
) -> Job[FeatureSet]:
    """Embed the photos of a project that lack features, by the starter (None) or by a run's best model.

    The starter sees every photo that can be used, since verdicts need it, a run those that are used. A stop leaves as
    `Stopped`; what was computed is kept. cache_folder: None for the project's. Raises `PrismhError` where the run has
    no checkpoint.
    """
    chosen = None if run is None else project.runs.get(run)
    return (yield from _extract_project(project, chosen, ExtractSettings(cache_dir=cache_folder), stop))


def _extract_project(
    project: Project, run: Run | None, settings: ExtractSettings, stop: StopToken | None
) -> Job[FeatureSet]:
    yield Progress(_BY_LEARNED if run else BY_STARTER, 0, None)
    if run is None:
        model = _starter(settings, stop)
        candidates = [photo for photo in project.photos.all() if photo.look.usable and not photo.missing]
    else:
        model = _from_file(_checkpoint(run), settings)
        candidates = project.photos.used()
    features = project.features.ensure(run.name if run else STARTER, model.identity, run)
    with PhotoCache(settings.cache_dir or project.cache_folder) as cache:
        missing = _as_usable(features.missing(candidates))
        known = _kept(model, cache, [photo.content_hash for photo in missing])
        if known:
            features.append(list(known), np.stack(list(known.values())))
        missing = [photo for photo in missing if photo.content_hash not in known]
        if missing:
            if run is None and starter.is_first_use(model.identity.image_size):
                yield Progress(_FIRST_USE, 0, None)
            yield from encode_photos(missing, model.start(), cache, features.append, model.what)
    return features


def _kept(model: EncoderToStart, cache: PhotoCache, hashes: Sequence[str]) -> dict[str, NDArray[np.float32]]:
    """What steps without a project have kept: content hash -> embedding, from this cache or the platform's."""
    known = cache.features(cache_key(model.identity), hashes)
    other = default_cache_folder()
    rest = [name for name in hashes if name not in known]
    if rest and other != cache.folder and PhotoCache.is_in(other):
        with PhotoCache(other) as platforms:
            known.update(platforms.features(cache_key(model.identity), rest))
    return known


def _extract_folder(settings: ExtractSettings, stop: StopToken | None) -> Job[ExtractReport]:
    assert settings.input_dir is not None
    file = _npz(settings.output_dir)
    assert file is not None
    if settings.model_path in (None, STARTER):
        model = _starter(settings, stop)
    else:
        model = _from_file(Path(str(settings.model_path)), settings)
    with PhotoCache(settings.cache_dir or default_cache_folder()) as cache:
        looked = yield from look_at_folder(settings.input_dir, cache, stop)
        photos = [UsablePhoto(f.relative, f.path, look.content_hash) for f, look in looked if look.usable]
        if not photos:
            raise PrismhError(f"There is no photo in {settings.input_dir} that can be used.")
        known = yield from encode_through_cache(photos, model, cache)
    photos = [photo for photo in photos if photo.content_hash in known]
    if not photos:
        raise PrismhError(
            f"The photos in {settings.input_dir} cannot be read any more: check that the folder is there."
        )
    embeddings = np.stack([known[photo.content_hash] for photo in photos])
    report = ExtractReport(model.identity, len(photos), len(looked) - len(photos), file)
    root = Path(os.path.abspath(settings.input_dir))
    embedding_files.write(file, embeddings, [photo.file_path for photo in photos], root=root)
    _write_metadata(report)
    return report


def _starter(settings: ExtractSettings, stop: StopToken | None) -> EncoderToStart:
    return starter_encoder(settings.image_size or starter.IMAGE_SIZE, settings.device, settings.batch_size, stop)


def _from_file(path: Path, settings: ExtractSettings) -> EncoderToStart:
    from ..models.encoders import ENCODERS, TorchEncoder, compute_device, from_file, weights_sha256

    name, module, own_size = from_file(path)
    image_size = settings.image_size or own_size or starter.IMAGE_SIZE
    identity = Encoder(name, weights_sha256(module), image_size, ENCODERS[name])
    return EncoderToStart(
        identity,
        lambda: TorchEncoder(module, identity, compute_device(settings.device), settings.batch_size),
        _BY_LEARNED,
    )


def _chosen_run(project: Project, model_path: str | None) -> Run | None:
    """The run a person means in a project, None for the starter."""
    with_checkpoint = [run for run in project.runs.all() if _best_model(run).is_file()]
    if model_path is None:
        return with_checkpoint[-1] if with_checkpoint else None
    if model_path == STARTER:
        return None
    for run in with_checkpoint:
        if Path(model_path).resolve() == _best_model(run).resolve():
            return run
    raise PrismhError(
        f"{model_path} is not the best_model.pt of a run of this project: give --input_dir and --output_dir in place "
        "of --project to use it."
    )


def _checkpoint(run: Run) -> Path:
    path = _best_model(run)
    if not path.is_file():
        raise PrismhError(f"{run.name} has saved nothing yet: let it learn for an epoch first.")
    return path


def _best_model(run: Run) -> Path:
    return run.folder / "checkpoints" / "best_model.pt"


def _as_usable(photos: Iterable[Photo]) -> list[UsablePhoto]:
    return [UsablePhoto(photo.file_path, photo.path, photo.look.content_hash) for photo in photos]


def _npz(output_dir: Path | None) -> Path | None:
    return None if output_dir is None else output_dir / "all_embeddings.npz"


def _write_metadata(report: ExtractReport) -> None:
    assert report.file is not None
    encoder = asdict(report.encoder)
    write_json(
        report.file.with_name("extraction_metadata.json"),
        {
            "encoder": encoder.pop("name"),
            **encoder,
            "photos": report.photos,
            "skipped": report.skipped,
            "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "version": __version__,
        },
    )


def main(argv: Sequence[str] | None = None) -> int:
    return run_step(
        ExtractSettings,
        extract,
        argv,
        description="Turn photos into embeddings: numbers that are alike where photos look alike.",
        json_progress=True,
    )


if __name__ == "__main__":
    raise SystemExit(main())
