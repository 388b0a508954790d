"""Makes HDF5 and NetCDF-4 files with everything the reader should know: hdf5_make.py DIRECTORY."""

import sys
from pathlib import Path

import h5py
import hdf5plugin
import netCDF4
import numpy as np

out = Path(sys.argv[1])
rng = np.random.default_rng(3)


def values(shape, dtype):
    dtype = np.dtype(dtype)
    count = int(np.prod(shape))
    if dtype.kind == "c":
        return (rng.normal(size=count) + 1j * rng.normal(size=count)).astype(dtype).reshape(shape)
    if dtype.kind == "f":
        return rng.normal(0, 100, count).astype(dtype).reshape(shape)
    if dtype.kind == "b":
        return (rng.integers(0, 2, count) == 1).reshape(shape)
    return rng.integers(0, 100, count).astype(dtype).reshape(shape)


def padded_texts(g):
    """Texts of fixed length, filled up in every way, in both character sets, as values, scales and attributes."""
    for charset, texts in [("ascii", [b"one", b"fourteen", b""]), ("utf8", ["één".encode(), b"12345678", "日本".encode()])]:
        for padding in ["nullterm", "nullpad", "spacepad"]:
            kind = h5py.h5t.C_S1.copy()
            kind.set_size(9 if padding == "nullterm" else 8)
            kind.set_strpad(getattr(h5py.h5t, f"STR_{padding.upper()}"))
            kind.set_cset(h5py.h5t.CSET_UTF8 if charset == "utf8" else h5py.h5t.CSET_ASCII)
            name = f"{padding}_{charset}"
            space = h5py.h5s.create_simple((3,))
            d = h5py.Dataset(h5py.h5d.create(g.id, name.encode(), kind, space))
            plain = kind.copy()
            plain.set_size(8)
            plain.set_strpad(h5py.h5t.STR_NULLPAD)
            d.id.write(h5py.h5s.ALL, h5py.h5s.ALL, np.array(texts, "S8"), plain)
            a = h5py.h5a.create(d.id, b"text", kind, h5py.h5s.create(h5py.h5s.SCALAR))
            a.write(np.array(texts[0], "S8"), plain)
    g["nullpad_utf8"].make_scale("label")
    v = g.create_dataset("labelled", data=values((3, 2), "f4"))
    v.dims[0].attach_scale(g["nullpad_utf8"])


def odd_numbers(g):
    """Integers of which not all bits count, packed by n-bit, and filters that lose bits."""
    for name, kind, offset, precision in [("i4", h5py.h5t.STD_I32LE, 3, 20), ("u2", h5py.h5t.STD_U16BE, 0, 11)]:
        kind = kind.copy()
        kind.set_precision(precision)
        kind.set_offset(offset)
        for filtered in [False, True]:
            plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
            plist.set_chunk((4, 3))
            if filtered:
                plist.set_filter(5, 0, ())
            d = h5py.h5d.create(g.id, f"{name}_{filtered}".encode(), kind, h5py.h5s.create_simple((6, 7)), plist)
            d.write(h5py.h5s.ALL, h5py.h5s.ALL, values((6, 7), "i4" if name == "i4" else "u2"))
    g.create_dataset("scaled", data=values((30, 20), "<i4") - 50, chunks=(8, 8), scaleoffset=0)
    g.create_dataset("scaled_bits", data=values((30, 20), ">u2"), chunks=(8, 8), scaleoffset=7)
    g.create_dataset("scaled_fill", data=values((30, 20), "<f8"), chunks=(7, 8), scaleoffset=3, fillvalue=-1.0)
    g.create_dataset("all", data=values((30, 20), "<i8"), chunks=(7, 8), shuffle=True, compression="gzip", fletcher32=True)
    g.create_dataset("szip_ec", data=values((30, 20), ">i2"), chunks=(7, 8), compression="szip",
                     compression_opts=("ec", 16))
    g.create_dataset("one_edge", data=values((5, 5), "u1"), chunks=(5, 3), maxshape=(5, 9), compression="lzf")


