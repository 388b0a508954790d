"""NumPy kernels that several Python peers use on their blocks."""

import numpy as np

from workloads import HISTOGRAM, QUANTILES

_WEIGHTS = np.exp(-0.5 * np.arange(-2, 3) ** 2.0)
GAUSSIAN = (_WEIGHTS / _WEIGHTS.sum()).astype("f4")


def gradient_magnitude(block: np.ndarray) -> np.ndarray:
    """Gradient magnitude of the 5 x 5 gaussian blur of a block; a frame of 3 elements in the result is void."""
    from scipy.ndimage import correlate1d

    blurred = correlate1d(correlate1d(block, GAUSSIAN, 0, mode="nearest"), GAUSSIAN, 1, mode="nearest")
    gy = (blurred[2:, 1:-1] - blurred[:-2, 1:-1]) * np.float32(0.5)
    gx = (blurred[1:-1, 2:] - blurred[1:-1, :-2]) * np.float32(0.5)
    result = np.zeros_like(block)
    result[1:-1, 1:-1] = np.sqrt(gx * gx + gy * gy)
    return result


def halved(block: np.ndarray) -> np.ndarray:
    """Means of 2 x 2 elements."""
    return block.reshape(block.shape[0] // 2, 2, block.shape[1] // 2, 2).mean(axis=(1, 3), dtype="f4")


def histogram(block: np.ndarray) -> np.ndarray:
    """Counts in the bins of W10."""
    low, high, bins = HISTOGRAM
    return np.histogram(block, bins=bins, range=(low, high))[0]


def quantiles_of(counts: np.ndarray) -> np.ndarray:
    """The quantiles of W10, interpolated from the histogram."""
    low, high, bins = HISTOGRAM
    below = np.concatenate([[0], np.cumsum(counts)]) / counts.sum()
    return np.interp(QUANTILES, below, np.linspace(low, high, bins + 1))
