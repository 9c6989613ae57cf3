#!/bin/bash
# Installs what the tests need, builds with gcc and clang (warnings are errors) and with sanitizers, runs everything.
# Ends with "N passed, N failed".
set -u
cd "$(dirname "$0")"
. scripts/packages.sh
need_packages gcc g++ libc6-dev make cmake pkg-config clang binutils python3 python3-dev \
    python3-venv python3-numpy python3-pil ffmpeg libpng-dev libjpeg-dev libavformat-dev \
    libavcodec-dev libswscale-dev libsdl2-dev libmbedtls-dev xvfb xdotool x11-apps \
    gstreamer1.0-tools gstreamer1.0-plugins-good gstreamer1.0-libav tshark \
    gcc-riscv64-unknown-elf qemu-system-misc gcc-arm-none-eabi qemu-system-arm \
    gcc-aarch64-linux-gnu libc6-dev-arm64-cross gcc-riscv64-linux-gnu libc6-dev-riscv64-cross qemu-user || echo "Going on; tests that need what is missing will fail."

jobs=$(nproc)
passed=0 failed=0
AVOCET_FAILURES=$(mktemp) && export AVOCET_FAILURES && trap 'rm -f "$AVOCET_FAILURES"' EXIT

# build FOLDER NAME OPTIONS...: the targets in $targets, or all.
targets=()
build() {
    local folder=$1 name=$2 log=$1/build.log start=$SECONDS
    shift 2
    mkdir -p "$folder"
    if cmake -S . -B "$folder" -DAVOCET_WERROR=ON -DAVOCET_TESTS=ON "$@" >"$log" 2>&1 &&
        cmake --build "$folder" --parallel "$jobs" ${targets[@]:+--target "${targets[@]}"} >>"$log" 2>&1; then
        passed=$((passed + 1))
        echo "built $name ($((SECONDS - start)) s)"
        return 0
    fi
    failed=$((failed + 1))
    echo "FAILED: building $name; the end of $log:"
    grep -aE 'error|warning|Error' "$log" | head -n 20
    tail -n 10 "$log"
    return 1
}

# run COMMAND...: shows the output and adds the counts of its last line.
run() {
    local log counts
    log=$(mktemp)
    "$@" 2>&1 | tee "$log"
    counts=$(grep -aE '^[0-9]+ passed, [0-9]+ failed' "$log" | tail -n 1)
    rm -f "$log"
    if [ -z "$counts" ]; then
        failed=$((failed + 1))
        return
    fi
    passed=$((passed + $(sed -E 's/^([0-9]+) .*/\1/' <<<"$counts")))
    failed=$((failed + $(sed -E 's/.* ([0-9]+) failed.*/\1/' <<<"$counts")))
}

echo "== gcc =="
build build-gcc "with gcc" -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_COMPILER=gcc && run scripts/run_tests.sh build-gcc full
echo "== sanitizers =="
build build-sanitize "with sanitizers" -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_C_COMPILER=gcc -DAVOCET_SANITIZE=ON &&
    run scripts/run_tests.sh build-sanitize quick
echo "== clang =="
build build-clang "with clang" -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_COMPILER=clang && run scripts/run_tests.sh build-clang quick
echo "== thread sanitizer =="
targets=(test_taskpool test_schedule test_same_bytes test_decode_threads)
build build-threads "with the thread sanitizer" -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_C_COMPILER=gcc -DAVOCET_SANITIZE_THREADS=ON &&
    for program in "${targets[@]}"; do
        echo "$program"
        run env TSAN_OPTIONS=halt_on_error=1 "build-threads/tests/$program"
    done

if [ -s "$AVOCET_FAILURES" ]; then
    echo "== what failed, again =="
    cat "$AVOCET_FAILURES"
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
