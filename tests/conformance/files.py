"""Files of other projects beside h5py: python files.py FFRUN FOLDER_OF_CORPORA

Every numeric dataset that h5py reads is read by `ffrun` into an npy file and compared bit for bit. What is not read ends in an error
with a code, which is counted. Dims of netCDF that have no variable, which h5py shows as datasets, are no datasets of anybody else's. Prints a table, and ends with 1 where less than 98 in 100 are equal, or one differs."""

import collections
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import h5py
import hdf5plugin  # noqa: F401
import numpy as np

MAGIC = b"\x89HDF\r\n\x1a\n"


def is_hdf5(path):
    with open(path, "rb") as file:
        for offset in [0, 512, 1024, 2048, 4096]:
            file.seek(offset)
            if file.read(8) == MAGIC:
                return True
    return False


def datasets(file):
    """Paths of datasets, of hard and soft links in the file, each object once."""
    seen, pending, found = set(), [file["/"]], []
    while pending:
        group = pending.pop()
        for name in group:
            try:
                if isinstance(group.get(name, getlink=True), h5py.ExternalLink):
                    continue
                item = group[name]
            except (KeyError, OSError, RuntimeError, ValueError):
                continue
            key = h5py.h5o.get_info(item.id).addr
            if key in seen:
                continue
            seen.add(key)
            if isinstance(item, h5py.Group):
                pending.append(item)
            elif isinstance(item, h5py.Dataset):
                found.append(f"{group.name.rstrip('/')}/{name}")
    return found


def numeric(file, path):
    """The values, where they are numbers and h5py reads them."""
    try:
        data = file[path]
        dtype = data.dtype
        if is_bare_dim(data) or data.shape is None or dtype.kind not in "iufcb" or dtype.itemsize > 16 or dtype.str[1:] in ("f12", "f16", "c32"):
            return None
        return data[()] if data.shape == () else data[...]
    except Exception:  # noqa: BLE001 what h5py does not read is not compared
        return None


def is_bare_dim(data):
    """Whether it stands for a dim of netCDF without labels, by its HDF5 convention."""
    name = data.attrs.get("NAME", b"")
    return bytes(name).startswith(b"This is a netCDF dimension but not a netCDF variable") if isinstance(name, bytes) else False


def own_name(name):
    """The name of a variable of netCDF; one that is called as a dim and is not its labels is stored under another."""
    folder, _, last = name.rpartition("/")
    return f"{folder}/{last.removeprefix('_nc4_non_coord_')}"


def script(path, names, folder):
    lines = []
    for i, name in enumerate(names):
        lines.append(f"source values{i} = hdf5({json.dumps(str(path))}, {json.dumps(own_name(name), ensure_ascii=False)}) {{ decode: false }}")
    lines += [f'sink values{i} to npy("{folder}/{i}.npy")' for i in range(len(names))]
    return "\n".join(lines) + "\n"


def run(ffrun, text, folder):
    Path(folder, "s.ff").write_text(text)
    return subprocess.run([ffrun, f"{folder}/s.ff", "--overwrite"], capture_output=True, text=True, timeout=600)


def same(ours, theirs):
    theirs = np.asarray(theirs)
    if theirs.dtype.kind == "b":
        ours = ours.astype(bool)
    if ours.shape != theirs.shape or ours.dtype.kind != theirs.dtype.kind or ours.itemsize < theirs.itemsize:
        return False
    native = theirs.astype(ours.dtype)
    return ours.tobytes() == np.ascontiguousarray(native).tobytes()


def error_code(done):
    return next((line.strip() for line in done.stderr.splitlines() if line.startswith("ff::")), f"exit {done.returncode}")


def check(ffrun, path, results, shown):
    """Compares all datasets of a file: with one run, or with one for each where that fails."""
    try:
        file = h5py.File(path, "r")
    except OSError:
        results["not opened by h5py"] += 1
        return
    with file:
        values = {name: value for name in datasets(file) if (value := numeric(file, name)) is not None}
    with tempfile.TemporaryDirectory() as folder:
        names = list(values)
        whole = run(ffrun, script(path, names, folder), folder) if names else None
        for i, name in enumerate(names):
            done, number = whole, i
            if whole.returncode != 0:
                done, number = run(ffrun, script(path, [name], folder), folder), 0
            if done.returncode != 0:
                results[error_code(done)] += 1
                shown.append(f"{path} {name}\n{done.stderr.strip()}")
                continue
            ours = np.load(f"{folder}/{number}.npy")
            equal = same(ours, values[name])
            results["equal" if equal else "DIFFERENT"] += 1
            if not equal:
                shown.append(f"{path} {name}: {ours.dtype}{ours.shape} for {values[name].dtype}{values[name].shape}")


def main():
    ffrun, root = sys.argv[1], Path(sys.argv[2])
    total, shown = collections.Counter(), []
    for corpus in sorted(path for path in root.iterdir() if path.is_dir()):
        results, files = collections.Counter(), [p for p in sorted(corpus.rglob("*")) if p.is_file() and not p.is_symlink() and is_hdf5(p)]
        for path in files:
            check(ffrun, path, results, shown)
        print(f"{corpus.name}: {len(files)} files: {dict(results)}", flush=True)
        total += results
    print("\n".join(shown))
    read = sum(n for key, n in total.items() if key != "not opened by h5py")
    print(f"figures: {total['equal']} of {read} equal, {total['DIFFERENT']} different")
    return 0 if total["DIFFERENT"] == 0 and total["equal"] >= 0.98 * read else 1


if __name__ == "__main__":
    sys.exit(main())
