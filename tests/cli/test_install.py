#!/usr/bin/env python3
"""What "cmake --install --prefix" leaves is found by pkg-config, also when the folder has moved, and works: a program that
uses the library, shared and static, and the command line with its modules."""
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from tally import AVOCET, QUICK, T, check, need_program, skip  # noqa: E402

PROGRAM = """
#include <avocet/avocet.h>
#include <stdio.h>
int main(void)
{
    AvocetEncoderConfig config;
    puts(avocet_version());
    return avocet_encoder_config_init(&config, "medium", NULL) != AVOCET_OK;
}
"""


def run(*words, **environment):
    return subprocess.run([str(w) for w in words], capture_output=True, text=True, env={**os.environ, **environment})


def installed(folder):
    """Installs to one folder and moves everything to another."""
    first, prefix = os.path.join(folder, "first"), os.path.join(folder, "moved")
    r = run("cmake", "--install", os.path.dirname(os.path.abspath(AVOCET)), "--prefix", first)
    check(r.returncode == 0, "cmake --install: " + r.stderr)
    shutil.move(first, prefix)
    return prefix


def find(prefix, name):
    for at, _, names in os.walk(prefix):
        if name in names:
            return at
    return None


def test_library(prefix):
    source, program = os.path.join(prefix, "uses.c"), os.path.join(prefix, "uses")
    with open(source, "w") as f:
        f.write(PROGRAM)
    told = find(prefix, "avocet.pc")
    if not check(told, "no avocet.pc"):
        return
    for static in False, True:
        r = run("pkg-config", "--cflags", "--libs", *(["--static"] if static else []), "avocet", PKG_CONFIG_PATH=told)
        check(r.returncode == 0, r.stderr)
        words = r.stdout.split()
        if static:
            words = [os.path.join(find(prefix, "libavocet.a"), "libavocet.a") if w == "-lavocet" else w for w in words]
        elif not find(prefix, "libavocet.so"):
            skip("shared library: not built")
            continue
        r = run("cc", source, "-o", program, *words)
        if check(r.returncode == 0, r.stderr):
            r = run(program, LD_LIBRARY_PATH="" if static else find(prefix, "libavocet.so"))
            check(r.returncode == 0 and r.stdout.count(".") == 2, f"static {static}: {r.stdout}{r.stderr}")


def test_program(prefix):
    program = os.path.join(prefix, "bin", "avocet")
    built, moved = run(AVOCET, "--version"), run(program, "--version")
    check(moved.returncode == 0 and moved.stdout == built.stdout, f"built:\n{built.stdout}\ninstalled:\n{moved.stdout}{moved.stderr}")
    out = os.path.join(prefix, "x.mp4")
    r = run(program, "encode", "testsrc", "--size", "64x64", "--frames", 2, "-o", out)
    check(r.returncode == 0 and os.path.getsize(out) > 0, r.stderr)


def main():
    need_program()
    if QUICK:
        skip("installing: done by the full run")
    else:
        with tempfile.TemporaryDirectory() as folder:
            prefix = installed(folder)
            test_library(prefix)
            test_program(prefix)
    return T.finish()


if __name__ == "__main__":
    sys.exit(main())
