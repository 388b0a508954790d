#!/usr/bin/env bash
# Compares FunctionFuse with its peers (docs/performance.md): builds ffrun, installs the peers, makes the data, measures,
# verifies, prints tables.
#
#   scripts/bench.sh [W1 H1 …] [--size small|medium|large] [-n N] [--peers a,b] [--formats a,b] [--cap-mb N] [--write]
#
#   --list                who does what
#   --write               puts the table into docs/performance.md
#   --with-zarrs-tools    also builds zarrs_tools, which takes minutes
#   --help                the rest
#
#   FF_BENCH_DIR          where data and results are kept; default $FF_CACHE/bench
#   FF_BENCH_THREADS      threads that everybody gets; default all
#   FFRUN                 measures this ffrun instead of building one
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/setup.sh
export FF_BENCH_DIR=${FF_BENCH_DIR:-$FF_CACHE/bench}
zarrs_tools=$FF_CACHE/zarrs_tools

install_zarrs_tools() {
  [ -x "$zarrs_tools/bin/zarrs_reencode" ] && return
  say "building zarrs_tools"
  CARGO_TARGET_DIR=$zarrs_tools/target cargo install --quiet zarrs_tools --version 0.8.1 --locked \
    --features filter,ome,info --root "$zarrs_tools" || say "SKIPPED: zarrs_tools could not be built"
  rm -rf "$zarrs_tools/target"
}

arguments=()
for argument in "$@"; do
  case $argument in
    --with-zarrs-tools) install_zarrs_tools ;;
    *) arguments+=("$argument") ;;
  esac
done

apt_packages "the peers cdo, nco, nccopy" cdo cdo nco netcdf-bin
apt_packages "the limit" /usr/include/libdeflate.h libdeflate-dev
apt_packages "the limit" /usr/include/zstd.h libzstd-dev
requirements=$FF_ROOT/benches/peers/requirements.txt
once peers "$requirements" -- pip_venv "$FF_CACHE/peers" -r "$requirements"
export ZARRS_TOOLS_BIN=$zarrs_tools/bin

if [ -z "${FFRUN:-}" ]; then
  say "building ffrun"
  cargo build --release --locked --bin ffrun
  export FFRUN=$CARGO_TARGET_DIR/release/ffrun
fi
"$FF_CACHE/peers/bin/python" benches/peers/bench.py "${arguments[@]}"
