"""Do the abstractions bear what comes next? Three toy methods, made of public interfaces only; the loop is not touched.

One keeps its own state and learns labels (as FRePo), one inverts a frozen network under a mask on the update (as TSGF),
one stores clips as codec bitstreams (as a byte-budget method).
"""

import io
from fractions import Fraction

import av
import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from tests.tiny import write_store
from vidense import condense, load
from vidense.hooks import Hook
from vidense.method import METHODS, Group, Optimizer, Recipe, Task, register_method
from vidense.nets import build_network
from vidense.objectives import Objective
from vidense.parameterizations import PARAMETERIZATIONS, Dense, Parameterization, Stored

LENGTHS = {"small": 6, "published": 6}


class KernelRegression(Objective):
    """Ridge regression from synthetic features to real ones, under a network that is trained along the way."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.net: nn.Module | None = None
        self.age = 0

    def prepare(self, real):
        self.net = build_network("minic3d", real.spec, len(real.class_names), seed=self.seed).eval()

    def losses(self, synthetic, real, step):
        videos = torch.arange(len(synthetic))
        made = self.net.embed(synthetic.decode(videos))
        seen = torch.randperm(len(real), generator=step.draw.generator("real"))[:6]
        with torch.no_grad():
            true = self.net.embed(real.decode(seen))
        kernel = made @ made.T
        ridge = 1e-3 * kernel.trace() / len(kernel) * torch.eye(len(kernel))
        predicted = true @ made.T @ torch.linalg.solve(kernel + ridge, synthetic.soft_labels)
        yield (predicted - functional.one_hot(real.labels[seen], 3)).square().sum(1).mean()
        self._train_online(synthetic, videos)

    def _train_online(self, synthetic, videos):
        loss = (self.net(synthetic.decode(videos).detach()) - synthetic.soft_labels.detach()).square().mean()
        weights = list(self.net.parameters())
        with torch.no_grad():
            for weight, gradient in zip(weights, torch.autograd.grad(loss, weights), strict=True):
                weight -= 1e-3 * gradient
        self.age += 1

    def state_dict(self):
        return {"net": self.net.state_dict(), "age": self.age}

    def load_state_dict(self, state):
        self.net.load_state_dict(state["net"])
        self.age = state["age"]


def toy_frepo(task) -> Recipe:
    """Learn videos and labels by kernel regression."""
    clips = task.real.decode(task.random_videos())
    labels = functional.one_hot(task.labels, 3).float()
    videos = Dense(clips, task.real.spec, task.real.class_names, task.labels, labels)
    return Recipe(
        videos, KernelRegression(task.seed), Optimizer("adam", {"frames": Group(0.01), "soft_labels": Group(0.1)})
    )


class Inversion(Objective):
    """Cross-entropy of a frozen network; no real clip is ever looked at."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def prepare(self, real):
        network = build_network("minic3d", real.spec, len(real.class_names), seed=self.seed)
        self.teacher = network.eval().requires_grad_(False)

    def losses(self, synthetic, real, step):
        for chunk in torch.split(torch.arange(len(synthetic)), 2):
            yield functional.cross_entropy(self.teacher(synthetic.decode(chunk)), synthetic.labels[chunk])


class SalientFramesMoveLess(Hook):
    """Scales the update of each frame down by how much it differs from the frame before; the first is left alone."""

    def before_update(self, synthetic, step):
        clips = synthetic.frames.detach()
        change = functional.pad((clips[:, 1:] - clips[:, :-1]).abs().mean((2, 3, 4)), (1, 0), value=0.0)
        self.mask = 1 - change / change.amax(1, keepdim=True)
        self.before = clips.clone()

    @torch.no_grad()
    def after_update(self, synthetic, step):
        mask = self.mask[:, :, None, None, None]
        synthetic.frames.copy_(self.before + mask * (synthetic.frames - self.before))

    def telemetry(self):
        return {"mask": [round(float(value), 3) for value in self.mask.mean(1)]}


def toy_tsgf(task) -> Recipe:
    """Invert a frozen network from real clips, salient frames moving less."""
    clips = task.real.decode(task.random_videos())
    videos = Dense(clips, task.real.spec, task.real.class_names, task.labels)
    optimizer = Optimizer("adam", {"frames": Group(0.05)}, betas=(0.5, 0.9), schedule="cosine")
    return Recipe(videos, Inversion(task.seed), optimizer, (SalientFramesMoveLess(),))


# One thread, so that the same clips give the same bytes on a busy machine.
X264 = {"crf": "30", "x264-params": "threads=1:lookahead-threads=1"}


