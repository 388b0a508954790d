#!/usr/bin/env bash
# Reads files, chunks and stores beside other implementations: tests/conformance. Downloads some 140 MB, part of it as sources of Debian.
#
#   scripts/conformance.sh [STORES [SEED]]     how many random stores are written; default 10000
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/setup.sh
FF_CONFORMANCE=$PWD/tests/conformance

corpora() {
  local to=$FF_CACHE/corpora
  say "downloading files of other projects"
  rm -rf "$to" && mkdir -p "$to/files" "$to/codecs" "$to/lists/partial" "$to/cache/archives/partial" "$to/parts"
  (
    cd "$to"
    for package in pyfive==1.3.0 pynwb==4.2.0 numcodecs==0.16.6; do
      "$FF_CACHE/conformance/bin/pip" download --quiet --no-deps --no-binary "${package%%==*}" "$package"
    done
    sed 's/^Types:.*/Types: deb-src/' "$debian" >parts/sources.sources
    local own=(-o "Dir::State::Lists=$to/lists" -o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$to/parts" -o "Dir::Cache=$to/cache")
    apt-get "${own[@]}" update -qq
    apt-get "${own[@]}" source -qq --download-only --tar-only netcdf pytables
    for archive in pyfive-*.tar.gz pynwb-*.tar.gz netcdf_*.tar.gz pytables_*.tar.gz; do tar xzf "$archive" -C files; done
    tar xzf numcodecs-*.tar.gz -C codecs --strip-components=1 --wildcards '*/fixture/*'
    rm -rf ./*.tar.gz lists cache parts
  )
}

javascript() {
  say "installing zarrita"
  mkdir -p "$FF_CACHE/zarrita" && cp "$FF_CONFORMANCE"/{package.json,package-lock.json,zarrita.mjs} "$FF_CACHE/zarrita/"
  npm ci --silent --no-audit --no-fund --prefix "$FF_CACHE/zarrita"
}

debian=/etc/apt/sources.list.d/debian.sources
[ -e "$debian" ] || fail "sources of Debian's packages are compared with, and there is no $debian"
need apt-get "run this on Debian"
need node "install Node.js 20 or newer"
once conformance tests/requirements.txt tests/conformance/requirements.txt -- \
  pip_venv "$FF_CACHE/conformance" -r tests/requirements.txt -r tests/conformance/requirements.txt
once corpora scripts/conformance.sh -- corpora
once zarrita tests/conformance/package.json tests/conformance/package-lock.json tests/conformance/zarrita.mjs -- javascript

cargo build --release --locked --bin ffrun
ffrun=$CARGO_TARGET_DIR/release/ffrun
python=$FF_CACHE/conformance/bin/python
status=0
say "files of netCDF, PyTables, pyfive and PyNWB, beside h5py"
"$python" tests/conformance/files.py "$ffrun" "$FF_CACHE/corpora/files" || status=1
say "chunks of numcodecs"
"$python" tests/conformance/fixtures.py "$ffrun" "$FF_CACHE/corpora/codecs/fixture" || status=1
say "stores that we write, read by zarr-python, TensorStore and zarrita"
"$python" tests/conformance/stores.py "$ffrun" "$FF_CACHE/zarrita" "${1:-10000}" "${2:-1}" || status=1
exit $status
