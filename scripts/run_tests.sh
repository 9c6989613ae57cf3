#!/bin/bash
# Runs every test against a build and adds up their counts.
# Usage: run_tests.sh BUILD_FOLDER [quick|full]
#   quick: C programs and the command line, and every sixteenth of the combinations (for sanitizer builds)
#   full:  everything (default)
# As many tests run side by side as there are cores (AVOCET_LANES: another number), those that take longest first; results
# are shown in the order in which tests were started. Every test ends with a line "N passed, N failed". What failed is also
# written to the file AVOCET_FAILURES, if that is set, for who sees only the end of a long output.
set -u
cd "$(dirname "$0")/.."
build=${1:?usage: run_tests.sh BUILD_FOLDER [quick|full]}
extent=${2:-full}
case $build in /*) ;; *) build=$PWD/$build ;; esac
export AVOCET=$build/avocet AVOCET_EXTENT=$extent
python=$(command -v python3) || { echo "python3 is not installed"; echo "0 passed, 1 failed"; exit 1; }
lanes=${AVOCET_LANES:-$(nproc)}
scratch=$(mktemp -d) && trap 'rm -rf "$scratch"' EXIT
names=() shown=0 total_passed=0 total_failed=0

# Shows what failed and what was skipped of a test that has ended, and adds its counts. A test without counts, or that crashed,
# counts as one failure.
show() {
    local log=$scratch/$1.log status seconds counts passed failed
    read -r status seconds <"$scratch/$1.end"
    counts=$(grep -aE '^[0-9]+ passed, [0-9]+ failed' "$log" | tail -n 1)
    passed=$(sed -E 's/^([0-9]+) passed.*/\1/' <<<"${counts:-0 passed}")
    failed=$(sed -E 's/.* ([0-9]+) failed.*/\1/' <<<"${counts:-x 0 failed}")
    if [ -z "$counts" ] || { [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; }; then
        failed=$((failed + 1))
    fi
    total_passed=$((total_passed + passed))
    total_failed=$((total_failed + failed))
    printf '%-34s %7d passed, %d failed  (%d s)\n' "${names[$1]}" "$passed" "$failed" "$seconds"
    grep -a '^SKIPPED' "$log" | sed 's/^/  /'
    if [ "$failed" -gt 0 ]; then
        {
            echo "  ${names[$1]} failed, exit status $status; its complaints, and the end of its output:"
            grep -a '^FAILED' "$log" | head -n 10 | sed 's/^/  ! /'
            tail -n 15 "$log" | sed 's/^/  | /'
        } | cut -c 1-300 | tee -a "${AVOCET_FAILURES:-/dev/null}"
    fi
}

show_ended() {
    while [ "$shown" -lt ${#names[@]} ] && [ -f "$scratch/$shown.end" ]; do
        show "$shown"
        shown=$((shown + 1))
    done
}

# part NAME COMMAND...: starts a test once a lane is free.
part() {
    local number=${#names[@]}
    names+=("$1")
    shift
    while [ "$(jobs -rp | wc -l)" -ge "$lanes" ]; do
        wait -n
        show_ended
    done
    {
        start=$SECONDS
        "$@" >"$scratch/$number.log" 2>&1
        echo "$? $((SECONDS - start))" >"$scratch/$number.new"
        mv "$scratch/$number.new" "$scratch/$number.end"
    } &
}

# Waits until every test has ended.
finish() {
    wait
    show_ended
}

# Two of them serve at one and the same port, that of an example.
runner() {
    local command=("$python" "$1")
    case $1 in tests/python/* | tests/micropython/*) command=(flock "$scratch/port" "${command[@]}") ;; esac
    part "$(basename "$1" .py)" "${command[@]}"
}

# Those that compile the library themselves: once is enough.
builders() {
    case $1 in tests/python/* | tests/micropython/* | tests/tiny/* | tests/cross/*) ;; *) false ;; esac
}

# The longest; the first two mostly wait.
longest=(tests/stream/test_stream.py tests/player/test_player.py tests/mux/test_damage.py tests/mux/test_containers.py
    tests/python/test_python.py tests/cross/test_cross.py tests/tiny/test_mcu.py tests/rate/test_hrd.py tests/tiny/test_tiny.py
    tests/tiny/test_component.py tests/micropython/test_micropython.py)
others=()
for script in tests/*/test_*.py; do
    case " ${longest[*]} " in *" $script "*) ;; *) others+=("$script") ;; esac
done
for script in "${longest[@]}" "${others[@]}"; do
    if [ -f "$script" ] && { [ "$extent" = full ] || ! builders "$script"; }; then
        runner "$script"
    fi
done
for program in "$build"/tests/test_*; do
    [ -x "$program" ] && [ -f "$program" ] && part "$(basename "$program")" "$program"
done
[ -x "$build/checkdsp" ] && part checkdsp "$build/checkdsp"
if [ "$extent" = full ]; then
    part layers "$python" scripts/check_layers.py
    part docs "$python" scripts/check_docs.py
    part headers scripts/check_headers.sh
    [ -f "$build/libavocet.so" ] && part symbols scripts/check_symbols.sh "$build"
fi
finish
# These use all cores themselves.
if [ "$extent" = quick ]; then
    part match "$python" tests/match/match.py --stride 16
else
    part match "$python" tests/match/match.py
    finish
    part "match, whole clips" "$python" tests/match/match.py --full
fi
finish

echo "$total_passed passed, $total_failed failed"
[ "$total_failed" -eq 0 ]
