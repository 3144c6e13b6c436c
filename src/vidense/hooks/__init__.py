"""What methods do around the update; one idea a file."""

from vidense.hooks.base import Hook
from vidense.hooks.insertion import FrameInsertion, InsertionRule

__all__ = ["FrameInsertion", "Hook", "InsertionRule"]
