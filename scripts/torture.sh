#!/usr/bin/env bash
# The tests of tests/faults with their full figures, which go into docs/reliability.md. Takes an hour or more; arguments are names of tests.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/setup.sh
oracle_venv
fault_tools
export INSTA_UPDATE=no FF_TORTURE=1

page=docs/reliability.md
tests=("$@")
[ ${#tests[@]} -gt 0 ] || tests=(
  killed_at_any_moment_a_run_goes_on_to_the_same_bytes
  killed_at_any_system_call_a_run_goes_on_to_the_same_bytes
  interrupted_at_any_moment_a_run_goes_on
  a_signal_is_heeded_whatever_a_run_is_at
  whatever_call_fails_the_result_is_right_or_the_error_clear
  faults_at_random_are_survived_or_told
  on_a_full_disk_nothing_is_lost
  limits_of_a_process_are_told
  of_two_runs_on_a_target_one_wins_and_the_other_names_it
  damaged_chunks_are_named
)

cargo test --release --locked --no-run --test main
for test in "${tests[@]}"; do
  say "$test"
  begun=$SECONDS
  output=$(cargo test --release --locked --test main "$test" -- --nocapture 2>&1) || { printf '%s\n' "$output"; fail "$test"; }
  figures=$(sed -nE 's/^figures: //p' <<<"$output" | paste -sd ';' | sed 's/;/; /g')
  row="| \`$test\` | ${figures:-passed} | $((SECONDS - begun)) s |"
  printf '%s\n' "$row"
  awk -v name="| \`$test\` |" -v row="$row" 'index($0, name) == 1 { print row; next } { print }' "$page" >"$page.new"
  mv "$page.new" "$page"
done
