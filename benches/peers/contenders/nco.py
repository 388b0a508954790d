"""NCO and nccopy: NetCDF-4 in and out, deflate 1."""

import shutil

from contenders import Skipped, program

FORMATS = ("h5_gz1",)
# Its rechunking takes the chunks of the Zarr inputs, so that the task is the same.
RECHUNK_FORMATS = ("h5_gz",)


def _need(job, name):
    if not job.hdf5:
        raise Skipped("HDF5 inputs only")
    if not shutil.which(name):
        raise Skipped(f"{name} is not installed")


def _nco(job, name, packs=True):
    """The beginning of a command of NCO."""
    _need(job, name)
    return f"{name} -O -h -4 {'-L 1' if packs else ''}"


@program("nco", "W1", formats=FORMATS)
def _(job):
    formula = "out=sqrt(u*u+v*v)*0.5f+exp(-abs(w))"
    return f"{_nco(job, 'ncap2')} -t {job.threads} -v -s '{formula}' {job.path} {job.out}/out.nc"


@program("nco", "W2", formats=FORMATS)
def _(job):
    x, out = job.path, job.out
    return " && ".join(
        [
            f"{_nco(job, 'ncra')} -v x {x} {out}/mean.nc",
            f"{_nco(job, 'ncwa', packs=False)} -a time {out}/mean.nc {out}/mean_2d.nc",
            f"{_nco(job, 'ncbo', packs=False)} --op_typ=sbt -v x {x} {out}/mean_2d.nc {out}/centred.nc",
            f"{_nco(job, 'ncra')} -y rms -v x {out}/centred.nc {out}/std.nc",
            f"{_nco(job, 'ncwa', packs=False)} --dbl -y ttl -v x {x} {out}/sum.nc",
            f"{_nco(job, 'ncwa', packs=False)} -y max -v x {x} {out}/max.nc",
        ]
    )


@program("nco", "W3", formats=FORMATS)
def _(job):
    x, out = job.path, job.out
    return " && ".join(
        [
            f"{_nco(job, 'ncra', packs=False)} -v x {x} {out}/mean.nc",
            f"{_nco(job, 'ncwa', packs=False)} -a time {out}/mean.nc {out}/mean_2d.nc",
            f"{_nco(job, 'ncbo', packs=False)} --op_typ=sbt -v x {x} {out}/mean_2d.nc {out}/centred.nc",
            f"{_nco(job, 'ncra', packs=False)} -y rms -v x {out}/centred.nc {out}/std.nc",
            f"{_nco(job, 'ncwa', packs=False)} -a time {out}/std.nc {out}/std_2d.nc",
            f"{_nco(job, 'ncbo')} --op_typ=dvd -v x {out}/centred.nc {out}/std_2d.nc {out}/z.nc",
            f"rm {out}/centred.nc",
        ]
    )


@program("nco", "W4", formats=RECHUNK_FORMATS)
def _(job):
    chunks = f"--cnk_plc=xpl --cnk_dmn time,{job.input().shape[0]} --cnk_dmn lat,32 --cnk_dmn lon,32"
    return f"{_nco(job, 'ncks')} {chunks} -v x {job.path} {job.out}/x.nc"


@program("nccopy", "W4", formats=RECHUNK_FORMATS)
def _(job):
    _need(job, "nccopy")
    half = (job.cap or 2 << 30) // 2
    chunks = f"time/{job.input().shape[0]},lat/32,lon/32"
    return f"nccopy -m {half} -h {half} -e 100003 -d 1 -c {chunks} {job.path} {job.out}/x.nc"