def linked(f):
    """Links to groups: several ways to one, in circles, through other links, out of the file."""
    f["soft_group"] = h5py.SoftLink("/padded")
    f["hard_group"] = f["filters"]
    a, b = f.create_group("links/a"), f.create_group("links/b")
    a["there"], b["back"], b["up"] = h5py.SoftLink("/links/b"), h5py.SoftLink("/links/a"), h5py.SoftLink("/")
    a["values"] = np.arange(3)
    f["links/deep"] = h5py.SoftLink("a/there/back/values")
    f["links/relative"] = h5py.SoftLink("a")
    f["links/through"] = h5py.SoftLink("/soft_group/nullpad_ascii")
    f["links/outside"] = h5py.SoftLink("/outside/x")


def unreadable(f):
    """Attributes and texts that have no counterpart."""
    g = f.create_group("unreadable")
    g["texts"] = np.array([b"good", b"caf\xe9"], "S4")
    a = g.attrs
    a["before"] = 1
    a["compound"] = np.zeros(2, [("a", "i4"), ("b", "f4")])
    a["opaque"] = np.void(b"12345")
    ragged = np.empty(2, h5py.vlen_dtype("i4"))
    ragged[:] = [np.arange(2, dtype="i4"), np.arange(3, dtype="i4")]
    a.create("ragged", ragged, dtype=h5py.vlen_dtype("i4"))
    a["reference"] = g.ref
    a["region"] = g["texts"].regionref[:1]
    a["latin"] = np.bytes_(b"\xb0C")
    a["array"] = np.arange(4, dtype="i2").reshape(2, 2)
    a["after"] = "here"


