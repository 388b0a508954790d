#!/usr/bin/env bash
# Everything a change has to pass: format, layers, lints, editor files, tests. Arguments go to the test runner.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/setup.sh
oracle_venv
# The tests of remote storages start a server each; without it they say that they were skipped.
[ -z "${FF_TEST_STORAGES:-}" ] || object_store
node_tools
ncdump_tool
cdo_tool
fault_tools
export INSTA_UPDATE=no

say "format"
cargo fmt --check
say "the planner alone, without the runtime"
cargo check --release --locked --no-default-features
say "lints"
cargo clippy --release --locked --all-targets -- -D warnings
say "highlighting"
node --test --test-reporter spec editors/vscode/test/tokenize.test.mjs
say "tests"
if cargo nextest --version >/dev/null 2>&1; then
  cargo nextest run --release --locked --no-fail-fast "$@"
else
  cargo test --release --locked --no-fail-fast "$@"
fi
