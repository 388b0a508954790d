"""Runs every operator with random arguments: python operators FFRUN FFPLAN FOLDER CASES [NAMES] [SEED]

CASES is their number for each operator. NAMES, with commas between, are the only operators that are looked at, and SEED
is another one than the test's: for searching. Each operator that `ffplan --operators` lists has a row in one of the modules beside
this one, which draws an expression over the arrays of `inputs.py` and says what NumPy, SciPy or xarray make of it. Many expressions go
into one script, which runs twice, with one thread and little memory and with two and much; the bytes must be the same.
"""

import pathlib
import re
import subprocess
import sys
import warnings
import zlib

import h5py
import numpy as np
import xarray as xr

import arranged
import chosen
import elementwise
import labelled
import linear
import members
import moments
import moved
import reduced
import whole
import windowed
from inputs import Draw, Inputs, Skip
from table import ROWS

MODULES = [elementwise, reduced, moments, whole, linear, labelled, members, moved, arranged, chosen, windowed]
SEED = 20261201
SETTINGS = [("1", "4MiB"), ("2", "4GiB")]
# Operators of which other tests draw cases: those on times of coordinates and on names.
ELSEWHERE = {
    "asfreq": "oracle/groups_cases.py", "interpolate": "oracle/groups_cases.py", "nearest": "oracle/groups_cases.py", "convert_calendar": "oracle/calendars.py",
    "interp_calendar": "oracle/calendars.py", "dt.strftime": "oracle/calendars.py", "bitround": "oracle/calendars.py", "quantize": "oracle/calendars.py",
    "swap_dims": "datasets.rs", "set_coords": "oracle/coordinates.py", "reset_coords": "oracle/coordinates.py",
}
TOLERANCE = {2: 2e-3, 4: 4e-6, 8: 1e-11, 16: 1e-11}


def check_coverage(ffplan):
    """Stops where an operator has no row, or a row no operator."""
    listed = subprocess.run([ffplan, "--operators"], capture_output=True, text=True, check=True).stdout
    names = set(re.findall(r"^  ([a-z_0-9.]+)\(", listed, re.MULTILINE))
    assert names, listed
    for name, script in ELSEWHERE.items():
        text = (pathlib.Path(__file__).parents[2] / script).read_text()
        assert re.search(rf"\b{re.escape(name)}\b", text), f"{script} does not call {name}"
    missing, unknown = sorted(names - set(ROWS) - set(ELSEWHERE)), sorted(set(ROWS) - names)
    assert not missing, f"operators without a row in tests/oracle/operators: {missing}"
    assert not unknown, f"rows of no operator: {unknown}"


def draw_cases(inputs, count, seed):
    """As many cases as asked, the same number of each operator, each of which draws from a stream of its own."""
    cases = []
    for name in sorted(ROWS):
        draw, made = Draw(np.random.default_rng([seed, zlib.crc32(name.encode())]), inputs), 0
        for attempt in range(40 * count):
            if made == count:
                break
            try:
                function = ROWS[name][attempt % len(ROWS[name])]
                case = function(draw, name)
                case.name = name
                cases.append(case)
                made += 1
            except Skip:
                continue
        assert made == count, f"{name}: only {made} cases of {count} could be drawn"
    return cases


def run(ffrun, folder, batch, setting):
    """Runs a script of these cases; for each what was written, or the message where it failed."""
    target = pathlib.Path(folder, "out.h5")
    target.unlink(missing_ok=True)
    lines = [f'source d = open("{folder}/in.zarr")']
    for i, case in enumerate(batch):
        lines += [f"let e{i} = {case.text}", f'sink {{v: e{i}}} to hdf5("{target}", "e{i}") {{codec: none}}']
    script = pathlib.Path(folder, "s.ff")
    script.write_text("\n".join(lines) + "\n")
    args = [ffrun, str(script), "--threads", setting[0], "--memory", setting[1], "--progress", "none"]
    done = subprocess.run(args, capture_output=True, text=True)
    if done.returncode == 0:
        with h5py.File(target) as file:
            return [read(file[f"e{i}"]) for i in range(len(batch))]
    if len(batch) == 1:
        return [f"exit {done.returncode} with {setting}\n{done.stderr}"]
    half = len(batch) // 2
    return run(ffrun, folder, batch[:half], setting) + run(ffrun, folder, batch[half:], setting)


