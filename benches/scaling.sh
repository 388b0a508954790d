#!/usr/bin/env bash
# How time and memory grow with the data, and time falls with threads (docs/performance.md): a reduction over time and a
# standardize, of arrays of 64 MB to 8 GB, with 1 and more threads, within 512 MiB.
#
#   benches/scaling.sh [MEGABYTES…]
#
#   FFRUN            measures this ffrun instead of building one
#   FF_BENCH_DIR     where data is kept; default $FF_CACHE/bench
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/setup.sh
folder=${FF_BENCH_DIR:-$FF_CACHE/bench}/scaling
sizes=("$@")
[ ${#sizes[@]} -gt 0 ] || sizes=(64 512 2048 8192)
if [ -z "${FFRUN:-}" ]; then
  cargo build --release --locked --bin ffrun
  FFRUN=$CARGO_TARGET_DIR/release/ffrun
fi
mkdir -p "$folder"
trap 'cat "$folder/log" >&2' ERR
cat >"$folder/make.ff" <<'SCRIPT'
param maps: int
param out: path
let i = arange(0, maps, 1, dim: time) * 7919 + arange(0, 1024, 1, dim: y) * 31 + arange(0, 1024, 1, dim: x) * 17
sink {v: (i % 100003) as f32 / 64} to zarr("{out}") { chunks: {time: 4, y: 1024, x: 1024}, codec: zstd(1) }
SCRIPT
cat >"$folder/reduce.ff" <<'SCRIPT'
param input: path
param out: path
source data = open(input)
sink std(data.v, time) to npy("{out}")
SCRIPT
cat >"$folder/standardize.ff" <<'SCRIPT'
param input: path
param out: path
source data = open(input)
let v = data.v
let z = (v - mean(v, time)) / std(v, time)
sink z to zarr("{out}") { chunks: {time: 4, y: 1024, x: 1024}, codec: zstd(1) }
SCRIPT
printf '| job | MB | threads | s | s per GB | peak MiB |\n|---|--:|--:|--:|--:|--:|\n'
for megabytes in "${sizes[@]}"; do
  data=$folder/$megabytes.zarr
  [ -d "$data" ] || "$FFRUN" "$folder/make.ff" --maps $((megabytes / 4)) --out "$data" 2>"$folder/log"
  find "$data" -type f -exec cat {} + >/dev/null
  for job in reduce standardize; do
    for threads in 1 $(nproc); do
      "$FFRUN" "$folder/$job.ff" --input "$data" --out "$folder/out" --overwrite --memory 512MiB --threads "$threads" \
        --report "$folder/report.json" 2>"$folder/log" >/dev/null
      python3 - "$folder/report.json" "$job" "$megabytes" "$threads" <<'PYTHON'
import json, sys
report = json.load(open(sys.argv[1]))
job, megabytes, threads = sys.argv[2:]
wall, peak = report["wall"], report["peak_memory"] / 2**20
print(f"| {job} | {megabytes} | {threads} | {wall:.2f} | {wall / int(megabytes) * 1024:.2f} | {peak:.0f} |", flush=True)
PYTHON
      rm -rf "$folder/out"
    done
  done
done
