"""CDO: NetCDF-4 in and out, deflate 1."""

import shutil

from contenders import Skipped, program

FORMATS = ("h5_gz1",)


def _cdo(job, precision="F32"):
    if not job.hdf5:
        raise Skipped("HDF5 inputs only")
    if not shutil.which("cdo"):
        raise Skipped("cdo is not installed")
    return f"cdo -s -O -L -P {job.threads} -b {precision} -f nc4 -z zip_1"


@program("cdo", "W1", formats=FORMATS)
def _(job):
    return f"{_cdo(job)} expr,'out=sqrt(u*u+v*v)*0.5+exp(-abs(w))' {job.path} {job.out}/out.nc"


@program("cdo", "W2", formats=FORMATS)
def _(job):
    """Four operators, two at a time."""
    cdo, wide, x, out = _cdo(job), _cdo(job, "F64"), job.path, job.out
    return (
        f"{cdo} timmean {x} {out}/mean.nc & {cdo} timstd {x} {out}/std.nc & wait; "
        f"{wide} timsum -fldsum {x} {out}/sum.nc & {wide} timmax -fldmax {x} {out}/max.nc & wait; "
        f"test -s {out}/max.nc -a -s {out}/sum.nc"
    )


@program("cdo", "W3", formats=FORMATS)
def _(job):
    return f"{_cdo(job)} div -sub {job.path} -timmean {job.path} -timstd {job.path} {job.out}/z.nc"


@program("cdo", "W6", formats=FORMATS)
def _(job):
    cdo, x, out = _cdo(job), job.path, job.out
    return f"{cdo} ymonmean {x} {out}/clim.nc && {cdo} ymonsub {x} {out}/clim.nc {out}/anom.nc"


@program("cdo", "W9", formats=FORMATS)
def _(job):
    levels = [job.path, *(job.out / f"l{k}.nc" for k in range(1, 6))]
    steps = (f"{_cdo(job)} gridboxmean,2,2 {fine} {coarse}" for fine, coarse in zip(levels, levels[1:]))
    return " && ".join(steps)


@program("cdo", "W10q", formats=FORMATS)
def _(job):
    """An estimate, from a histogram of 1001 bins."""
    x = job.path
    return f"CDO_PCTL_NBINS=1001 {_cdo(job)} timpctl,90 {x} -timmin {x} -timmax {x} {job.out}/q90.nc"


@program("cdo", "W11", formats=FORMATS)
def _(job):
    return f"{_cdo(job)} timcumsum {job.path} {job.out}/cs.nc"
