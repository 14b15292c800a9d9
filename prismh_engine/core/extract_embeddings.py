"""The step `extract`: photos in, embeddings out, by the starter encoder, by one that was trained, or by both."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from .. import embedding_files
from ..command import required, run_step
from ..errors import BadValueError, PrismhError
from ..files import write_json
from ..jobs import Job, Progress, StopToken
from ..models import ranks, starter
from ..models.encode_over_ranks import encode_over_ranks
from ..models.encode_photos import EncoderToStart, UsablePhoto, encode_photos
from ..models.file_encoder import BY_LEARNED, file_encoder
from ..models.ranks import Ranks
from ..models.simclr.run_files import RunFiles
from ..models.starter_photos import BY_STARTER, starter_encoder
from ..photos.cache import PhotoCache, check_cache_folder, default_cache_folder
from ..project import FeatureSet, Project
from ..project.feature_sets import STARTER, Encoder
from ..project.runs import Run
from ..settings import Resolved, Settings, setting
from ..version import __version__
from .photos_to_embed import Embedded, FolderToEmbed, ProjectToEmbed, join

AUTO, CPU, CUDA = "auto", "cpu", "cuda"
ENCODER, JOINED = "encoder", "joined"
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
    encoder: str | None = setting(
        None,
        "torchvision's or timm's name of the network whose weights --model_path holds (default: told by the weights, "
        "for networks that can be trained here)",
    )
    features: str = setting(
        ENCODER,
        "encoder: as the model gives them; joined: the model's, then the starter's, each scaled to unit length",
        choices=(ENCODER, JOINED),
    )
    image_size: int | None = setting(
        None,
        "side of the square each photo is squeezed to (default: the model's own, 224 for the starter)",
        unit="pixels",
        minimum=32,
        maximum=1024,
    )
    batch_size: int = setting(
        64, "photos encoded at once on a GPU; a CPU takes at most 8, which it does faster", minimum=1
    )
    device: str = setting(AUTO, "where the encoder runs; auto takes the GPU if there is one", choices=(AUTO, CPU, CUDA))
    export_onnx: Path | None = setting(
        None, "also write the encoder to this ONNX file: images, uint8 [B, H, W, 3] -> embeddings, float32 [B, D]"
    )


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

    Started by torchrun, the processes share the encoding; the first of them looks at the photos and writes.
    Raises `BadValueError` for settings that contradict each other, `PrismhError` where the photos or the model cannot
    be read or nothing can be written.
    """
    settings = resolved.settings
    _check(resolved)
    by_encoder = [settings]
    if settings.features == JOINED:
        by_encoder.append(replace(settings, model_path=STARTER, encoder=None, image_size=None))
    with ranks.join(settings.device) as here, ExitStack() as opened:
        made: list[_Lead] = []
        for one in by_encoder:
            lead = yield from _embed(one, here, opened, stop)
            made += [lead] if lead is not None else []

        def finish() -> Job[ExtractReport]:
            yield Progress("Writing the embeddings", 0, None)
            embedded = join([lead.photos.all() for lead in made])
            return _write(embedded, _identity([lead.encoder.identity for lead in made]), settings.output_dir)

        return (yield from ranks.on_first_rank(here, finish))


@dataclass(frozen=True)
class _Lead:
    """What rank 0 alone has."""

    encoder: EncoderToStart
    photos: FolderToEmbed | ProjectToEmbed
    cache: PhotoCache


@dataclass(frozen=True)
class _Share:
    """What every rank has to know of the photos to be encoded. model_file: None for the starter."""

    photos: list[UsablePhoto]
    model_file: Path | None
    cache_folder: Path


