"""How synthetic videos are stored and decoded; one kind a file."""

from vidense.parameterizations.base import PARAMETERIZATIONS, Parameterization, Stored, StoreDtype
from vidense.parameterizations.dense import Dense
from vidense.parameterizations.key_frames import KeyFrames
from vidense.parameterizations.selected import SelectedClips

__all__ = ["PARAMETERIZATIONS", "Dense", "KeyFrames", "Parameterization", "SelectedClips", "StoreDtype", "Stored"]