def read(group):
    """The arrays of a group: values, dims and attributes by name; dims without labels are no arrays."""
    arrays = {}
    for name, array in group.items():
        if not array.attrs.get("NAME", b"").startswith(b"This is a netCDF dimension but not"):
            dims = tuple(dim[0].name.split("/")[-1] for dim in array.dims) if name == "v" else (name,)
            values = array.asstr()[...] if array.dtype.kind == "O" else array[...]
            arrays[name] = (np.asarray(values), dims, dict(array.attrs))
    return arrays


def same_bytes(one, two):
    return one.keys() == two.keys() and all(one[name][0].tobytes() == two[name][0].tobytes() for name in one if one[name][0].dtype.kind != "O")


def times_as_counts(values):
    return values.astype(f"{values.dtype.kind}8[us]").astype("i8") if values.dtype.kind in "mM" else values


def compare(case, ours):
    """Raises where the values, dims, dtype or labels differ."""
    theirs = case.expected
    values, dims, _ = ours["v"]
    if not case.order and sorted(dims) == sorted(theirs.dims):
        theirs = theirs.transpose(*dims)
    assert dims == tuple(theirs.dims), f"dims {dims} against {theirs.dims}"
    assert values.shape == theirs.shape, f"shape {values.shape} against {theirs.shape}"
    expected = times_as_counts(theirs.values)
    assert values.dtype == expected.dtype, f"dtype {values.dtype} against {expected.dtype}"
    if case.ignore is not None:
        values, expected = values[~case.ignore], expected[~case.ignore]
    compare_values(values, expected, case.rtol, case.atol)
    for dim in theirs.dims if case.labels else []:
        if dim not in theirs.coords:
            assert dim not in ours, f"`{dim}` has labels"
            continue
        assert dim in ours, f"`{dim}` has no labels"
        compare_labels(dim, *ours[dim], theirs[dim])


def compare_values(values, expected, rtol, atol):
    if expected.dtype.kind not in "fc":
        np.testing.assert_array_equal(values, expected)
        return
    size = expected.dtype.itemsize // (2 if expected.dtype.kind == "c" else 1)
    finite = np.abs(expected[np.isfinite(expected)].astype("c16"))
    scale = float(finite.max(initial=0))
    rtol = TOLERANCE[size] if rtol is None else rtol
    wide = "c16" if expected.dtype.kind == "c" else "f8"
    np.testing.assert_allclose(values.astype(wide), expected.astype(wide), rtol=rtol, atol=atol * scale)


def compare_labels(dim, values, _dims, attrs, expected):
    if "since" in str(attrs.get("units")):
        decoded = xr.decode_cf(xr.Dataset({"v": ((dim,), values, {k: attrs[k] for k in ("units", "calendar") if k in attrs})}))
        values = decoded.v.values
    values, expected = times_as_counts(values), times_as_counts(expected.values)
    if expected.dtype.kind == "f":
        np.testing.assert_allclose(values, expected, rtol=1e-12, err_msg=f"labels of {dim}")
    else:
        np.testing.assert_array_equal(values, expected, err_msg=f"labels of {dim}")


def check(cases, ffrun, folder):
    """What differs, a text each."""
    failures = []
    for start in range(0, len(cases), 60):
        batch = cases[start : start + 60]
        first, second = (run(ffrun, folder, batch, setting) for setting in SETTINGS)
        for case, one, two in zip(batch, first, second):
            try:
                assert not isinstance(one, str), one
                assert not isinstance(two, str), two
                compare(case, one)
                assert same_bytes(one, two), "threads or memory change the bytes"
            except AssertionError as error:
                failures.append(f"{case.name}: {case.text}\n{error}")
    return failures


def main():
    ffrun, ffplan, folder, count = sys.argv[1:5]
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    xr.set_options(arithmetic_join="exact", keep_attrs=False)
    only = sys.argv[5].split(",") if len(sys.argv) > 5 and sys.argv[5] else None
    seed = int(sys.argv[6]) if len(sys.argv) > 6 else SEED
    if only:
        for name in set(ROWS) - set(only):
            del ROWS[name]
    else:
        check_coverage(ffplan)
    cases = draw_cases(Inputs(np.random.default_rng(seed), folder), int(count), seed)
    failures = check(cases, ffrun, folder)
    assert not failures, f"{len(failures)} of {len(cases)} differ\n\n" + "\n\n".join(failures)
    print(f"{len(cases)} cases of {len(ROWS)} operators agree")


main()
