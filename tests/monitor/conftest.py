import pytest

from tests.watched import WrittenRun
from vidense.monitor import RunState


@pytest.fixture
def run(tmp_path):
    """A run that has written its record and no log yet."""
    return WrittenRun(tmp_path / "run")


@pytest.fixture
def seen():
    """Looks at a run once and returns what is known then."""

    def look(run):
        state = RunState(run.path)
        list(state.follow())
        return state

    return look


@pytest.fixture
def later(monkeypatch):
    """Lets time pass for whoever asks how long a run has been silent."""
    passed = [0.0]

    def wait(seconds):
        passed[0] += seconds

    from vidense.monitor import state

    clock = state.time.time
    monkeypatch.setattr(state, "time", type("Clock", (), {"time": staticmethod(lambda: clock() + passed[0])}))
    return wait
