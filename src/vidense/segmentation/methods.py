"""The ways to condense features, by name."""

from collections.abc import Callable

from vidense.registry import Registry
from vidense.segmentation.inversion import tsgf
from vidense.segmentation.matching import prism
from vidense.segmentation.selection import coreset, mean, random
from vidense.segmentation.task import Condensed, Task

__all__ = ["FULL", "METHODS"]

# No method: networks are trained on the whole training set.
FULL = "full"

METHODS: Registry[Callable[[Task], Condensed]] = Registry("segmentation method")
for _method in (prism, tsgf, mean, coreset, random):
    METHODS.register(_method.__name__)(_method)
