"""Runs a grid of variants of one method and sets each against the first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vidense.ablation_grids import Variant, grid_of
from vidense.condensed import load
from vidense.config import check_counts
from vidense.data.derive import halves_by_motion, motion_of_clips, write_classes, write_moved, write_reframed
from vidense.data.store import ClipStore
from vidense.engine.condense import condense
from vidense.engine.settings import pick_device, pick_scale, resolve
from vidense.errors import UserError
from vidense.evaluation.baselines import equal_videos
from vidense.evaluation.bench import Bench
from vidense.evaluation.filmstrip import Strip, draw_strips
from vidense.evaluation.measure import TrainSet, evaluate
from vidense.evaluation.record import undiverged
from vidense.evaluation.spec import eval_spec
from vidense.method import METHODS
from vidense.parameterizations import KeyFrames
from vidense.progress import LineProgress, PhaseProgress
from vidense.records import holds, numbered_name, write_json
from vidense.run_files import LOG
from vidense.runlog import read_log, read_record
from vidense.statistics import Accuracies, paired_difference, summarise

__all__ = ["FILE", "ablate"]

FILE, STRIPS = "ablation.json", "strips"
HEAD = {"format": "vidense-ablation", "version": 1}


def ablate(
    method: str,
    store: str | Path,
    out: str | Path,
    *,
    grid: str = "components",
    seeds: int = 2,
    nets: int = 3,
    model: str = "minic3d",
    device: str = "auto",
    progress: PhaseProgress | None = None,
    note: LineProgress | None = None,
    vpc: int = 1,
    options: Mapping[str, Any] | None = None,
    **settings: Any,
) -> dict[str, Any]:
    """Condense and evaluate every variant of a grid; the same call again continues.

    A learning rate that is searched is searched once for each store and number of videos per class, by the first.

    Args:
        method: a registered name.
        store: prepared data.
        out: folder of the runs, of ``ablation.json``, and of ``strips``: a picture a class of every variant's videos.
        grid: one of :func:`vidense.ablation_grids.grids_of`.
        seeds: condensation seeds of each variant.
        nets: evaluation networks of each set, trained under protocol ``clean``.
        model: those networks, options behind colons.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:1``.
        progress: as ``condense`` takes it.
        note: as ``evaluate`` takes its progress.
        vpc: videos per class, where the grid does not vary them.
        options: of the method, for every variant.
        settings: further ones of ``condense``, such as ``iterations`` and ``scale``.

    Returns:
        The file's content. ``rows``: a variant's ``sets`` (one a seed, with its learning rate, storage, key-frames,
        ``gradient_share`` of each frame where all are learned, and networks), the ``summary`` of its top-1 (None if a
        network diverged), its paired differences ``against_first`` variant (None on other test clips) and
        ``against_random`` real clips at equal videos, and the ``motion`` of real clips, as of each set
        (:func:`~vidense.data.derive.motion_of_clips`). ``left_out``: which variants this store cannot make, and why.

    Raises:
        UserError: if a name is unknown, a count too low, no two variants fit, or ``out`` holds another grid.
    """
    _check(method, grid, seeds, nets, Path(out))
    chosen, opened = grid_of(method, grid), ClipStore.open(store)
    work = _Work(Path(out), {**settings, "method": method}, seeds, nets, device, progress, note)
    # All variants and benches first: a mistake must not surface after an hour.
    given = dict(options or {})
    variants, left_out = _possible(chosen.variants, {**work.settings, "vpc": vpc, "options": given}, opened)
    benches = _benches(variants, opened, work, {"model": model, **chosen.evaluation})
    rows: list[dict[str, Any]] = []
    found = {**HEAD, "method": method, "grid": grid, "source": chosen.source, "store": opened.content_hash}
    found |= {"left_out": left_out, "rows": rows}
    for variant, bench in zip(variants, benches, strict=True):
        rows.append(work.row(variant, bench, variant.vpc or vpc, given, rows))
        write_json(work.out / FILE, found)
    _draw(variants, [bench.store for bench in benches], work.out)
    return found


def _check(method: str, grid: str, seeds: int, nets: int, out: Path) -> None:
    METHODS.get(method)
    check_counts(seeds=seeds, nets=nets)
    # What another method or grid came to would be lost.
    file = out / FILE
    if file.exists() and not (holds(file, "grid", grid) and holds(file, "method", method)):
        raise UserError(f"{str(file)!r} is not of the grid {grid!r} of {method!r}; give another --out, or delete it")


def _possible(
    variants: Sequence[Variant], settings: Mapping[str, Any], store: ClipStore
) -> tuple[list[Variant], dict[str, str]]:
    """Return the variants that can be condensed, and by name why each of the others cannot.

    Classes of twenty videos have no thirty; whoever asks for the grid then wants the points that there are. The first
    must be among them, for the others are set against it.

    Raises:
        UserError: if it is not, or no other is.
    """
    first = variants[0]
    left_out: dict[str, str] = {}
    for variant in variants:
        own = {"vpc": variant.vpc or settings["vpc"], "options": {**settings["options"], **variant.options}}
        try:
            resolve({**settings, **own}, store)
        except UserError as error:
            if variant is first:
                raise
            left_out[variant.name] = str(error)
    kept = [variant for variant in variants if variant.name not in left_out]
    if kept == [first]:
        name, reason = next(iter(left_out.items()))
        raise UserError(
            f"nothing can be set against {first.name!r} on this store ({name}: {reason}); give another grid or store"
        )
    return kept, left_out


@dataclass(frozen=True)
class _Work:
    """What is the same for all variants."""

    out: Path
    settings: Mapping[str, Any]
    seeds: int
    nets: int
    device: str
    progress: PhaseProgress | None
    note: LineProgress | None

    def row(
        self,
        variant: Variant,
        bench: Bench,
        vpc: int,
        options: dict[str, Any],
        others: Sequence[Mapping[str, Any]],
    ) -> dict[str, Any]:
        """Return the row of a variant; ``others`` are the rows before it."""
        store = bench.store
        alike = (row for row in others if (row["vpc"], row["store"]) == (vpc, store.content_hash))
        rate = next((row["sets"][0]["lr"] for row in alike), None)
        sets: list[dict[str, Any]] = []
        for seed in range(self.seeds):
            known = {} if rate is None else {"lr": rate}
            sets.append(self._set(variant, bench, vpc, {**known, **options, **variant.options}, seed))
            rate = sets[0]["lr"] if rate is None else rate
        # One look at all real clips is enough for the variants that share them.
        motion = next((row["motion"] for row in others if row["store"] == store.content_hash), None)
        own, random = (_pooled(sets, name) for name in ("networks", "random"))
        # Accuracies on other test clips, or over other classes, are no pairs.
        comparable = bool(others) and others[0]["store"] == store.content_hash
        first = _pooled(others[0]["sets"], "networks") if comparable else None
        return {
            "variant": variant.name,
            "options": dict(variant.options),
            "vpc": vpc,
            "store": store.content_hash,
            "classes": list(store.class_names),
            "spec_hash": bench.spec.hash,
            "spec": bench.spec.to_json(),
            "sets": sets,
            "motion": float(motion_of_clips(store.train).mean()) if motion is None else motion,
            "summary": None if own is None else summarise(own),
            "against_first": _difference(own, first),
            "against_random": _difference(own, random),
        }

    def _set(self, variant: Variant, bench: Bench, vpc: int, options: Mapping[str, Any], seed: int) -> dict[str, Any]:
        run = _run(self.out, variant, seed)
        how = {**self.settings, "vpc": vpc, "options": options, "seed": seed, "device": self.device}
        made = condense(bench.store.path, run, progress=self.progress, **how)
        done, videos = read_record(run), made.parameterization
        random = equal_videos(bench.store, made.labels, seed)
        return {
            "seed": seed,
            "lr": done["tuning"]["lr"] if done.get("tuning") else options.get("lr"),
            "storage": made.storage.to_json(),
            "key_frames": videos.is_key.sum(1).tolist() if isinstance(videos, KeyFrames) else None,
            "gradient_share": _gradient_share(run / LOG),
            "motion": float(motion_of_clips(made).mean()),
            "seconds": done.get("seconds"),
            "networks": evaluate(TrainSet.of(made), bench, range(self.nets), self.note),
            "random": evaluate(random, bench, range(self.nets), self.note),
        }


def _run(out: Path, variant: Variant, seed: int) -> Path:
    return out / f"{variant.name.replace(' ', '-')}-{seed}"


def _gradient_share(log: Path) -> list[float] | None:
    """Return which share of the gradient each frame received, a mean over a run; None unless all frames were learned.

    PRISM (appendix, effect of the initialization) holds that learning all frames at once is imbalanced in time.
    """
    norms: list[list[float]] = [entry.get("gradient_norms", [None]) for entry in read_log(log)]
    if not norms or any(None in of or not sum(of) for of in norms):
        return None
    shares = [[norm / sum(of) for norm in of] for of in norms]
    return [sum(column) / len(column) for column in zip(*shares, strict=True)]


def _draw(variants: Sequence[Variant], stores: Sequence[ClipStore], out: Path) -> None:
    """Draw the first video of each class under every variant that has the class."""
    by_class: dict[str, list[Strip]] = {}
    for variant, store in zip(variants, stores, strict=True):
        made = load(_run(out, variant, 0))
        for label, name in enumerate(store.class_names):
            first = int((made.labels == label).nonzero()[0])
            strip = Strip(variant.name, made.pictures(first), made.stored_times(first) or ())
            by_class.setdefault(name, []).append(strip)
    (out / STRIPS).mkdir(exist_ok=True)
    for number, (name, strips) in enumerate(by_class.items()):
        draw_strips(out / STRIPS / f"{numbered_name(number, name)}.png", name, strips)


def _stores_of(variants: Sequence[Variant], store: ClipStore, out: Path) -> list[ClipStore]:
    """Return the store of each variant, made below ``out`` where it is another than ``store``."""
    if len(store.class_names) < 2 and any(variant.half for variant in variants):
        raise UserError("one class has no static and no dynamic half; give a store of at least two classes")
    # Every clip is looked at for these, so once, and only where they are asked for.
    halves = halves_by_motion(store.train) if any(variant.half for variant in variants) else {}
    found = []
    for variant in variants:
        if variant.half is not None:
            found.append(write_classes(store, halves[variant.half], out / f"store-{variant.half}"))
        elif variant.motion is not None:
            found.append(write_moved(store, variant.motion, out / f"store-{variant.motion}-motion"))
        elif variant.frames is not None and variant.frames != store.spec.frames:
            found.append(write_reframed(store, variant.frames, out / f"store-{variant.frames}-frames"))
        else:
            found.append(store)
    return found


def _benches(variants: Sequence[Variant], store: ClipStore, work: _Work, evaluation: Mapping[str, Any]) -> list[Bench]:
    """Return what each variant is measured on; ``evaluation`` is what :func:`eval_spec` is told for all of them."""
    device = pick_device(work.device)
    how = {"scale": pick_scale(work.settings.get("scale"), device), **evaluation}
    specs = [eval_spec("clean", **{**how, **variant.evaluation}) for variant in variants]
    stores = _stores_of(variants, store, work.out)
    return [Bench(own, spec, device) for own, spec in zip(stores, specs, strict=True)]


def _pooled(sets: Sequence[Mapping[str, Any]], name: str) -> Accuracies | None:
    """Return top-1 of all sets by seed and network."""
    return undiverged([result for one in sets for result in one[name]])


def _difference(first: Accuracies | None, second: Accuracies | None) -> dict[str, Any] | None:
    return None if first is None or second is None else paired_difference(first, second)
