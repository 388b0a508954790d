"""Runs transforms along axes in many chunks and compares with NumPy: python fourier.py FFRUN FOLDER

Every run (threads, budget, level of instructions) gives the same bytes, and so do all chunkings.
"""

import subprocess
import sys

import numpy as np
import xarray as xr

ffrun, folder = sys.argv[1], sys.argv[2]
rng = np.random.default_rng(5)
shape, dims = (48, 60, 101), ("t", "y", "x")
a = rng.normal(size=shape)
b = rng.normal(size=shape).astype("f4")
n = rng.integers(-100, 100, size=shape).astype("i2")
data = xr.Dataset({name: (dims, values) for name, values in {"a": a, "b": b, "n": n}.items()})
data = data.assign_coords(t=np.arange(48), x=np.arange(101) * 2.5)
CHUNKS = [{"a": (48, 60, 101), "b": (48, 15, 101), "n": (7, 60, 101)}, {"a": (4, 60, 101), "b": (9, 40, 20), "n": (48, 3, 101)}]
for i, chunks in enumerate(CHUNKS):
    data.to_zarr(f"{folder}/in{i}.zarr", encoding={name: {"chunks": c} for name, c in chunks.items()}, mode="w")

CASES = [
    ("fft(d.a, t)", lambda: np.fft.fft(a, axis=0)),
    ("fft(d.b, x)", lambda: np.fft.fft(b, axis=2)),
    ("fft(d.n, y, x)", lambda: np.fft.fft2(n)),
    ("rfft(d.b * 2 + 1, t, n: 64)", lambda: np.fft.rfft(b * 2 + 1, 64, axis=0)),
    ("irfft(rfft(d.a, t) * 2, t)", lambda: 2 * a),
    ("abs(fft(d.a, t, y, x, norm: ortho)) ** 2", lambda: np.abs(np.fft.fftn(a, norm="ortho")) ** 2),
    ("ifft(fft(d.b, x, y), x, y)", lambda: b.astype("c8")),
    ("fftshift(fft(d.a, y), y)", lambda: np.fft.fftshift(np.fft.fft(a, axis=1), 1)),
    ("fft(d.a, t)[y: 3..<9]", lambda: np.fft.fft(a, axis=0)[:, 3:9]),
    ("mean(abs(rfft(d.a - mean(d.a, t), t)), y)", lambda: np.abs(np.fft.rfft(a - a.mean(0), axis=0)).mean(1)),
]
RUNS = [("12MiB", "1", None), ("12MiB", "2", None), ("1GiB", "2", None), ("1GiB", "1", "baseline")]

for number, (expression, expected) in enumerate(CASES):
    outputs = []
    for chunks in range(len(CHUNKS)):
        of_one_chunking = set()
        for memory, threads, level in RUNS:
            out, script = f"{folder}/{number}.npy", f"{folder}/s.ff"
            with open(script, "w") as file:
                file.write(f'source d = open("{folder}/in{chunks}.zarr")\nlet r = {expression}\nsink r to npy("{out}")\n')
            options = ["--memory", memory, "--threads", threads, "--overwrite"] + (["--simd", level] if level else [])
            run = subprocess.run([ffrun, script, *options], capture_output=True, text=True)
            assert run.returncode == 0, (expression, run.stderr)
            with open(out, "rb") as file:
                of_one_chunking.add(file.read())
        assert len(of_one_chunking) == 1, f"{expression}: {len(of_one_chunking)} different results"
        outputs.extend(of_one_chunking)
    # Sums are taken chunk by chunk; all else is the same in any chunks.
    assert len(set(outputs)) == 1 or "mean" in expression, expression
    got, want = np.load(out), expected()
    assert got.dtype == want.dtype and got.shape == want.shape, (expression, got.dtype, want.dtype)
    fine = 1e-5 if got.dtype in ("f4", "c8") else 1e-13
    np.testing.assert_allclose(got, want, rtol=0, atol=fine * np.abs(want).max(), err_msg=expression)
