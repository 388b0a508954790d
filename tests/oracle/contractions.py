"""Runs products of matrices of many shapes, dtypes and chunkings and compares with NumPy: python contractions.py FFRUN FOLDER

Every script runs with several threads and budgets, and gives the same bytes each time.
"""

import os
import subprocess
import sys

import numpy as np
import zarr

ffrun, folder = sys.argv[1], sys.argv[2]
rng = np.random.default_rng(20261130)
np.seterr(all="ignore")
store = zarr.open_group(f"{folder}/in.zarr", mode="w")
arrays = {}


def make(name, dtype, chunks, **dims):
    shape = tuple(dims.values())
    if np.dtype(dtype).kind in "iu":
        info = np.iinfo(dtype)
        values = rng.integers(info.min, info.max, size=shape, dtype=dtype, endpoint=True)
    elif np.dtype(dtype).kind == "b":
        values = rng.random(shape) < 0.1
    else:
        values = rng.normal(size=shape)
        if np.dtype(dtype).kind == "c":
            values = values + 1j * rng.normal(size=shape)
        values = values.astype(dtype)
    array = store.create_array(name, shape=shape, dtype=dtype, chunks=chunks, dimension_names=list(dims))
    array[...] = values
    arrays[name] = values


cases = []


def case(text, expected, tolerance=0.0):
    cases.append((text, np.asarray(expected), tolerance))


def wide(name):
    values = arrays[name]
    return values.astype({"f": "f8", "c": "c16"}.get(values.dtype.kind, values.dtype))


for dtype in ["f4", "f8", "f2", "c8", "c16", "i1", "u2", "i4", "u8", "bool"]:
    a, b = f"a_{dtype}", f"b_{dtype}"
    make(a, dtype, (7, 30), i=23, k=101)
    make(b, dtype, (30, 11), k=101, j=17)
    product = wide(a) @ wide(b)
    kind, size = np.dtype(dtype).kind, np.dtype(dtype).itemsize
    tolerance = {2: 2e-3, 4: 1e-6, 8: 1e-14 if kind == "f" else 1e-6, 16: 1e-14}[size] if kind in "fc" else 0.0
    case(f"matmul(d.{a}, d.{b})", product.astype(dtype), tolerance)
    case(f'einsum("ik,kj->ji", d.{a}, d.{b})', product.T.astype(dtype), tolerance)
    case(f"matmul(d.{a}, isel(d.{b}, j: 3))", product[:, 3].astype(dtype), tolerance)

