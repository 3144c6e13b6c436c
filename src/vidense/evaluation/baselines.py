"""Random real clips, the row that any condensation has to beat: at equal videos per class and at equal bytes."""

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256

import torch
from torch import Tensor

from vidense.condensed import CondensedDataset
from vidense.data.codec import encode_clips, find_codec
from vidense.data.store import ClipStore
from vidense.errors import UserError
from vidense.evaluation.measure import TrainSet
from vidense.method import Task
from vidense.parameterizations import CodedClips, KeyFrames, Parameterization, StoreDtype
from vidense.records import content_hash

__all__ = ["coded_within", "condensed_and_random", "equal_bytes", "equal_bytes_coded", "equal_videos", "frame_counts"]

# At the most.
LABEL_BYTES = 2


def equal_videos(store: ClipStore, labels: Tensor, seed: int) -> TrainSet:
    """Return random training videos, their first stored clip each.

    Args:
        store: where from.
        labels: ``[M]``, one for each video wanted; a class that has fewer gives all.
        seed: of the selection. Methods that start from real clips start from these very ones at equal seeds.
    """
    return _whole_clips(store, _random_videos(store, _sizes(labels, store), seed), seed)


def equal_bytes(store: ClipStore, dataset: CondensedDataset, seed: int) -> TrainSet:
    """Return random real clips that hold as many stored frames, in the same dtype, as ``dataset``.

    The frames are dealt as :func:`frame_counts` says; each video keeps evenly spaced frames, the others are
    interpolated as between key-frames. A video of one frame keeps its middle one and stands still.

    Args:
        store: where from.
        dataset: the condensed dataset to match.
        seed: as in :func:`equal_videos`.
    """
    videos, sizes = _sizes(dataset.labels, store), _sizes(store.train.labels, store)
    counts = frame_counts(int(dataset.storage.frames), videos, store.spec.frames, sizes)
    chosen = _random_videos(store, [len(of_class) for of_class in counts], seed)
    flat = [count for of_class in counts for count in of_class]
    dtype: StoreDtype = dataset.index["store_dtype"]
    if dtype == "uint8" and all(count == store.spec.frames for count in flat):
        # Whole uint8 clips are what equal_videos returns: the same work, and one result for both.
        return _whole_clips(store, chosen, seed)
    real, labels = store.train, store.train.labels[chosen]
    clips, still = real.decode(chosen), torch.tensor(flat) == 1
    clips[still] = clips[still][:, real.spec.frames // 2 :][:, :1]
    # Both ends of a video that stands still are its one frame.
    ends = [min(max(count, 2), real.spec.frames) for count in flat]
    kept = KeyFrames.from_clips(clips, ends, real.spec, real.class_names, labels)
    as_stored = Parameterization.restore(kept.kind, kept.store(dtype), real.spec, real.class_names)
    as_stored.requires_grad_(False)
    return TrainSet(as_stored, content_hash(["real frames", chosen.tolist(), flat, dtype]), seed, sum(flat))


def condensed_and_random(dataset: CondensedDataset, store: ClipStore) -> dict[str, TrainSet]:
    """Return ``condensed`` and, drawn with its seed, ``random`` at equal bytes."""
    return {"condensed": TrainSet.of(dataset), "random": equal_bytes(store, dataset, dataset.seed)}


def equal_bytes_coded(store: ClipStore, dataset: CondensedDataset, seed: int, codec: str = "av1") -> TrainSet:
    """Return random real clips that a video codec stores in no more bytes than ``dataset`` has on disk.

    The rest as :func:`coded_within`, its index allowed for.
    """
    return coded_within(store, dataset.storage.bytes - dataset.storage.parts["index"], seed, codec)


def coded_within(store: ClipStore, most: int, seed: int, codec: str = "av1") -> TrainSet:
    """Return random real clips that a video codec stores in at most ``most`` bytes, labels included.

    Clips of all classes are taken in turns. If the whole training set fits, it is kept, as finely as it fits; otherwise
    as many clips as fit at the codec's usual quality, or at the next coarser one that leaves no class without. If the
    coarsest does, so be it.

    Args:
        store: where from.
        most: bytes.
        seed: as in :func:`equal_videos`.
        codec: ``av1`` or ``h264``.

    Raises:
        UserError: if the machine cannot encode it, or not even one clip fits.
    """
    real, order, known = store.train, _in_turns(store, seed), find_codec(codec)
    found: list[list[bytes]] = []
    for quality in known.qualities:
        clips = (real.pixels(index[None])[0].cpu().numpy() for index in order)
        parts = list(_within(encode_clips(clips, codec, quality), most))
        if len(parts) == len(order):
            found = [parts]
            break
        found += [parts] if quality >= known.usual else []
    parts = next((parts for parts in found if len(parts) >= len(store.class_names)), found[-1])
    if not parts:
        raise UserError(f"not one clip fits into {most} bytes as {codec}; compare with a larger condensed dataset")
    chosen, stream = order[: len(parts)], b"".join(parts)
    kept = CodedClips(stream, codec, real.spec, real.class_names, real.labels[chosen])
    content = content_hash(["coded clips", codec, chosen.tolist(), sha256(stream).hexdigest()])
    return TrainSet(kept.requires_grad_(False), content, seed, len(chosen) * real.spec.frames)


def _in_turns(store: ClipStore, seed: int) -> Tensor:
    """Return all training videos: a random one of every class, then another of every class, and so on."""
    sizes = _sizes(store.train.labels, store)
    drawn = torch.split(_random_videos(store, sizes, seed), sizes)
    return torch.stack([of_class[turn] for turn in range(max(sizes)) for of_class in drawn if turn < len(of_class)])


def _within(parts: Iterable[bytes], most: int) -> Iterator[bytes]:
    """Yield parts while they, and a label of two bytes for each, take no more than ``most`` bytes."""
    taken = 0
    for part in parts:
        taken += len(part) + LABEL_BYTES
        if taken > most:
            return
        yield part


def frame_counts(total: int, videos: Sequence[int], length: int, sizes: Sequence[int]) -> list[list[int]]:
    """Deal stored frames evenly over classes, and over the videos of each class.

    Args:
        total: frames to deal; what does not divide goes one by one to the first classes and videos.
        videos: how many videos of each class the condensed set has; kept where the frames allow it.
        length: T, the most frames of one video; with more frames than fit, more videos are taken.
        sizes: how many real videos each class has, the most that can be taken of it.

    Returns:
        For each class, the frames of each of its videos: 1 to T. Never more than ``total`` together, except that
        every class gets at least one frame.
    """
    dealt = []
    for share, wanted, size in zip(_deal(total, len(videos)), videos, sizes, strict=True):
        number = min(max(wanted, -(-share // length)), max(share, 1), size)
        dealt.append([min(max(count, 1), length) for count in _deal(share, number)])
    return dealt


def _deal(total: int, parts: int) -> list[int]:
    return [total // parts + (i < total % parts) for i in range(parts)]


def _sizes(labels: Tensor, store: ClipStore) -> list[int]:
    """Return how many of the labels name each class."""
    found: list[int] = torch.bincount(labels, minlength=len(store.class_names)).tolist()
    return found


def _whole_clips(store: ClipStore, chosen: Tensor, seed: int) -> TrainSet:
    content = content_hash(["real clips", chosen.tolist()])
    return TrainSet(store.train.subset(chosen), content, seed, len(chosen) * store.spec.frames)


def _random_videos(store: ClipStore, wanted: Sequence[int], seed: int) -> Tensor:
    # The draw of n videos is the start of the draw of more, so the longest serves classes that want fewer.
    task = Task(store.train, max(wanted), seed, store.cache)
    drawn = task.random_videos()
    classes = store.train.labels[drawn]
    return torch.cat([drawn[classes == label][:number] for label, number in enumerate(wanted)])
