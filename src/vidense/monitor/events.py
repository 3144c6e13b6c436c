"""A run as TensorBoard reads it: an event file that grows with the run."""

import importlib
import io
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from PIL import Image, ImageSequence

from vidense.errors import UserError
from vidense.monitor.state import Reading
from vidense.printable import printable
from vidense.report.runs import Preview

__all__ = ["EventFile"]

# Of all frames of a clip, which TensorBoard needs in memory at once.
MOST_PIXELS = 2**28


class EventFile:
    """One event file; a context manager, so that what was written is on disk when it ends."""

    def __init__(self, folder: Path, *, began: float) -> None:
        """Create the file.

        Args:
            folder: where TensorBoard looks for the run; others' files in it are left alone.
            began: seconds since 1970 from which the run counts its own.

        Raises:
            UserError: if TensorBoard is not installed or the folder cannot be written.
        """
        self._began, self._last = began, -1
        self._event, self._summary, writer = _tensorboard()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._writer = writer.EventFileWriter(str(folder))
        except OSError as error:
            raise UserError(f"--tensorboard {str(folder)!r} cannot be written ({error}); give another folder") from None
        # Another look at the same run writes all of it again, and this makes TensorBoard forget the one before.
        self._start_over()

    def __enter__(self) -> "EventFile":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()

    def add(self, reading: Reading, class_name: Callable[[int], str]) -> None:
        """Add the scalars of an iteration: its values, and key-frames by class."""
        if reading.step <= self._last:
            self._start_over()
        self._last = reading.step
        scalars = {printable(name): value for name, value in reading.values.items()}
        scalars |= {f"key_frames_of/{printable(class_name(i))}": n for i, n in enumerate(reading.key_frames)}
        if reading.memory is not None:
            scalars["memory"] = reading.memory
        values = [self._summary.Summary.Value(tag=tag, simple_value=value) for tag, value in scalars.items()]
        self._write(reading.step, reading.seconds, summary=self._summary.Summary(value=values))

    def add_clips(self, previews: Sequence[Preview], step: int, seconds: float | None) -> None:
        """Add condensed videos as pictures that move.

        Raises:
            UserError: if a picture cannot be read.
        """
        numbers: Counter[str] = Counter()
        for preview in previews:
            numbers[preview.label] += 1
            image = self._summary.Summary.Image(
                height=preview.height, width=preview.width, colorspace=3, encoded_image_string=_png(preview)
            )
            tag = f"clips/{printable(preview.label)}/{numbers[preview.label]}"
            value = self._summary.Summary.Value(tag=tag, image=image)
            self._write(step, seconds, summary=self._summary.Summary(value=[value]))

    def flush(self) -> None:
        """Hand what was added to the operating system."""
        self._writer.flush()

    def _start_over(self) -> None:
        status = self._event.SessionLog(status=self._event.SessionLog.START)
        self._write(0, None, session_log=status)

    def _write(self, step: int, seconds: float | None, **content: Any) -> None:
        self._writer.add_event(self._event.Event(step=step, wall_time=self._began + (seconds or 0.0), **content))


def _tensorboard() -> tuple[Any, Any, Any]:
    names = ("compat.proto.event_pb2", "compat.proto.summary_pb2", "summary.writer.event_file_writer")
    try:
        event, summary, writer = (importlib.import_module(f"tensorboard.{name}") for name in names)
    except ImportError:
        raise UserError(
            "--tensorboard needs TensorBoard, which is not installed; install it by "
            "pip install 'vidense[tensorboard]', or leave --tensorboard out"
        ) from None
    return event, summary, writer


def _png(preview: Preview) -> bytes:
    """Return a preview as an animated PNG: TensorBoard shows no WebP."""
    buffer = io.BytesIO()
    try:
        with Image.open(preview.moving.path) as picture:
            if getattr(picture, "n_frames", 1) * picture.width * picture.height > MOST_PIXELS:
                raise ValueError(f"{picture.width} x {picture.height} pixels, too many times")
            first, *others = (frame.convert("RGB") for frame in ImageSequence.Iterator(picture))
            # Known only after a frame was read.
            time = picture.info.get("duration", 0)
        first.save(buffer, "PNG", save_all=bool(others), append_images=others, duration=time, loop=0)
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise UserError(
            f"the picture of a condensed video of class {preview.label!r} cannot be read ({error}); "
            "delete the folder `preview` of the run, and `vidense report` draws it again"
        ) from None
    return buffer.getvalue()
