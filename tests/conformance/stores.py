"""Random stores that we write, read by zarr-python, TensorStore and zarrita: python stores.py FFRUN NODE_PACKAGES COUNT [SEED]

Each array has a random dtype, shape, chunks, shards, codec, fill value and version of the format. Every reader has to see its bytes. What a
reader does not know (a codec, a dtype) is in a list here, and not asked of it."""

import hashlib
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import tensorstore as ts
import zarr

DTYPES = ["bool", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16"]
CODECS = ["none", "zstd", "gzip", "blosc", "lz4"]
UNKNOWN = {
    "zarr": lambda store: False,
    "tensorstore": lambda store: store["codec"].startswith("lz4"),
    "zarrita": lambda store: store["dtype"] in ("f2", "c8", "c16") or store["codec"].startswith("lz4") or 0 in store["x"].shape,
}
AT_ONCE = 25


def codec(draw):
    name = draw.choice(CODECS)
    if name == "zstd":
        return f"zstd({draw.randint(1, 9)})"
    if name == "gzip":
        return f"gzip({draw.randint(1, 9)})"
    if name == "blosc":
        inner = draw.choice(["lz4", "lz4hc", "blosclz", "zstd", "zlib"])
        return f"blosc({inner}, {draw.randint(1, 9)}, shuffle: {draw.choice(['byte', 'bit', 'none'])})"
    return name


def values(draw, dtype, shape):
    """Of few values, of many, or of one; reals with what is missing, infinite and signed zero."""
    rng = np.random.default_rng(draw.getrandbits(32))
    kind, kinds = np.dtype(dtype).kind, draw.choice(["few", "many", "one"])
    if kind == "b":
        return rng.integers(0, 2, shape).astype(bool) if kinds != "one" else np.full(shape, draw.random() < 0.5)
    if kind in "iu":
        ends = np.iinfo(dtype)
        if kinds == "many":
            return rng.integers(ends.min, ends.max, shape, dtype=dtype, endpoint=True)
        return np.full(shape, draw.choice([0, ends.max, 7]), dtype) if kinds == "one" else rng.integers(0, 4, shape).astype(dtype)
    real = rng.standard_normal(shape) if kinds == "many" else rng.integers(-2, 3, shape).astype("f8")
    if kinds == "one":
        real = np.full(shape, draw.choice([0.0, -0.0, np.nan, 1.5]))
    special = rng.random(shape) < draw.choice([0, 0.1])
    real = np.where(special, rng.choice([np.nan, np.inf, -np.inf, -0.0], shape), real)
    return real.astype(dtype) if kind != "c" else np.stack([real, real[::-1] if real.ndim else real], -1).view("c16")[..., 0].astype(dtype)


def store(draw):
    """A store to write: what is read of it, and the options of its sink."""
    dtype = draw.choice(DTYPES)
    shape = [draw.choice([0, 1, 1, 2, 3, 5, 8, 13, 40]) for _ in range(draw.choice([0, 1, 1, 2, 2, 2, 3, 3, 4]))]
    version = draw.choice([2, 3, 3, 3])
    chunks = [draw.randint(1, max(size, 1)) for size in shape]
    options = [f"version: {version}", f"codec: {(chosen := codec(draw))}"]
    dims = [f"dim_{i}" for i in range(len(shape))]
    lengths = lambda sizes: "{" + ", ".join(f"{d}: {n}" for d, n in zip(dims, sizes)) + "}"  # noqa: E731
    if shape and draw.random() < 0.8:
        options.append(f"chunks: {lengths(chunks)}")
        if version == 3 and all(shape) and draw.random() < 0.4:
            options.append(f"shards: {lengths([c * draw.randint(1, 4) for c in chunks])}")
    x = values(draw, dtype, shape)
    if x.dtype.kind in "iuf" and draw.random() < 0.3:
        fill = draw.choice([0, 7, 100])
        options.append(f"fill_value: {fill}")
        if x.dtype.kind == "f":
            x_stored = np.where(np.isnan(x), x.dtype.type(fill), x)
            return {"dtype": dtype, "codec": chosen, "version": version, "options": options, "x": x, "expected": x_stored}
    return {"dtype": dtype, "codec": chosen, "version": version, "options": options, "x": x, "expected": x}


def digest(x):
    return hashlib.sha256(np.ascontiguousarray(x, x.dtype.newbyteorder("<")).tobytes()).hexdigest()


def read_zarr(path, _):
    return zarr.open_array(path, mode="r")[...]


def read_tensorstore(path, of):
    driver = "zarr3" if of["version"] == 3 else "zarr"
    return ts.open({"driver": driver, "kvstore": {"driver": "file", "path": path}}).result().read().result()


def asked(reader, path, of):
    try:
        return digest(np.asarray(reader(path, of)))
    except Exception as error:  # noqa: BLE001 whatever a reader does not like is told
        return f"error: {str(error)[:300]}"


def batch(ffrun, node, stores, folder):
    """Writes some stores and compares; what differs, as texts."""
    lines = []
    for i, of in enumerate(stores):
        np.save(f"{folder}/{i}.npy", of["x"])
        lines.append(f'source a{i} = npy("{folder}/{i}.npy")')
    lines += [f'sink a{i} to zarr("{folder}/{i}.zarr", "/v") {{ {", ".join(of["options"])} }}' for i, of in enumerate(stores)]
    Path(folder, "s.ff").write_text("\n".join(lines) + "\n")
    done = subprocess.run([ffrun, f"{folder}/s.ff"], capture_output=True, text=True)
    if done.returncode != 0:
        return [done.stderr]
    paths = [f"{folder}/{i}.zarr/v" for i in range(len(stores))]
    ran = subprocess.run(["node", f"{node}/zarrita.mjs"], input="\n".join(paths), capture_output=True, text=True)
    theirs = {"zarrita": ran.stdout.splitlines()}
    assert len(theirs["zarrita"]) == len(paths), ran.stderr
    theirs["zarr"] = [asked(read_zarr, path, of) for path, of in zip(paths, stores)]
    theirs["tensorstore"] = [asked(read_tensorstore, path, of) for path, of in zip(paths, stores)]
    wrong = []
    for i, of in enumerate(stores):
        expected = digest(of["expected"])
        for reader, digests in theirs.items():
            if not UNKNOWN[reader](of) and digests[i] != expected:
                what = digests[i] if digests[i].startswith("error") else "other values"
                wrong.append(f"{reader}: {of['dtype']}{list(of['x'].shape)} {{ {', '.join(of['options'])} }}: {what}")
            elif not UNKNOWN[reader](of):
                COUNTS[reader] = COUNTS.get(reader, 0) + 1
    return wrong


COUNTS = {}


def main():
    ffrun, node, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    draw, wrong = random.Random(int(sys.argv[4]) if len(sys.argv) > 4 else 1), []
    for first in range(0, count, AT_ONCE):
        stores = [store(draw) for _ in range(first, min(first + AT_ONCE, count))]
        with tempfile.TemporaryDirectory() as folder:
            wrong += batch(ffrun, node, stores, folder)
    print("\n".join(wrong))
    print(f"figures: {count} stores; {json.dumps(COUNTS)[1:-1]} read back equal, {len(wrong)} not")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
