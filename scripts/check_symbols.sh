#!/bin/sh
# What the built library asks of the world and shows to it:
#   - the shared library exports nothing without the prefix avocet_
#   - no symbol of the static library with external linkage lacks avocet_ or avo_
#   - no writable data: nothing in .data, .bss or thread-local sections
#   - of libc only mem*, malloc's family in one object, and threads; the network in one more, hashes of mbedTLS in one more
# Usage: check_symbols.sh BUILD_FOLDER (a build without sanitizers)
set -u
build=${1:?usage: check_symbols.sh BUILD_FOLDER}
shared=$build/libavocet.so static=$build/libavocet.a
passed=0 failed=0

# check NAME OUTPUT: passes when OUTPUT is empty.
check() {
    if [ -z "$2" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED: %s\n%s\n' "$1" "$2"
    fi
}

for file in "$shared" "$static"; do
    [ -f "$file" ] || { echo "$file is not there"; echo "0 passed, 1 failed"; exit 1; }
done

check "exported symbols without the prefix avocet_" \
    "$(nm -D --defined-only "$shared" | awk '{print $NF}' | grep -v '^avocet_' | grep -vE '^(_init|_fini|__bss_start|_edata|_end)$')"

check "external symbols without the prefix avocet_ or avo_" \
    "$(nm -g --defined-only "$static" 2>/dev/null | awk 'NF == 3 {print $3}' | grep -vE '^(avocet|avo)_')"

# .data.rel.ro is constant data with addresses in it: read-only once loaded. Compilers put marks of their own into .bss never.
check "writable data" \
    "$(objdump -t "$static" | awk '$4 ~ /^\.(data|bss|tbss|tdata|common)/ || $3 == "*COM*" || $4 == "*COM*"' |
       grep -vE '[[:space:]]\.data\.rel\.ro' | awk '$0 !~ / d +\./')"

allowed='^(mem(cpy|move|set|cmp)|malloc|calloc|free|aligned_alloc|posix_memalign|madvise|pthread_[a-z_]+|sched_yield|nanosleep|sysconf|sched_getaffinity|__sched_cpucount|__stack_chk_fail|_GLOBAL_OFFSET_TABLE_|__aeabi_.*|__tls_get_addr)$'
network='accept|bind|clock_gettime|close|connect|fcntl(64)?|freeaddrinfo|getaddrinfo|getentropy|getnameinfo|getpeername|getsockname|getsockopt|listen|pipe|poll|read|recv|send|setsockopt|shutdown|sigdelset|sigfillset|socket|write|__errno_location|in6addr_any'
undefined=$(nm -A -u "$static" 2>/dev/null | grep -vE ":net_posix[^:]*: +U ($network)\$" |
    grep -vE ':hash_mbedtls[^:]*: +U mbedtls_md[a-z_]*$' | awk '{print $NF}' | sort -u)
defined=$(nm -g --defined-only "$static" 2>/dev/null | awk 'NF == 3 {print $3}' | sort -u)
check "libc functions beyond memory and threads" \
    "$(printf '%s\n' "$undefined" | grep -vxF "$defined" | grep -vE "$allowed")"

# Memory is taken in one place.
check "malloc outside base/memory.c" \
    "$(nm -A -u "$static" 2>/dev/null | awk '$NF ~ /^(malloc|calloc|free|aligned_alloc|posix_memalign|madvise)$/' | grep -v ':memory\.c')"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
