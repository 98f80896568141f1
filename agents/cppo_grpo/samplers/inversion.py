"""The shared way to draw in PyTorch: invert the distribution function at uniform noise."""

from __future__ import annotations

import torch
from torch import Tensor


def invert(logps_BV: Tensor, noise_B: Tensor) -> Tensor:
    """Draw one token per row.

    Args:
        logps_BV: log-probs.
        noise_B: uniform in [0, 1), float64.

    Returns:
        Token ids.
    """
    # In float64 the sum over a large vocabulary neither loses the tail nor picks a token of
    # probability 0.
    cdf_BV = logps_BV.exp().cumsum(-1, dtype=torch.float64)
    tokens_B1 = torch.searchsorted(cdf_BV, noise_B[:, None] * cdf_BV[:, -1:], right=True)
    return tokens_B1.clamp_(max=logps_BV.shape[-1] - 1)[:, 0]
