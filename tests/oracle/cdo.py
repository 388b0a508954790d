"""Runs both sides of every row of `docs/cdo.md` on one file, and compares what they write.

    cdo.py FFRUN PAGE
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import xarray as xr


def make(path: Path) -> None:
    """Two years of days on a coarse globe, with a few missing values, and a variable on levels."""
    rng = np.random.default_rng(5)
    time = xr.date_range("2000-01-01", "2001-12-31", freq="D")
    lat, lon, plev = np.arange(-85.0, 86, 10), np.arange(0.0, 360, 4), np.array([100000.0, 85000, 50000])
    season = np.sin(2 * np.pi * np.arange(len(time)) / 365.25)[:, None, None]
    tas = 280 + 20 * np.cos(np.radians(lat))[:, None] + 5 * season + rng.normal(size=(len(time), len(lat), len(lon)))
    tas[5, 2, 3] = tas[700, 0, 0] = np.nan
    attributes = {"lat": {"units": "degrees_north", "standard_name": "latitude"},
                  "lon": {"units": "degrees_east", "standard_name": "longitude"},
                  "plev": {"units": "Pa", "standard_name": "air_pressure", "positive": "down"}}
    coords = {"time": time, "lat": lat, "lon": lon, "plev": plev}
    ta = tas[:, None] - np.array([0, 10.0, 40])[:, None, None]
    data = {
        "tas": (("time", "lat", "lon"), tas.astype("f4"), {"units": "K"}),
        "pr": (("time", "lat", "lon"), np.abs(rng.normal(size=tas.shape)).astype("f4"), {"units": "mm"}),
        "ta": (("time", "plev", "lat", "lon"), ta.astype("f4"), {"units": "K"}),
    }
    dataset = xr.Dataset(data, coords)
    for name, attrs in attributes.items():
        dataset[name].attrs = attrs
    dataset.to_netcdf(path, encoding={"time": {"units": "days since 2000-01-01", "dtype": "f8"}})


def rows(page: str) -> list[tuple[str, str]]:
    """Both commands of the rows that write a file."""
    commands = re.findall(r"^\|[^|]*\| `(.*)` \| `(.*)` \|$", page, re.M)
    return [tuple(side.replace("\\|", "|") for side in row) for row in commands if "out.nc" in row[1]]


def result(command: str, folder: Path) -> tuple[str, np.ndarray]:
    """The name and the values of the variable that a command writes, without dims of one element."""
    (folder / "out.nc").unlink(missing_ok=True)
    done = subprocess.run(["sh", "-c", command], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{command}\n{done.stderr[-2000:]}")
    with xr.open_dataset(folder / "out.nc") as dataset:
        dataset = dataset.load()
    bounds = {variable.attrs.get("bounds") for variable in dataset.variables.values()}
    names = [name for name in dataset.data_vars if name not in bounds and not name.endswith(("_bnds", "_bounds"))]
    assert len(names) == 1, f"{command}: {names}"
    return names[0], dataset[names[0]].values.squeeze()


def main() -> None:
    """Compares all rows."""
    ffrun, page = sys.argv[1], Path(sys.argv[2]).read_text()
    os.environ["PATH"] = f"{Path(ffrun).parent}:{os.environ['PATH']}"
    found = rows(page)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(folder / "in.nc")
        for theirs, ours in found:
            (one, a), (other, b) = result(theirs, folder), result(ours, folder)
            # An expression of several variables has no name of its own.
            assert other in (one, "result"), f"{ours}: {other}, not {one}"
            assert a.shape == b.shape, f"{ours}: {b.shape}, not {a.shape}"
            # CDO takes cells for polygons, whose areas are not quite those of our cells.
            np.testing.assert_allclose(b, a, rtol=1e-5, atol=2e-4, err_msg=ours)
    assert len(found) >= 25, len(found)
    print(f"{len(found)} rows agree with CDO")


main()
