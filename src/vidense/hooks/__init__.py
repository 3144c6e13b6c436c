"""What methods do around the update; one idea a file."""

from vidense.hooks.base import Hook
from vidense.hooks.clamp import Clamp
from vidense.hooks.insertion import FrameInsertion, InsertionRule
from vidense.hooks.saliency import SaliencyMask

__all__ = ["Clamp", "FrameInsertion", "Hook", "InsertionRule", "SaliencyMask"]