class Coded(Parameterization):
    """Clips that are trained as pixels and stored as H.264; decoding a stored set needs the codec, not the method."""

    kind = "toy_coded"

    def __init__(self, clips, spec, class_names, labels, soft_labels=None) -> None:
        super().__init__(spec, class_names, labels, soft_labels)
        self.frames = nn.Parameter(clips.clone())

    def synthesise(self, index, draw=None):
        # What the codec cannot hold is gone; the gradient passes as if nothing had happened.
        clips = self.frames[index]
        seen = self.spec.normalise(self.spec.denormalise(clips.detach()))
        return clips + (seen - clips).detach()

    def groups(self):
        return {"frames": [self.frames]}

    def pack(self, dtype) -> Stored:
        streams = [encode(self.spec.denormalise(clip.detach()).numpy()) for clip in self.frames]
        joined = torch.frombuffer(bytearray(b"".join(streams)), dtype=torch.uint8)
        return Stored({"stream": joined}, {"sizes": [len(stream) for stream in streams]})

    @classmethod
    def unpack(cls, stored, spec, class_names, labels, soft_labels):
        parts = torch.split(stored.tensors["stream"], stored.record["sizes"])
        clips = torch.stack([torch.from_numpy(decode(part.numpy().tobytes())) for part in parts])
        return cls(spec.normalise(clips), spec, class_names, labels, soft_labels)

    def stored_numbers(self) -> int:
        return self.frames.numel()


def encode(clip: np.ndarray) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=Fraction(8), options=X264)
        stream.height, stream.width, stream.pix_fmt = clip.shape[2], clip.shape[3], "yuv420p"
        for frame in clip.transpose(0, 2, 3, 1):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")))
        container.mux(stream.encode(None))
    return file.getvalue()


def decode(data: bytes) -> np.ndarray:
    with av.open(io.BytesIO(data)) as container:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]).transpose(0, 3, 1, 2)


def toy_coded(task) -> Recipe:
    """Invert a frozen network; keep the clips as H.264."""
    clips = task.real.decode(task.random_videos())
    videos = Coded(clips, task.real.spec, task.real.class_names, task.labels)
    return Recipe(videos, Inversion(task.seed), Optimizer("sgd", {"frames": Group(1.0)}))


TOYS = {"toy_frepo": toy_frepo, "toy_tsgf": toy_tsgf, "toy_coded": toy_coded}


@pytest.fixture(params=sorted(TOYS))
def name(request):
    """Register one toy as a plug-in would, and forget it afterwards."""
    build = TOYS[request.param]
    register_method(request.param, paper="none", stores="toys", iterations=LENGTHS)(build)
    if build is toy_coded:
        PARAMETERIZATIONS.register("toy_coded")(Coded)
    yield request.param
    METHODS._items.pop(request.param)
    PARAMETERIZATIONS._items.pop("toy_coded", None)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return write_store(tmp_path_factory.mktemp("data") / "store")


def test_runs_resumes_and_reads_back(store, tmp_path, name):
    def kill(phase, done, total, entry):
        if phase == "condense" and done == 4:
            raise InterruptedError

    straight = condense(store.path, tmp_path / "straight", method=name)
    with pytest.raises(InterruptedError):
        condense(store.path, tmp_path / "broken", method=name, progress=kill, checkpoint_seconds=0)
    condense(store.path, tmp_path / "broken", method=name)
    files = [tmp_path / run / "dataset" / "tensors.safetensors" for run in ("straight", "broken")]
    assert files[0].read_bytes() == files[1].read_bytes()
    index = torch.arange(len(straight))
    assert torch.equal(straight.decode(index), load(tmp_path / "broken").decode(index))
    assert straight.storage.bytes == sum(file.stat().st_size for file in straight.path.iterdir())


@pytest.mark.parametrize("name", ["toy_frepo"], indirect=True)
def test_labels_are_learned_stored_and_counted(store, tmp_path, name):
    read = condense(store.path, tmp_path, method=name)
    assert read.soft_labels is not None and not torch.equal(read.soft_labels, torch.eye(3))
    assert read.storage.parts["soft_labels"] == 36


@pytest.mark.parametrize("name", ["toy_tsgf"], indirect=True)
def test_the_frame_that_changes_most_never_moves_at_first(store, tmp_path, name):
    before = store.train.decode(Task(store.train, 1, 0, store.cache).random_videos())
    condense(store.path, tmp_path, method=name, store_dtype="float32")
    first = load(tmp_path / "snapshots" / "step-000001").decode(torch.arange(3))
    change = (before[:, 1:] - before[:, :-1]).abs().mean((2, 3, 4))
    moved = (first - before).abs().mean((2, 3, 4))
    salient = change.argmax(1) + 1
    assert all(moved[video, salient[video]] < 1e-2 < moved[video].max() for video in range(len(moved)))


@pytest.mark.parametrize("name", ["toy_coded"], indirect=True)
def test_bitstreams_are_much_smaller_than_pixels_and_still_the_clips(store, tmp_path, name):
    read = condense(store.path, tmp_path, method=name)
    pixels = read.parameterization.frames.numel()
    assert read.storage.parts["stream"] < pixels / 10
    assert read.decode(torch.arange(3)).shape == (3, *store.spec.shape)
