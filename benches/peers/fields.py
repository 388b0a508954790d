"""The values of the data sets: smooth fields and noise, made from the place alone, with rounded mantissas."""

import zlib

import numpy as np

from workloads import DATA_SETS


def rows(data: str, name: str, size: str, start: int, stop: int) -> np.ndarray:
    """Rows `start..stop` of an array; the noise depends on `start`, so cut at the same places every time."""
    shape = DATA_SETS[data].arrays(size)[name].shape
    rng = np.random.default_rng([zlib.crc32((data + name).encode()), start])
    make = {"grid": _temperature, "wind": _waves, "image": _picture, "many": _series}.get(data, _noise)
    return make(rng, np.arange(start, stop), shape)


def _rounded(values: np.ndarray, bits: int) -> np.ndarray:
    """Rounds mantissas to `bits` bits, as archives do before they compress."""
    drop = 23 - bits
    words = np.ascontiguousarray(values, "f4").view("u4")
    words += np.uint32(1 << (drop - 1))
    words &= np.uint32((0xFFFFFFFF << drop) & 0xFFFFFFFF)
    return words.view("f4")


def _normal(rng: np.random.Generator, shape: tuple[int, ...], spread: float) -> np.ndarray:
    return rng.standard_normal(shape, dtype="f4") * np.float32(spread)


def _weather(rng: np.random.Generator, ny: int, nx: int) -> np.ndarray:
    """A few bumps over the map."""
    from scipy.ndimage import zoom

    bumps = rng.standard_normal((6, 8)).astype("f4")
    return zoom(bumps, (ny / 6, nx / 8), order=1)[:ny, :nx] * np.float32(2)


def _temperature(rng, position, shape):
    ny, nx = shape[1:]
    day = position[:, None, None].astype("f4")
    lat = np.linspace(-1.4, 1.4, ny, dtype="f4")[None, :, None]
    lon = np.linspace(0, 6.283, nx, dtype="f4")[None, None, :]
    season = np.sin(day * 2 * np.pi / 365.25 + lon * 0.2) * np.sin(lat)
    field = 255 + 40 * np.cos(lat) + 10 * season
    field = field + 3 * np.sin(2 * lon + day * 0.3) * np.cos(lat) + _weather(rng, ny, nx)[None]
    return _rounded(field + _normal(rng, field.shape, 0.7), 15)


def _waves(rng, position, shape):
    ny, nx = shape[1:]
    time = position[:, None, None].astype("f4")
    y = np.linspace(0, 9, ny, dtype="f4")[None, :, None]
    x = np.linspace(0, 9, nx, dtype="f4")[None, None, :]
    field = 8 * np.sin(x + time * 0.1) * np.cos(y - time * 0.05)
    return _rounded(field + _normal(rng, field.shape, 0.5), 10)


def _picture(rng, position, shape):
    x = np.arange(shape[1], dtype="f4")[None]
    field = 1000 + 300 * np.sin(x * 0.003) * np.cos(position[:, None].astype("f4") * 0.004)
    return _rounded(field + _normal(rng, field.shape, 8), 14)


def _series(rng, position, _shape):
    field = (100 * np.sin(position * 1e-4)).astype("f4")
    return _rounded(field + _normal(rng, field.shape, 1), 12)


def _noise(rng, position, shape):
    return _rounded(_normal(rng, (len(position), *shape[1:]), 1), 12)
