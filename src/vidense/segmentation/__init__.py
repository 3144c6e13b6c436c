"""Temporal action segmentation: feature folders, MS-TCN, condensed feature sequences, accuracy, edit and F1."""

from vidense.segmentation.features import FeatureFolder, FeatureVideos
from vidense.segmentation.methods import FULL, METHODS
from vidense.segmentation.run import Settings, segment
from vidense.segmentation.storage import load, save

__all__ = ["FULL", "METHODS", "FeatureFolder", "FeatureVideos", "Settings", "load", "save", "segment"]
