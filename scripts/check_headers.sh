#!/bin/sh
# Each public header compiles alone, as C11 and as C++, without a warning; the whole library compiles with a plain `cc` over
# its sources, no build system and no flags, and links into a program.
# Usage: check_headers.sh [C_COMPILER [C++_COMPILER]]
set -u
cd "$(dirname "$0")/.."
cc=${1:-cc} cxx=${2:-c++}
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
passed=0 failed=0

try() { # NAME COMMAND...
    name=$1
    shift
    if "$@" >"$work/log" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $name"
        head -20 "$work/log"
    fi
}

for header in include/avocet/*.h; do
    name=avocet/$(basename "$header")
    printf '#include <%s>\nint main(void) { return 0; }\n' "$name" >"$work/alone.c"
    cp "$work/alone.c" "$work/alone.cc"
    try "$name as C11" "$cc" -std=c11 -pedantic -Wall -Wextra -Werror -Iinclude -fsyntax-only "$work/alone.c"
    if command -v "$cxx" >/dev/null 2>&1; then
        try "$name as C++" "$cxx" -std=c++11 -pedantic -Wall -Wextra -Werror -Iinclude -fsyntax-only "$work/alone.cc"
    fi
done

cat >"$work/use.c" <<'END'
#include <avocet/avocet.h>
int main(void)
{
    AvocetEncoderConfig config;
    return avocet_encoder_config_init(&config, "medium", 0);
}
END
try "plain cc: shared library" "$cc" -O1 -Iinclude -Isrc $(find src -name '*.c') -shared -fPIC -o "$work/libavocet.so" -lpthread
try "plain cc: program" "$cc" -Iinclude "$work/use.c" "$work/libavocet.so" -Wl,-rpath,"$work" -o "$work/use"
try "plain cc: program runs" "$work/use"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
