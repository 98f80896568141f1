"""Types of arrays; the suffixes of their names say their shape (CONTRIBUTING)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
