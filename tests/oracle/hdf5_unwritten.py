"""Writes datasets that are stored in one piece, some of which were never written.

    python hdf5_unwritten.py FILE
"""

import sys

import h5py
import numpy as np

with h5py.File(sys.argv[1], "w") as f:
    f.create_dataset("never", (4,), "f8", fillvalue=7)
    f.create_dataset("grid", (5, 3), "i4")
    f.create_dataset("scalar", (), "i4", fillvalue=7)
    f.create_dataset("empty", (0, 3), "f4")
    f.create_dataset("empty_chunks", (0, 3), "f4", chunks=(2, 3), maxshape=(None, 3))
    f.create_dataset("written", data=np.arange(4.0))
    for name, change in [
        ("early", lambda p: p.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)),
        ("compact", lambda p: p.set_layout(h5py.h5d.COMPACT)),
    ]:
        create = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        change(create)
        h5py.h5d.create(f.id, name.encode(), h5py.h5t.IEEE_F64LE, h5py.h5s.create_simple((4,)), dcpl=create)
