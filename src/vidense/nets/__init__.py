"""Networks, one file per family; importing this package registers them all."""

from vidense.nets import convnet, minic3d, r3d18, recurrent, transformer
from vidense.nets.base import NETWORKS, Network, build_network

__all__ = ["NETWORKS", "Network", "build_network", "convnet", "minic3d", "r3d18", "recurrent", "transformer"]