def _embed(settings: ExtractSettings, here: Ranks, opened: ExitStack, stop: StopToken | None) -> Job[_Lead | None]:
    """Embed what one encoder has not seen yet, on all ranks; what rank 0 has, on the others None."""
    lead: _Lead | None = None

    def begin() -> Job[_Share]:
        nonlocal lead
        lead, share = yield from _begin(settings, here, opened, stop)
        return share

    share = yield from ranks.on_first_rank(here, begin)
    if share.photos and lead is not None:
        yield from encode_over_ranks(share.photos, lead.encoder, lead.cache, lead.photos.keep, here, stop)
    elif share.photos:
        encoder = _encoder(settings, share.model_file, here, stop)
        cache = opened.enter_context(PhotoCache(share.cache_folder))
        yield from encode_over_ranks(share.photos, encoder, cache, _keep_nothing, here, stop)
    return lead


def _begin(
    settings: ExtractSettings, here: Ranks, opened: ExitStack, stop: StopToken | None
) -> Job[tuple[_Lead, _Share]]:
    project = None if settings.project is None else opened.enter_context(Project.open(settings.project))
    run = None if project is None else _chosen_run(project, settings.model_path)
    model_file = _model_file(settings) if project is None else _checkpoint(run)
    if settings.features == JOINED and model_file is None and settings.model_path != STARTER:
        raise PrismhError(f"{settings.project} has learned nothing yet that could be joined with the starter.")
    yield Progress(BY_LEARNED if model_file else BY_STARTER, 0, None)
    encoder = _encoder(settings, model_file, here, stop)
    if settings.export_onnx is not None:
        yield Progress("Writing the encoder", 0, None)
        _export(encoder, settings.export_onnx)
    cache_folder = settings.cache_dir or (default_cache_folder() if project is None else project.cache_folder)
    for folder in [settings.input_dir] if project is None else [folder.path for folder in project.folders()]:
        assert folder is not None
        check_cache_folder(cache_folder, folder)
    cache = opened.enter_context(PhotoCache(cache_folder))
    photos: FolderToEmbed | ProjectToEmbed
    if project is not None:
        photos = ProjectToEmbed(project, _features(project, run, encoder), run is not None, cache)
        missing = photos.missing()
    else:
        assert settings.input_dir is not None
        photos = FolderToEmbed(settings.input_dir, encoder.identity, cache)
        missing = yield from photos.look(stop)
    if missing:
        yield from _about_to_start(encoder, len(missing))
    return _Lead(encoder, photos, cache), _Share(missing, model_file, cache.folder)


def _keep_nothing(hashes: Sequence[str], embeddings: NDArray[np.float32]) -> None:
    """Of several ranks the first keeps the embeddings of all."""


def extract_project(
    project: Project, run: str | None = None, stop: StopToken | None = None, *, cache_folder: Path | None = None
) -> Job[FeatureSet]:
    """Embed the photos of a project that lack features, by the starter (None) or by a run's best model.

    The starter sees every photo that can be used, since verdicts need it, a run those that are used. A stop leaves as
    `Stopped`; what was computed is kept. cache_folder: None for the project's. Raises `PrismhError` where the run has
    no checkpoint.
    """
    yield Progress(BY_LEARNED if run else BY_STARTER, 0, None)
    chosen = None if run is None else project.runs.get(run)
    encoder = _encoder(ExtractSettings(), _checkpoint(chosen), ranks.ALONE, stop)
    features = _features(project, chosen, encoder)
    with PhotoCache(cache_folder or project.cache_folder) as cache:
        photos = ProjectToEmbed(project, features, chosen is not None, cache)
        missing = photos.missing()
        if missing:
            yield from _about_to_start(encoder, len(missing))
            yield from encode_photos(missing, encoder.start(), cache, photos.keep, encoder.what)
    return features


