"""Decomposes matrices of many blocks of rows and compares with NumPy: python matrices.py FFRUN FOLDER

Every run (threads, budget, level of instructions) and every chunking gives the same bytes.
"""

import subprocess
import sys

import numpy as np
import xarray as xr

ffrun, folder = sys.argv[1], sys.argv[2]
rng = np.random.default_rng(3)
rows, columns = 60_000, 9
tall = rng.normal(size=(rows, columns))
# Of condition 1e8, and of two columns only.
left, right = np.linalg.qr(rng.normal(size=(rows, columns)))[0], np.linalg.qr(rng.normal(size=(columns, columns)))[0]
steep = left * np.logspace(0, -8, columns) @ right
flat = np.arange(rows * columns, dtype="f8").reshape(rows, columns) % 1000
single = tall.astype("f4")
target = rng.normal(size=rows)
few = rng.normal(size=(40, 6, 6))
variables = {"a": (("t", "x"), tall), "b": (("t", "x"), steep), "c": (("t", "x"), flat), "f": (("t", "x"), single)}
variables |= {"y": ("t", target), "m": (("n", "i", "j"), few + np.swapaxes(few, 1, 2))}
data = xr.Dataset(variables)
for i, size in enumerate([(rows, columns), (7001, 4)]):
    encoding = {name: {"chunks": size} for name in "abcf"} | {"y": {"chunks": (999,)}, "m": {"chunks": (7, 6, 3)}}
    data.to_zarr(f"{folder}/in{i}.zarr", encoding=encoding, mode="w")

RUNS = [("24MiB", "1", None), ("24MiB", "2", None), ("1GiB", "2", "baseline")]


def run(expressions):
    """The values of expressions over the data `d`; fails where runs differ."""
    results = []
    for chunks in range(2):
        for memory, threads, level in RUNS:
            lines = [f'source d = open("{folder}/in{chunks}.zarr")']
            for number, expression in enumerate(expressions):
                lines += [f"let r{number} = {expression}", f'sink r{number} to npy("{folder}/{number}.npy")']
            with open(f"{folder}/s.ff", "w") as file:
                file.write("\n".join(lines) + "\n")
            options = ["--memory", memory, "--threads", threads, "--overwrite"] + (["--simd", level] if level else [])
            done = subprocess.run([ffrun, f"{folder}/s.ff", *options], capture_output=True, text=True)
            assert done.returncode == 0, (expressions, done.stderr)
            results.append([open(f"{folder}/{number}.npy", "rb").read() for number in range(len(expressions))])
    for result in results:
        for expression, ours, first in zip(expressions, result, results[0]):
            assert ours == first, f"{expression} differs from run to run"
    return [np.load(f"{folder}/{number}.npy") for number in range(len(expressions))]


def near(got, want, fine):
    np.testing.assert_allclose(got, want, rtol=0, atol=fine * np.abs(want).max())


for name, matrix, fine in [("a", tall, 1e-13), ("b", steep, 1e-13), ("c", flat, 1e-13), ("f", single, 1e-6)]:
    q, r, back = run([f"qr(d.{name}).q", f"qr(d.{name}).r", f"matmul(qr(d.{name}).q, qr(d.{name}).r)"])
    assert q.dtype == r.dtype == matrix.dtype
    near(q.T.astype("f8") @ q, np.eye(columns), 10 * fine)
    near(q.astype("f8") @ r, matrix, 10 * fine)
    near(back, matrix, 10 * fine)
    assert (np.diag(r) >= 0).all() and (np.tril(r, -1) == 0).all()
    u, s, vt = run([f"svd(d.{name}).u", f"svd(d.{name}).s", f"svd(d.{name}).vt"])
    near(u.T.astype("f8") @ u, np.eye(columns), 10 * fine)
    near(u.astype("f8") * s @ vt, matrix, 10 * fine)
    near(s, np.linalg.svd(matrix.astype("f8"), compute_uv=False), 10 * fine)
    assert (np.take_along_axis(vt, np.abs(vt).argmax(1)[:, None], 1) > 0).all()

wide_u, wide_s, wide_v = run(["svd(transpose(d.a)).u", "svd(transpose(d.a)).s", "svd(transpose(d.a)).vt"])
near(wide_u * wide_s @ wide_v, tall.T, 1e-12)
solution, short, inverse, values = run(["lstsq(d.a, d.y)", "lstsq(d.c, d.y)", "inv(d.m)", "eigh(d.m, i, j).w"])
near(solution, np.linalg.lstsq(tall, target)[0], 1e-11)
near(short, np.linalg.lstsq(flat, target)[0], 1e-9)
near(inverse, np.linalg.inv(data.m.values), 1e-11)
near(values, np.linalg.eigvalsh(data.m.values), 1e-13)
