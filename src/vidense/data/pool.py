"""Decoding processes that may hang or crash without taking the preparation with them."""

import json
import os
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from threading import Event, Timer
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vidense.data.worker import READY, ClipRequest, Whole, encode_request
from vidense.errors import VidenseError

__all__ = ["DecoderPool", "Failed", "Read"]


@dataclass(frozen=True)
class Read:
    """What was read of one video: ``pixels`` is uint8 ``[windows, T, 3, H, W]``, ``windows`` their frame indices."""

    sha256: str
    length: int
    windows: list[list[int]]
    pixels: NDArray[np.uint8]


@dataclass(frozen=True)
class Failed:
    """A file that gave no clips: a reason to count by, a detail for people, the file's hash where it could be read."""

    reason: str
    detail: str
    sha256: str | None = None


class _Worker:
    """One decoding process, started when first needed and again after it was lost."""

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._process: subprocess.Popen[bytes] | None = None
        self._ended = Event()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed in close()

    def run(self, request: ClipRequest | Whole) -> Read | Failed:
        process = self._process or self._start()
        late = Event()

        def give_up() -> None:
            late.set()
            process.kill()

        timer = Timer(self._timeout_s, give_up)
        timer.daemon = True
        timer.start()
        try:
            answer = self._exchange(process, request)
        finally:
            timer.cancel()
        if answer is not None:
            return answer
        self._end()
        if late.is_set():
            return Failed("timeout", f"reading took longer than {self._timeout_s:g} s")
        return Failed("crashed", f"the decoding process ended with code {process.returncode}")

    def _exchange(self, process: "subprocess.Popen[bytes]", request: ClipRequest | Whole) -> Read | Failed | None:
        source, sink = _pipes(process)
        try:
            source.write(encode_request(request))
            source.flush()
            line = sink.readline()
            if not line.endswith(b"\n"):
                return None
            header = json.loads(line)
            if "reason" in header:
                return Failed(**header)
            pixels = np.empty(header["shape"], np.uint8)
            if sink.readinto(pixels.data.cast("B")) != pixels.nbytes:
                return None
        except (OSError, ValueError):
            return None
        return Read(header["sha256"], header["length"], header["windows"], pixels)

    def _start(self) -> "subprocess.Popen[bytes]":
        root = Path(__file__).resolve().parents[2]
        paths = [str(root), *(str(Path(entry).resolve()) for entry in sys.path if entry)]
        process = subprocess.Popen(
            [sys.executable, "-m", "vidense.data.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            # "-m" puts the current folder first: a video folder that holds an av.py must not win.
            cwd=root,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        )
        self._process = process
        # kill() may have come before there was a process to kill.
        if self._ended.is_set():
            process.kill()
            return process
        if _pipes(process)[1].readline() != READY:
            self._end()
            self._errors.seek(0)
            said = self._errors.read()[-2000:].decode(errors="replace").strip()
            raise VidenseError(f"a decoding process could not start: {said or 'it said nothing'}")
        return process

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            for pipe in _pipes(self._process):
                # What could not be delivered to a dead process is of no interest.
                try:
                    pipe.close()
                except OSError:
                    continue
            self._process.wait()
            self._process = None

    def kill(self) -> None:
        """End the process at once and start no other; a request it is working on fails."""
        self._ended.set()
        if (process := self._process) is not None:
            process.kill()

    def close(self) -> None:
        """End the process and forget what it said."""
        self._end()
        self._errors.close()


def _pipes(process: "subprocess.Popen[bytes]") -> tuple[Any, Any]:
    return process.stdin, process.stdout


class DecoderPool:
    """Reads videos in ``workers`` processes; a context manager that leaves no process behind."""

    def __init__(self, workers: int, timeout_s: float) -> None:
        """Create the pool; processes start with the first requests.

        Args:
            workers: processes, at least 1.
            timeout_s: seconds after which the reading of a file is given up.
        """
        self._workers = [_Worker(timeout_s) for _ in range(workers)]
        self._idle: SimpleQueue[_Worker] = SimpleQueue()
        for worker in self._workers:
            self._idle.put(worker)
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="vidense-decoder")

    def __enter__(self) -> "DecoderPool":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        for worker in self._workers:
            worker.kill()
        self._threads.shutdown(wait=True)
        for worker in self._workers:
            worker.close()

    def read(self, requests: Iterable[ClipRequest | Whole]) -> Iterator[Read | Failed]:
        """Yield what each request gave, in order; at most a few results wait in memory."""
        waiting: deque[Future[Read | Failed]] = deque()
        for request in requests:
            waiting.append(self._threads.submit(self._run, request))
            if len(waiting) > 2 * len(self._workers):
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()

    def _run(self, request: ClipRequest | Whole) -> Read | Failed:
        worker = self._idle.get()
        try:
            return worker.run(request)
        finally:
            self._idle.put(worker)
