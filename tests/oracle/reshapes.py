"""Runs reshapes inside bigger expressions and compares with NumPy: python reshapes.py FFRUN FOLDER

The arrays are large enough for several tasks along each axis, in chunks that do and do not fit. Every run (threads,
budget, chunks of the target) gives the same values.
"""

import os
import subprocess
import sys
import warnings

import numpy as np
import xarray as xr
import zarr

ffrun, folder = sys.argv[1], sys.argv[2]
rng = np.random.default_rng(5)
warnings.simplefilter("ignore")

shape = (60, 150, 300)
dims = ["t", "y", "x"]
a = rng.normal(size=shape)
b = rng.normal(size=shape).astype("f4")
n = rng.integers(-100, 100, size=shape).astype("i2")
data = xr.Dataset({name: (dims, values) for name, values in {"a": a, "b": b, "n": n}.items()})
chunks = {"a": (7, 150, 200), "b": (60, 8, 100), "n": (1, 70, 300)}
data.to_zarr(f"{folder}/in.zarr", encoding={name: {"chunks": c} for name, c in chunks.items()}, mode="w")

CASES = [
    ("stack(d.a, c: [y, x])", a.reshape(60, -1), (7, 10000)),
    ("stack(d.n, c: [y, x]) |> unstack(c: {y: 150, x: 300})", n, (9, 100, 11)),
    ("stack(d.b, c: [t, x])", b.transpose(1, 0, 2).reshape(150, -1), (8, 5000)),
    ("stack(d.b, c: [x, t])", b.transpose(1, 2, 0).reshape(150, -1), (150, 500)),
    ("ravel(d.a) * 2", a.ravel() * 2, (70000,)),
    ("ravel(d.b)", b.ravel(), (1234567,)),
    ("ravel(transpose(d.n))", n.T.ravel(), (70000,)),
    ("reshape(d.a, {g: 12, h: 5, y: 150, x: 300})", a.reshape(12, 5, 150, 300), (5, 2, 150, 31)),
    ("reshape(d.a, {t: 60, p: 450, q: 100})", a.reshape(60, 450, 100), (11, 45, 100)),
    ("reshape(d.a, {p: 100, q: 27000})", a.reshape(100, 27000), (100, 800)),
    ("reshape(d.b, {p: 100, q: 9, u: -1})", b.reshape(100, 9, 3000), (10, 9, 999)),
    ("mean(reshape(d.a, {p: 100, q: -1}), q)", a.reshape(100, -1).mean(1), None),
    ("sum(stack(d.n, c: [t, x]), c) + d.n[t: 0, x: 0]", n.sum((0, 2)) + n[0, :, 0], None),
    ("ravel(d.a)[dim_0: (5..<2700000) step 7]", a.ravel()[5::7], None),
    ("flip(ravel(d.a), dim_0)", a.ravel()[::-1], None),
    ("median(stack(d.b, c: [t, y]), c)", np.median(b.transpose(2, 0, 1).reshape(300, -1), 1), None),
    ("cumsum(ravel(d.n), dim_0)", n.ravel().cumsum(), None),
    ("ravel(cumsum(d.n, t))", n.cumsum(0).ravel(), None),
    ("reshape(d.a - mean(d.a, t), {p: 90, q: -1})", (a - a.mean(0)).reshape(90, -1), None),
    ("rolling(ravel(d.b), dim_0: 3) |> max()", np.concatenate([[np.nan] * 2, np.maximum(np.maximum(b.ravel()[:-2], b.ravel()[1:-1]), b.ravel()[2:])]), None),
]
RUNS = [("1", "32MiB"), ("2", "64MiB"), ("2", "2GiB")]

for number, (call, expected, objects) in enumerate(CASES):
    first = None
    for threads, memory in RUNS:
        for target in ("npy", "zarr") if objects else ("npy",):
            out = f"{folder}/{number}.{target}"
            names = [f"{d}: {c}" for d, c in zip(range(9), objects or ())]
            with open(f"{folder}/s.ff", "w") as file:
                file.write(f'source d = open("{folder}/in.zarr")\nlet r = {call}\n')
                if target == "npy":
                    file.write(f'sink r to npy("{out}")\n')
                else:
                    file.write(f'let s = r |> rename(NAMES)\nsink s to zarr("{out}", "/r") {{ chunks: {{{", ".join("d" + n for n in names)}}} }}\n')
            text = open(f"{folder}/s.ff").read()
            if "NAMES" in text:
                # The dims of the result by position.
                said = subprocess.run([ffrun, "-e", f"({call.replace('d.', '')}).dims", f"{folder}/in.zarr"], capture_output=True, text=True)
                found = [w.strip(' "[]\n') for w in said.stdout.split(" = ")[-1].split(",")]
                assert len(found) == expected.ndim, (said.stdout, said.stderr)
                text = text.replace("NAMES", ", ".join(f"{d}: d{i}" for i, d in enumerate(found)))
                open(f"{folder}/s.ff", "w").write(text)
            run = subprocess.run([ffrun, f"{folder}/s.ff", "--overwrite", "--threads", threads, "--memory", memory], capture_output=True, text=True)
            assert run.returncode == 0, (call, target, threads, memory, run.stderr)
            got = np.load(out) if target == "npy" else zarr.open_array(f"{out}/r", mode="r")[...]
            assert got.shape == expected.shape, (call, got.shape, expected.shape)
            np.testing.assert_allclose(got, expected, rtol=1e-6 if got.dtype == "f4" else 1e-12, atol=1e-12, err_msg=f"{call} {target}")
            first = got.tobytes() if first is None else first
            assert got.tobytes() == first, (call, target, threads, memory)
            if target == "npy":
                os.remove(out)
