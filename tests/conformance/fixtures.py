"""Encoded chunks that come with numcodecs: python fixtures.py FFRUN FOLDER_OF_FIXTURES

Each chunk becomes the only one of an array of Zarr version 2 whose compressor or filter is the codec, and what `ffrun` reads is compared with
what numcodecs decodes. Arrays of texts and objects are left out; a codec that we do not know has to end in an error with a code."""

import collections
import json
import shutil
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import numcodecs
import numcodecs.fletcher32  # noqa: F401
import numpy as np

OF_OBJECTS = {"categorize", "json2", "msgpack2", "pickle", "vlen-array", "vlen-bytes", "vlen-utf8"}
FILTERS = {"astype", "delta", "fixedscaleoffset", "packbits", "quantize", "shuffle", "bitround"}


def optional(name):
    try:
        __import__(f"numcodecs.{name}")
    except ImportError:
        pass


def cases(codec):
    """Where a codec is configured, the number of an array, the configuration, the array and its encoded chunk."""
    for folder in sorted(codec.rglob("codec.*")):
        config = json.loads((folder / "config.json").read_text())
        for encoded in sorted(folder.glob("encoded.*.dat")):
            number = encoded.name.split(".")[1]
            array = folder / f"array.{number}.npy"
            if not array.exists():
                array = folder.parent / f"array.{number}.npy"
            yield folder.relative_to(codec.parent), number, config, np.load(array, allow_pickle=True), encoded


def write_store(path, config, array, encoded):
    is_filter = config["id"] in FILTERS
    order = "F" if array.flags.f_contiguous and not array.flags.c_contiguous else "C"
    metadata = {"zarr_format": 2, "shape": array.shape, "chunks": array.shape, "dtype": array.dtype.str, "order": order, "fill_value": None,
                "compressor": None if is_filter else config, "filters": [config] if is_filter else None}
    path.mkdir()
    (path / ".zarray").write_text(json.dumps(metadata))
    shutil.copy(encoded, path / ".".join("0" for _ in array.shape))


def expected(config, array, encoded):
    codec = numcodecs.get_codec(config)
    order = "F" if array.flags.f_contiguous and not array.flags.c_contiguous else "C"
    flat = np.frombuffer(np.ascontiguousarray(np.asarray(codec.decode(encoded.read_bytes()))).tobytes(), array.dtype)
    return flat.reshape(array.shape, order=order)


def read(ffrun, folder):
    text = f'source a = zarr("{folder}/a.zarr", "/") {{ decode: false }}\nsink a to npy("{folder}/a.npy")\n'
    Path(folder, "s.ff").write_text(text)
    return subprocess.run([ffrun, f"{folder}/s.ff"], capture_output=True, text=True)


def check(ffrun, case, results, shown):
    where, number, config, array, encoded = case
    if array.dtype.kind in "OSUV":
        return
    if array.dtype.kind in "mM":
        array = array.view("i8")
    with tempfile.TemporaryDirectory() as folder:
        write_store(Path(folder, "a.zarr"), config, array, encoded)
        try:
            theirs = expected(config, array, encoded)
        except Exception as error:  # noqa: BLE001 without an oracle there is nothing to compare
            results["not decoded by numcodecs"] += 1
            shown.append(f"{where} {number}: {error}")
            return
        done = read(ffrun, folder)
        if done.returncode != 0:
            code = next((line.strip() for line in done.stderr.splitlines() if line.startswith("ff::")), "NO CODE")
            results[code] += 1
            shown.append(f"{where} {number} {array.dtype}{array.shape}\n{done.stderr.strip()}")
            return
        ours = np.load(f"{folder}/a.npy")
        equal = ours.shape == theirs.shape and ours.tobytes() == theirs.astype(ours.dtype).tobytes()
        results["equal" if equal else "DIFFERENT"] += 1
        if not equal:
            shown.append(f"{where} {number}: DIFFERENT {config} {theirs.dtype}{theirs.shape}")


def main():
    warnings.simplefilter("ignore")
    ffrun, root = sys.argv[1], Path(sys.argv[2])
    for name in ["lzma", "zfpy", "pcodec", "checksum32"]:
        optional(name)
    total, shown = collections.Counter(), []
    for codec in sorted(path for path in root.iterdir() if path.is_dir() and path.name not in OF_OBJECTS):
        results = collections.Counter()
        for case in cases(codec):
            check(ffrun, case, results, shown)
        print(f"{codec.name}: {dict(results)}", flush=True)
        total += results
    print("\n".join(shown))
    print(f"figures: {total['equal']} chunks equal, {total['DIFFERENT']} different, {dict(total)}")
    return 1 if total["DIFFERENT"] or total["NO CODE"] else 0


if __name__ == "__main__":
    sys.exit(main())
