"""Stores and files of which one chunk is damaged, each in another way: corrupt.py FOLDER.

Prints a line for each: the path, the array, the chunk, and the file or key that has to be named."""

import sys
from pathlib import Path

import h5py
import numcodecs
import numpy as np
import zarr
from zarr.codecs import BloscCodec, Crc32cCodec, GzipCodec, ZstdCodec

folder = Path(sys.argv[1])
values = np.random.default_rng(1).normal(size=(64, 64)).round(2)


def cut(keep):
    return lambda raw: raw[: int(len(raw) * keep)]


def flip(at, bit=3):
    def flipped(raw):
        place = int(at * len(raw)) if isinstance(at, float) else at
        return raw[:place] + bytes([raw[place] ^ (1 << bit)]) + raw[place + 1 :]

    return flipped


def longer(raw):
    return raw + bytes(8)


def zeros(raw):
    return bytes(len(raw))


def damage(path, change):
    raw = path.read_bytes()
    path.unlink()
    if change == "folder":
        path.mkdir()
    else:
        path.write_bytes(change(raw))


def store(name, change, version=3, shards=None, **codecs):
    path = folder / f"{name}.zarr"
    array = zarr.create_array(
        path, name="x", shape=(64, 64), chunks=(32, 32), shards=shards, dtype="f8", zarr_format=version, **codecs
    )
    array[:] = values
    key = "x/1.0" if version == 2 else "x/c/1/0" if shards is None else "x/c/0/0"
    damage(path / key, change)
    chunk = "" if shards else "[1, 0]"
    print(f"{path}\t{name}\t{chunk}\t{key}")


plain, zstd, checked = [], [ZstdCodec(level=3)], [ZstdCodec(level=3, checksum=True)]
store("plain_cut", cut(0.5), compressors=plain)
store("plain_longer", longer, compressors=plain)
store("plain_empty", cut(0), compressors=plain)
store("plain_folder", "folder", compressors=plain)
store("zstd_cut", cut(0.7), compressors=zstd)
store("zstd_empty", cut(0), compressors=zstd)
store("zstd_magic", flip(0), compressors=zstd)
store("zstd_zeros", zeros, compressors=zstd)
store("zstd_folder", "folder", compressors=zstd)
store("zstd_checked", flip(0.5), compressors=checked)
store("gzip_cut", cut(0.9), compressors=[GzipCodec()])
store("gzip_bit", flip(0.5), compressors=[GzipCodec()])
store("gzip_magic", flip(0), compressors=[GzipCodec()])
store("gzip_sum", flip(-6), compressors=[GzipCodec()])
store("blosc_cut", cut(0.5), compressors=[BloscCodec(cname="lz4")])
store("blosc_header", zeros, compressors=[BloscCodec(cname="zstd")])
store("crc32c_bit", flip(0.5), compressors=[Crc32cCodec()])
store("crc32c_sum", flip(-1), compressors=[Crc32cCodec()])
store("crc32c_cut", cut(0.5), compressors=[Crc32cCodec()])
store("crc32c_zstd_bit", flip(0.5), compressors=[ZstdCodec(), Crc32cCodec()])
store("v2_zlib_bit", flip(0.5), 2, compressors=numcodecs.Zlib())
store("v2_zlib_cut", cut(0.6), 2, compressors=numcodecs.Zlib())
store("v2_bz2_bit", flip(0.5), 2, compressors=numcodecs.BZ2())
store("v2_lz4_cut", cut(0.5), 2, compressors=numcodecs.LZ4())
store("v2_blosc_cut", cut(0.5), 2, compressors=numcodecs.Blosc())
store("v2_zstd_cut", cut(0.5), 2, compressors=numcodecs.Zstd())
store("v2_plain_cut", cut(0.5), 2, compressors=None)
store("v2_crc32c_bit", flip(0.5), 2, compressors=None, filters=[numcodecs.CRC32C()])
store("v2_fletcher_bit", flip(0.5), 2, compressors=None, filters=[numcodecs.Fletcher32()])
store("shard_index", flip(-10), shards=(64, 64), compressors=zstd)
store("shard_cut", cut(0.5), shards=(64, 64), compressors=zstd)
store("shard_empty", cut(0), shards=(64, 64), compressors=zstd)
store("shard_folder", "folder", shards=(64, 64), compressors=zstd)
store("shard_chunk", flip(100), shards=(64, 64), compressors=[Crc32cCodec()])


def file(name, change, whole=None, **options):
    path = folder / f"{name}.h5"
    with h5py.File(path, "w", libver="latest") as f:
        f.create_dataset("x", data=values, chunks=(32, 32), **options)
    with h5py.File(path) as f:
        chunk = f["x"].id.get_chunk_info_by_coord((32, 0))
    raw = path.read_bytes()
    at, end = chunk.byte_offset, chunk.byte_offset + chunk.size
    path.write_bytes(raw[:at] + change(raw[at:end]) + raw[end:])
    print(f"{path}\t{name}\t[1, 0]\t{path.name}")


file("h5_gzip_bit", flip(0.5), compression="gzip")
file("h5_gzip_zeros", zeros, compression="gzip")
file("h5_gzip_sum", flip(-1), compression="gzip")
file("h5_shuffle_bit", flip(0.3), compression="gzip", shuffle=True)
file("h5_fletcher_bit", flip(0.5), fletcher32=True)
file("h5_fletcher_sum", flip(-1), fletcher32=True)
file("h5_fletcher_gzip_bit", flip(0.5), compression="gzip", fletcher32=True)
file("h5_lzf_zeros", lambda raw: b"\xff" * len(raw), compression="lzf")