def _check(resolved: Resolved[ExtractSettings]) -> None:
    settings = resolved.settings
    if settings.project is None:
        required(resolved, "input_dir", "output_dir")
    for name in ("input_dir", "image_size", "encoder"):
        if settings.project is not None and getattr(settings, name) is not None:
            raise BadValueError(f"--{name} and --project exclude each other: a project has its own.")
    if settings.features == JOINED and settings.model_path in ((STARTER,) if settings.project else (None, STARTER)):
        raise BadValueError(
            f"--features {JOINED} puts the features of an encoder that learned beside the starter's: name its "
            "checkpoint as --model_path FILE."
        )
    if settings.features == JOINED and settings.export_onnx is not None:
        raise BadValueError(f"--export_onnx writes one encoder, and --features {JOINED} takes two: leave one out.")
    if settings.encoder is not None and _model_file(settings) is None:
        raise BadValueError(
            f"--encoder {settings.encoder} needs the weights of this network: give their file as --model_path FILE."
        )


def _model_file(settings: ExtractSettings) -> Path | None:
    """The file a person named, None for the starter."""
    return None if settings.model_path in (None, STARTER) else Path(str(settings.model_path))


def _encoder(settings: ExtractSettings, model_file: Path | None, here: Ranks, stop: StopToken | None) -> EncoderToStart:
    if model_file is not None:
        return file_encoder(model_file, settings.encoder, settings.image_size, settings.device, settings.batch_size)
    # Several processes on one machine, each with a thread a core, would wait for each other.
    threads = 0 if here.count == 1 else max(1, (os.cpu_count() or 1) // int(os.environ.get("LOCAL_WORLD_SIZE", "1")))
    size = settings.image_size or starter.IMAGE_SIZE
    return starter_encoder(size, settings.device, settings.batch_size, stop, threads)


def _features(project: Project, run: Run | None, encoder: EncoderToStart) -> FeatureSet:
    return project.features.ensure(run.name if run else STARTER, encoder.identity, run)


def _about_to_start(encoder: EncoderToStart, photos: int) -> Job[None]:
    yield Progress(encoder.what, 0, photos)
    if encoder.what == BY_STARTER and starter.is_first_use(encoder.identity.image_size):
        yield Progress(_FIRST_USE, 0, None)


def _export(encoder: EncoderToStart, path: Path) -> None:
    from ..models import onnx_export

    onnx_export.write(encoder.module(), encoder.identity.image_size, path)


def _identity(encoders: Sequence[Encoder]) -> Encoder:
    """Who made rows that lie side by side; the starter among them always looks at its own size."""
    return Encoder(
        "+".join(encoder.name for encoder in encoders),
        "+".join(encoder.weights_sha256 for encoder in encoders),
        encoders[0].image_size,
        sum(encoder.dimension for encoder in encoders),
    )


def _write(embedded: Embedded, identity: Encoder, output_dir: Path | None) -> ExtractReport:
    """Write the files, where they are wanted."""
    file = None if output_dir is None else output_dir / "all_embeddings.npz"
    report = ExtractReport(identity, len(embedded.file_paths), embedded.skipped, file)
    if file is not None:
        embedding_files.write(file, embedded.embeddings, embedded.file_paths, **embedded.place)
        _write_metadata(file, report)
    return report


def _chosen_run(project: Project, model_path: str | None) -> Run | None:
    """The run a person means in a project, None for the starter."""
    with_checkpoint = [run for run in project.runs.all() if RunFiles(run.folder).best.is_file()]
    if model_path is None:
        return with_checkpoint[-1] if with_checkpoint else None
    if model_path == STARTER:
        return None
    for run in with_checkpoint:
        if Path(model_path).resolve() == RunFiles(run.folder).best.resolve():
            return run
    raise PrismhError(
        f"{model_path} is not the best_model.pt of a run of this project: give --input_dir and --output_dir in place "
        "of --project to use it."
    )


def _checkpoint(run: Run | None) -> Path | None:
    """A run's best model, None for the starter."""
    if run is None:
        return None
    path = RunFiles(run.folder).best
    if not path.is_file():
        raise PrismhError(f"{run.name} has saved nothing yet: let it learn for an epoch first.")
    return path


def _write_metadata(file: Path, report: ExtractReport) -> None:
    encoder = asdict(report.encoder)
    write_json(
        file.with_name("extraction_metadata.json"),
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
