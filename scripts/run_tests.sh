#!/bin/bash
# Runs every test against a build and adds up their counts.
# Usage: run_tests.sh BUILD_FOLDER [quick|full]
#   quick: C programs and the command line, and every sixteenth of the combinations (for sanitizer builds)
#   full:  everything (default)
# Every test ends with a line "N passed, N failed".
set -u
cd "$(dirname "$0")/.."
build=${1:?usage: run_tests.sh BUILD_FOLDER [quick|full]}
extent=${2:-full}
case $build in /*) ;; *) build=$PWD/$build ;; esac
export AVOCET=$build/avocet AVOCET_EXTENT=$extent
python=$(command -v python3) || { echo "python3 is not installed"; echo "0 passed, 1 failed"; exit 1; }
log=$(mktemp) && trap 'rm -f "$log"' EXIT
total_passed=0 total_failed=0

# part NAME COMMAND...: shows what failed and what was skipped, keeps the counts. A test without counts, or that crashed, counts as one failure.
part() {
    local name=$1 start=$SECONDS status counts passed failed
    shift
    "$@" >"$log" 2>&1
    status=$?
    counts=$(grep -aE '^[0-9]+ passed, [0-9]+ failed' "$log" | tail -n 1)
    passed=$(sed -E 's/^([0-9]+) passed.*/\1/' <<<"${counts:-0 passed}")
    failed=$(sed -E 's/.* ([0-9]+) failed.*/\1/' <<<"${counts:-x 0 failed}")
    if [ -z "$counts" ] || { [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; }; then
        failed=$((failed + 1))
    fi
    total_passed=$((total_passed + passed))
    total_failed=$((total_failed + failed))
    printf '%-34s %7d passed, %d failed  (%d s)\n' "$name" "$passed" "$failed" "$((SECONDS - start))"
    grep -a '^SKIPPED' "$log" | sed 's/^/  /'
    if [ "$failed" -gt 0 ]; then
        echo "  exit status $status; the end of its output:"
        tail -n 40 "$log" | sed 's/^/  | /'
    fi
}

for program in "$build"/tests/test_*; do
    [ -x "$program" ] && [ -f "$program" ] && part "$(basename "$program")" "$program"
done
[ -x "$build/checkdsp" ] && part checkdsp "$build/checkdsp"
for runner in tests/*/test_*.py; do
    # These compile the library themselves: once is enough.
    [ "$extent" = quick ] && case $runner in tests/python/* | tests/micropython/* | tests/tiny/*) continue ;; esac
    [ -f "$runner" ] && part "$(basename "$runner" .py)" "$python" "$runner"
done
if [ "$extent" = quick ]; then
    part match "$python" tests/match/match.py --stride 16
else
    part layers "$python" scripts/check_layers.py
    part headers scripts/check_headers.sh
    if [ -f "$build/libavocet.so" ]; then
        part symbols scripts/check_symbols.sh "$build"
    fi
    part match "$python" tests/match/match.py
    part "match, whole clips" "$python" tests/match/match.py --full
fi

echo "$total_passed passed, $total_failed failed"
[ "$total_failed" -eq 0 ]
