#!/usr/bin/env bash
# Builds the programs, runs an example on the data in examples/data, and shows what came out.
#
#   scripts/quickstart.sh [EXAMPLE.ff]     results go to a fresh folder, or to $FF_OUT
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/setup.sh

example=${1:-examples/warming.ff}
[ -f "$example" ] || fail "there is no $example"
name=$(basename "$example" .ff)
results=${FF_OUT:-$(mktemp -d -t functionfuse-XXXXXX)}
mkdir -p "$results"

say "building (minutes the first time, seconds later)"
cargo build --release --locked
bin=$CARGO_TARGET_DIR/release

say "ffrun $example"
"$bin/ffrun" "$example" --out "$results"
for output in "$results"/*.zarr "$results"/*.nc; do
  [ -e "$output" ] || continue
  say "ffrun info $output"
  "$bin/ffrun" info "$output"
done
say "ffplan $example"
"$bin/ffplan" "$example" --format svg -o "$results/$name.svg"

cat <<EOF

The results:    $results
The graph:      $results/$name.svg
The programs:   $bin/{ffrun,ffplan,fffmt,ffstore}
EOF