def fill_file(f):
    for dtype in ["i1", "<i2", ">i2", "<i4", ">i4", "<i8", ">i8", "u1", "<u2", ">u2", "<u4", ">u4", "<u8", ">u8", "<f2",
                  ">f2", "<f4", ">f4", "<f8", ">f8", "?", "<c8", ">c8", "<c16", ">c16"]:
        name = dtype.replace("<", "le_").replace(">", "be_").replace("?", "bool")
        f[f"types/{name}"] = values((3, 5), dtype)
        f.create_dataset(f"chunked/{name}", data=values((7, 11), dtype), chunks=(4, 3), shuffle=True, compression="gzip")
    padded_texts(f.create_group("padded"))
    odd_numbers(f.create_group("odd"))
    f["scalar"] = 2.5
    f["text"] = "a scalar text, größer"
    f["texts"] = np.array(["one", "", "trois"], dtype=object)
    f["bytes"] = np.array([b"abc", b"de", b""], dtype="S4")
    f.create_dataset("texts_chunked", data=[f"label {k}" for k in range(23)], chunks=(5,), compression="gzip")
    f.create_dataset("empty", shape=(0, 4), dtype="f4")
    f.create_dataset("empty_chunked", shape=(0, 4), maxshape=(None, 4), chunks=(2, 2), dtype="f4")
    f.create_dataset("null", data=h5py.Empty("f4"))
    f.create_dataset("unwritten", shape=(5, 6), dtype="<i2", fillvalue=-7)
    f.create_dataset("unwritten_chunked", shape=(5, 6), chunks=(2, 4), dtype="<f8", fillvalue=np.nan)
    half = f.create_dataset("half_written", shape=(20, 30), chunks=(7, 8), dtype=">f4", fillvalue=1.5, compression="lzf")
    half[3:9, 10:20] = 4
    f.create_dataset("enum", data=values((4,), "i2"), dtype=h5py.enum_dtype({"A": 1, "B": 50}, "<i2"))
    f.create_dataset("compound", data=np.zeros(3, [("a", "i4"), ("b", "f4")]))
    f.create_dataset("opaque", data=np.zeros(3, "V5"))
    f.create_dataset("ragged", shape=(2,), dtype=h5py.vlen_dtype("i4"))
    space = h5py.h5s.create_simple((3, 4))
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_layout(h5py.h5d.COMPACT)
    h5py.h5d.create(f.id, b"compact", h5py.h5t.IEEE_F32LE, space, plist).write(
        h5py.h5s.ALL, h5py.h5s.ALL, values((3, 4), "<f4"))
    for name, shape, maxshape, chunks in [
        ("one_chunk", (6, 4), (6, 4), (6, 4)),
        ("fixed", (50, 70), (50, 70), (5, 6)),
        ("fixed_grown", (30, 20), (50, 70), (5, 6)),
        ("fixed_paged", (3000, 2), (3000, 2), (1, 1)),
        ("grows_first", (600, 9), (None, 9), (2, 4)),
        ("grows_last", (9, 601), (11, None), (4, 2)),
        ("grows_middle", (3, 300, 5), (3, None, 6), (1, 2, 2)),
        ("grows_much", (5000,), (None,), (1,)),
        ("grows_huge", (30000,), (None,), (2,)),
        ("grows_twice", (60, 70), (None, None), (3, 4)),
        ("grows_tree", (200, 210), (None, None), (2, 3)),
        ("edges", (13, 17, 5), (20, 17, None), (4, 6, 2)),
    ]:
        f.create_dataset(f"index/{name}", data=values(shape, "<i4"), maxshape=maxshape, chunks=chunks)
        f.create_dataset(f"index/{name}_gzip", data=values(shape, "<i4"), maxshape=maxshape, chunks=chunks,
                         compression="gzip", compression_opts=1)
    early = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    early.set_chunk((4, 5))
    early.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    h5py.h5d.create(f.id, b"index/implicit", h5py.h5t.STD_I16LE, h5py.h5s.create_simple((10, 12)), early).write(
        h5py.h5s.ALL, h5py.h5s.ALL, values((10, 12), "<i2"))
    filters = f.create_group("filters")
    data = np.repeat(np.arange(400, dtype="<f4"), 5).reshape(40, 50)
    for name, options in {
        "gzip": dict(compression="gzip"), "lzf": dict(compression="lzf", shuffle=True),
        "szip": dict(compression="szip"), "fletcher": dict(fletcher32=True, compression="gzip"),
        "scale": dict(scaleoffset=2), "blosc": hdf5plugin.Blosc(), "zstd": hdf5plugin.Zstd(), "lz4": hdf5plugin.LZ4(),
        "bitshuffle": hdf5plugin.Bitshuffle(), "bzip2": hdf5plugin.BZip2(), "zfp": hdf5plugin.Zfp(),
    }.items():
        filters.create_dataset(name, data=data, chunks=(16, 16), **options)
    many = f.create_group("many")
    for k in range(120):
        many.create_group(f"group {k:03}").attrs["k"] = k
        many.create_dataset(f"data {k:03}", data=np.arange(k % 5))
    ordered = f.create_group("ordered", track_order=True)
    for k in range(40):
        ordered.create_dataset(f"{(k * 7) % 40}", data=k)
    f["soft"] = h5py.SoftLink("/index/fixed")
    f["types/relative"] = h5py.SoftLink("le_i4")
    f["dangling"] = h5py.SoftLink("/nowhere")
    f["round"] = h5py.SoftLink("/round")
    f["outside"] = h5py.ExternalLink("other.h5", "/x")
    f["hard"] = f["scalar"]
    f["types/loop"] = f["/"]
    linked(f)
    unreadable(f)
    f["named_type"] = np.dtype("<f8")
    f.create_dataset("of_named_type", data=values((3,), "<f8"), dtype=f["named_type"])
    layout = h5py.VirtualLayout(shape=(3, 5), dtype="i4")
    layout[:] = h5py.VirtualSource(".", "types/le_i4", shape=(3, 5))
    f.create_virtual_dataset("virtual", layout)
    f.create_dataset("external", shape=(4,), dtype="i4", external=[("raw.bin", 0, 16)])
    a = f["scalar"].attrs
    a["int"] = np.int16(-3)
    a["ints"] = np.array([1, 2, 3], ">u4")
    a["float"] = 0.1
    a["text"] = "grün"
    a["ascii"] = np.bytes_("plain")
    a["texts"] = ["x", "yy"]
    a["truth"] = True
    a["complex"] = 1 + 2j
    a["table"] = np.arange(6, dtype="i4").reshape(2, 3)
    a["nothing"] = h5py.Empty("f8")
    a["no_text"] = h5py.Empty("S1")
    a["ref"] = f["text"].ref
    for k in range(60):
        f["text"].attrs[f"attribute {k:02}"] = k
    f["texts"].attrs["long"] = "x" * 70000 if f.libver[1] != "earliest" and f.libver[0] != "earliest" else "x" * 60000
    f["lat"] = np.linspace(-90, 90, 7)
    f["lon"] = np.arange(5, dtype="f4")
    f["lat"].make_scale()
    f["lon"].make_scale("longitude")
    field = f.create_dataset("field", data=values((7, 5, 3), "f4"))
    field.dims[0].attach_scale(f["lat"])
    field.dims[1].attach_scale(f["lon"])
    labelled = f.create_dataset("labelled", data=values((2, 3), "f4"))
    labelled.dims[0].label = "row"


