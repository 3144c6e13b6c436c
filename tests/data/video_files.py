"""Video files made for the tests, good and bad."""

from pathlib import Path

import av
import numpy as np
from PIL import Image


def write_video(
    path: Path,
    frames: int = 20,
    size: tuple[int, int] = (32, 32),
    codec: str = "libx264",
    options: dict[str, str] | None = None,
) -> Path:
    """Write a video whose frame i is of brightness 10 + 8 i (mod 200): a decoded frame tells its own number."""
    clip = np.empty((frames, size[1], size[0], 3), np.uint8)
    clip[:] = (10 + (8 * np.arange(frames)) % 200)[:, None, None, None]
    # A shade per file keeps files from being byte-identical.
    clip[:, :2, :2] = 5 * (sum(path.name.encode()) % 23)
    return write_frames(path, clip, codec, options)


def write_images(folder: Path, frames: int, name: str = "{:06}.png", shade: int = 0) -> Path:
    """Write a folder of images of 32 x 32 pixels; brightness tells the frame's number, as of :func:`write_video`."""
    folder.mkdir(parents=True)
    for i in range(frames):
        image = np.full((32, 32, 3), 10 + 8 * i % 200, np.uint8)
        image[:2, :2] = shade
        Image.fromarray(image).save(folder / name.format(i))
    return folder


def write_frames(
    path: Path,
    clip: np.ndarray,
    codec: str = "libx264",
    options: dict[str, str] | None = None,
    pixels: str = "yuv420p",
) -> Path:
    """Write uint8 ``[frames, H, W, 3]`` as a video of 25 frames a second; both sides are even."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w", container_options=options or {}) as container:
        stream = container.add_stream(codec, rate=25)
        stream.height, stream.width, stream.pix_fmt = *clip.shape[1:3], pixels
        for image in clip:
            for packet in stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")):
                container.mux(packet)
        for packet in stream.encode(None):
            container.mux(packet)
    return path


def write_audio(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=44100, layout="mono")
        for i in range(8):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 44100, 1024 * i
            for packet in stream.encode(frame):
                container.mux(packet)
        for packet in stream.encode(None):
            container.mux(packet)
    return path


def write_zero_frames(path: Path) -> Path:
    """Write a container that announces a video stream and holds no frame."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        stream.codec_context.open()
        container.start_encoding()
    return path


def truncate(path: Path, share: float = 0.5) -> Path:
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path


def write_folder(source: Path, classes: tuple[str, ...] = ("jump", "walk"), count: int = 5) -> Path:
    """Write a folder of classes without splits; the videos have 12, 13, ... frames."""
    for name in classes:
        for i in range(count):
            write_video(source / name / f"{name}{i}.mp4", frames=12 + i)
    return source
