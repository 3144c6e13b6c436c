"""How synthetic videos are stored and decoded; one kind a file."""

from vidense.parameterizations.base import PARAMETERIZATIONS, Parameterization, Stored, StoreDtype
from vidense.parameterizations.coded import CodedClips
from vidense.parameterizations.dense import Dense
from vidense.parameterizations.feature_pool import FeaturePool
from vidense.parameterizations.key_frames import KeyFrames
from vidense.parameterizations.memories import Memories
from vidense.parameterizations.selected import SelectedClips
from vidense.parameterizations.stills import Stills
from vidense.parameterizations.tiles import Regions, Tiles

__all__ = [
    "PARAMETERIZATIONS",
    "CodedClips",
    "Dense",
    "FeaturePool",
    "KeyFrames",
    "Memories",
    "Parameterization",
    "Regions",
    "SelectedClips",
    "Stills",
    "StoreDtype",
    "Stored",
    "Tiles",
]