# Blocks have about 16 MiB of factors: these products take several along k. The sums of `p` and `q` are large.
make("m", "f8", (700, 48), n=40000, c=48)
make("p", "f8", (300, 500), i=500, k=2600)
make("q", "f8", (200, 400), k=2600, j=400)
make("s", "f8", (1, 5, 7), t=6, y=19, x=23)
make("u", "f8", (4, 23, 3), t=6, x=23, z=8)
make("none", "f8", (3, 1), i=3, k=0)
make("one", "f8", (1, 1), k=1, j=1)
m, p, q, s, u = (wide(name) for name in "mpqsu")
case('einsum("nc,nd->cd", d.m, d.m)', m.T @ m, 1e-12)
case('einsum("nc,nd->cd", d.m as f32, d.m as f32)', (m.T @ m).astype("f4"), 1e-6)
case('einsum("nc,nd->cd", d.m * 2 - 1, d.m)', (m * 2 - 1).T @ m, 1e-12)
case("matmul(transpose(d.m), rename(d.m, c: c2))", m.T @ m, 1e-12)
case("matmul(d.p, d.q)", p @ q, 1e-12)
case("matmul(d.p, d.q)[100..<450, (0..<400) step 7]", (p @ q)[100:450, ::7], 1e-12)
case("matmul(d.p, d.q)[[5, 3, 499], ..]", (p @ q)[[5, 3, 499]], 1e-12)
case("matmul(flip(d.p, k), exp(d.q) * 0.5)", p[:, ::-1] @ (np.exp(q) * 0.5), 1e-12)
case("matmul(d.s, d.u)", s @ u, 1e-13)
case("dot(d.s, d.u, t)", np.einsum("tyx,txz->yxz", s, u), 1e-13)
case("dot(d.s, d.u)", np.einsum("tyx,txz->yz", s, u), 1e-13)
case('einsum("tyx,txz->zty", d.s, d.u)', np.einsum("tyx,txz->zty", s, u), 1e-13)
case('einsum("tyx,txz->yzt", d.s, d.u)', np.einsum("tyx,txz->yzt", s, u), 1e-13)
case('einsum("...yx,xz", d.s, isel(d.u, t: -1))', s @ u[-1], 1e-13)
case('einsum("tyx,txz,ty->z", d.s, d.u, isel(d.s, x: 0))', np.einsum("tyx,txz,ty->z", s, u, s[..., 0]), 1e-12)
case("dot(d.s, d.s)", np.sum(s * s), 1e-13)
case("tensordot(d.s, d.u, axes: [[\"t\", \"x\"], [\"t\", \"x\"]])", np.einsum("tyx,txz->yz", s, u), 1e-13)
case("outer(d.s[0, .., 0], d.u[0, 0, ..])", np.outer(s[0, :, 0], u[0, 0]), 0.0)
case("matmul(d.none, rename(d.none |> transpose(), i: j))", np.zeros((3, 3)))
case("matmul(rename(d.one, k: i, j: k), d.one)", arrays["one"] @ arrays["one"], 1e-15)
case("matmul(zeros({i: 3, k: 2}, f64) + 2, linspace(0.0, 1.0, 2, dim: k))", np.full(3, 2.0))
case('einsum("ik,kj->ij", zeros({i: 3, k: 2}, f32) + 2, ones({k: 2, j: 4}, f32))', np.full((3, 4), 4, "f4"))
case("matmul(d.p, d.q) - mean(matmul(d.p, d.q), i)", (lambda c: c - c.mean(0))(p @ q), 1e-11)

lines = [f'source d = open("{folder}/in.zarr")', "param out: path"]
for number, (text, _, _) in enumerate(cases):
    lines.append(f"let e{number} = {text}")
    lines.append(f'sink e{number} to zarr("{{out}}/e{number}.zarr", "/v")')
with open(f"{folder}/s.ff", "w") as file:
    file.write("\n".join(lines) + "\n")

before, failures = None, []
for threads, memory in [(1, "4GiB"), (2, "1GiB"), (3, "96MiB")]:
    out = f"{folder}/out-{threads}-{memory}"
    os.makedirs(out)
    args = [ffrun, f"{folder}/s.ff", "--out", out, "--threads", str(threads), "--memory", memory, "--progress", "none"]
    done = subprocess.run(args, capture_output=True, text=True)
    assert done.returncode == 0, f"{args}\n{done.stderr}"
    found = [zarr.open_array(f"{out}/e{number}.zarr/v", mode="r")[...] for number in range(len(cases))]
    for (text, expected, tolerance), ours in zip(cases, found):
        if before is not None:
            continue
        if ours.dtype != expected.dtype or ours.shape != expected.shape:
            failures.append(f"{text}: {ours.dtype}{ours.shape} against {expected.dtype}{expected.shape}")
        elif tolerance == 0.0:
            if not np.array_equal(ours, expected):
                failures.append(f"{text}: differs")
        elif expected.size:
            scale = np.max(np.abs(expected.astype("c16")))
            worst = np.max(np.abs(ours.astype("c16") - expected)) / scale
            if not worst <= tolerance:
                failures.append(f"{text}: {worst} of the largest")
    for (text, _, _), first, ours in zip(cases, before or found, found):
        if first.tobytes() != ours.tobytes():
            failures.append(f"{text}: other bytes with {threads} threads and {memory}")
    before = before or found
assert not failures, "\n".join(failures)
print(f"{len(cases)} products agree")
