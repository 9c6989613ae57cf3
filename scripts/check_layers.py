#!/usr/bin/env python3
"""The layers of the source tree, checked by their includes.

    base <- dsp <- h264 <- {enc, dec}     each may include what stands left of it, enc and dec never each other
    mux, stream                           public headers and base only
    tools, examples, bindings             public headers only (and what lies beside them)

Of the system only what needs no operating system, except in the files named below. File names are unique, and header guards
too. Prints what is wrong and "N passed, N failed", one check per file.
"""
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

MAY_INCLUDE = {
    "base": {"base"},
    "dsp": {"base", "dsp"},
    "h264": {"base", "dsp", "h264"},
    "enc": {"base", "dsp", "h264", "enc"},
    "dec": {"base", "dsp", "h264", "dec"},
    "mux": {"base", "mux"},
    "stream": {"base", "stream"},
}
FREE_STANDING = {"stddef.h", "stdint.h", "stdbool.h", "stdarg.h", "limits.h", "string.h", "stdatomic.h"}
SYSTEM_ALLOWED = {  # folder or file -> more headers
    "src/dsp": {"immintrin.h", "arm_neon.h", "cpuid.h", "intrin.h", "riscv_vector.h"},
    "src/base/thread.c": {"pthread.h", "sched.h", "time.h", "unistd.h"},
    "src/base/taskpool.c": {"pthread.h", "sched.h", "unistd.h"},
    "src/base/memory.c": {"stdlib.h", "sys/mman.h"},
    "src/base/util.h": {"assert.h"},
    "src/stream/net_posix.c": {"errno.h", "fcntl.h", "netdb.h", "netinet/in.h", "netinet/tcp.h", "poll.h", "pthread.h",
                               "signal.h", "sys/poll.h", "sys/random.h", "sys/socket.h", "time.h", "unistd.h", "arpa/inet.h"},
    "src/stream/hash_mbedtls.c": {"mbedtls/md.h"},
}
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]')


def system_allowed(path, header):
    more = set()
    for place, headers in SYSTEM_ALLOWED.items():
        if path == place or path.startswith(place + "/"):
            more |= headers
    return header in FREE_STANDING | more


def check_library_include(path, quote, name):
    layer = path.split("/")[1]
    if quote == "<":
        if name.startswith("avocet/") or system_allowed(path, name):
            return None
        return f"<{name}> is not for the library"
    room = name.split("/")[0] if "/" in name else layer
    if room not in MAY_INCLUDE.get(layer, set()):
        return f'"{name}": {layer} may include {", ".join(sorted(MAY_INCLUDE.get(layer, set()) or {"nothing"}))} only'
    return None


def check_outside_include(path, quote, name):
    if quote == "<" or not name.startswith(tuple(f"{layer}/" for layer in MAY_INCLUDE)):
        return None
    return f'"{name}": {path.split("/")[0]} sees the public headers only'


def files(*folders):
    for folder in folders:
        for base, _, names in os.walk(os.path.join(ROOT, folder)):
            for name in sorted(names):
                if name.endswith((".c", ".h")):
                    yield os.path.relpath(os.path.join(base, name), ROOT)


def faults_of(path):
    faults = []
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        text = f.read()
    for number, line in enumerate(text.split("\n"), 1):
        m = INCLUDE.match(line)
        if not m:
            continue
        quote, name = m.groups()
        if path.startswith("src/"):
            fault = check_library_include(path, quote, name)
        elif path.startswith("include/"):
            fault = None if name.startswith("avocet/") or name in ("stddef.h", "stdint.h") else f"{name} in a public header"
        else:
            fault = check_outside_include(path, quote, name)
        if name.endswith(".c"):
            fault = f"{name}: sources are compiled, not included"
        if fault:
            faults.append(f"{path}:{number}: {fault}")
    if path.endswith(".h"):
        guard = re.search(r"^#ifndef (\w+)\n#define \1$", text, re.M)
        if not guard:
            faults.append(f"{path}: no include guard")
    return faults


def main():
    passed, failed, names = 0, 0, {}
    for path in files("src", "include", "tools", "examples", "bindings"):
        faults = faults_of(path)
        name = os.path.basename(path)
        if path.startswith("src/") and name in names:
            faults.append(f"{path}: the name is taken by {names[name]}")
        names.setdefault(name, path)
        for fault in faults:
            print(fault)
        failed += bool(faults)
        passed += not faults
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