for_zfp = None
for libver in ["earliest", "v108", "v110", "latest"]:
    with h5py.File(out / f"{libver}.h5", "w", libver=(libver, "latest") if libver != "latest" else "latest") as f:
        fill_file(f)
with h5py.File(out / "userblock.h5", "w", userblock_size=2048) as f:
    fill_file(f)

with netCDF4.Dataset(out / "classic_model.nc", "w", format="NETCDF4_CLASSIC") as f:
    f.createDimension("time", None)
    f.createDimension("x", 4)
    f.createVariable("time", "f8", ("time",))[:] = np.arange(5)
    v = f.createVariable("t", "f4", ("time", "x"), zlib=True, shuffle=True, fletcher32=True, fill_value=-9)
    v[:] = values((5, 4), "f4")
    v.units = "K"
    v.valid_range = np.array([0, 400], "f4")
    v.empty = ""

with netCDF4.Dataset(out / "netcdf.nc", "w") as f:
    f.createDimension("time", None)
    f.createDimension("name_len", 8)
    f.createDimension("station", 3)
    f.createDimension("x", 4)
    f.title = "a test"
    f.createVariable("time", "i4", ("time",))[:] = np.arange(6)
    f.createVariable("station", "S1", ("station", "name_len"))[:] = netCDF4.stringtochar(np.array(["a", "bb", "ccc"], "S8"))
    f.createVariable("names", str, ("station",))[:] = np.array(["α", "beta", ""], object)
    f.createVariable("t", "i2", ("time", "station", "x"), zlib=True, chunksizes=(1, 3, 4))[:] = values((6, 3, 4), "i2")
    f.createVariable("cov", "f8", ("x", "x"))[:] = values((4, 4), "f8")
    f.createVariable("x", "f4", ("time", "x"))[:] = values((6, 4), "f4")
    colour = f.createEnumType("u1", "colour", {"red": 0, "green": 1, "blue": 7})
    f.createVariable("paint", colour, ("x",))[:] = np.array([0, 7, 1, 1], "u1")
    record = f.createCompoundType(np.dtype([("a", "i4"), ("b", "f8")]), "record")
    f.createVariable("records", record, ("x",))
    ragged = f.createVLType("i4", "ragged")
    f.createVariable("lists", ragged, ("x",))
    g = f.createGroup("inner/deep")
    g.createDimension("y", 2)
    g.createVariable("v", "u8", ("y", "x"))[:] = values((2, 4), "u8")
    g.note = ["p", "q"]
