"""Makes a tiny random network show in its output what it is told."""

from typing import Any

import torch


def showing(network: Any, times: float = 3.0) -> Any:
    """The network, with larger weights in its linear layers: random ones of the usual size hardly pass on words."""
    for module in network.modules():
        if isinstance(module, torch.nn.Linear):
            module.weight.data *= times
    return network
