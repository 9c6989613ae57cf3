#!/usr/bin/env python3
"""Other machines, same bytes: the library, the command line and checkdsp built for 64-bit Arm and RISC-V and run under QEMU. Kernels
against C, streams against those of the native build, decoded pictures too.
Ends with "N passed, N failed"."""
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
from tally import T  # noqa: E402

NATIVE = os.environ.get("AVOCET", str(ROOT / "build/avocet"))
FLAGS = ["-std=c11", "-O2", "-I%s" % (ROOT / "include"), "-I%s" % (ROOT / "src"), "-I%s" % (ROOT / "tools"), "-I%s" % (ROOT / "tests")]
MACHINES = [("64-bit Arm", "aarch64-linux-gnu-gcc", "qemu-aarch64", "gcc-aarch64-linux-gnu"),
            ("64-bit RISC-V", "riscv64-linux-gnu-gcc", "qemu-riscv64", "gcc-riscv64-linux-gnu")]
SCENE = ["testsrc", "--size", "352x272", "--frames"]  # enough macroblocks that the lookahead shares its work
STREAMS = [
    "7 --preset ultrafast --qp 30 --threads 1",
    "7 --preset veryfast --crf 27 --threads 2",
    "9 --preset medium --crf 30 --threads 3",
    "5 --preset medium --no-cabac --profile baseline --bframes 0 --qp 24 --threads 2",
    "4 --preset slower --crf 28 --threads 2",
    "9 --preset fast --bitrate 300k --vbv-maxrate 300k --vbv-bufsize 300k --threads 2",
    "8 --preset veryfast --tune zerolatency --bitrate 250k --slices 3 --threads 2",
    "8 --preset faster --tune ssim --crf 26 --weightp 2 --threads 1",
]


def run(*command, timeout=600):
    return subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout)


def sources(*folders):
    return [p for folder in folders for p in sorted((ROOT / folder).rglob("*.c")) if "tiny" not in p.parts]


def build(folder, compiler):
    """Programs avocet and checkdsp; None where one could not be built."""
    library, tools, checks = sources("src"), sources("tools"), sources("tests/checkdsp")

    def compile_one(source):
        target = folder / (str(source.relative_to(ROOT)).replace("/", "_") + ".o")
        done = run(compiler, *FLAGS, "-c", source, "-o", target)
        return target if T.check(done.returncode == 0, "%s %s:\n%s" % (compiler, source, done.stderr.decode()[-2000:])) else None

    with ThreadPoolExecutor(max(2, os.cpu_count() or 1)) as pool:
        objects = dict(zip(library + tools + checks, pool.map(compile_one, library + tools + checks)))
    programs = {}
    for name, own in ("avocet", tools), ("checkdsp", checks):
        wanted = [objects[p] for p in library + own]
        program = folder / name
        done = None if None in wanted else run(compiler, "-static", *wanted, "-o", program, "-lpthread", "-lm")
        good = done is not None and done.returncode == 0
        T.check(good, "linking %s for %s:\n%s" % (name, compiler, done.stderr.decode()[-2000:] if done else "objects are missing"))
        programs[name] = program if good else None
    return programs


def native_streams(folder):
    coded = []
    for number, options in enumerate(STREAMS):
        path = folder / ("%d.264" % number)
        done = run(NATIVE, "encode", *SCENE, *options.split(), "-o", path, "--quiet")
        T.check(done.returncode == 0, "native %s: %s" % (options, done.stderr.decode()))
        coded.append(path)
    return coded


def compare(machine, emulator, avocet, coded, folder):
    for options, native in zip(STREAMS, coded):
        path = folder / "other.264"
        done = run(emulator, avocet, "encode", *SCENE, *options.split(), "-o", path, "--quiet")
        if T.check(done.returncode == 0, "%s: %s: %s" % (machine, options, done.stderr.decode()[-500:])):
            T.check(hashlib.md5(path.read_bytes()).digest() == hashlib.md5(native.read_bytes()).digest(),
                    "%s: %s: other bytes than the native build" % (machine, options))
        told = run(emulator, avocet, "decode", native, "--md5", "--quiet", "--threads", "2").stdout
        here = run(NATIVE, "decode", native, "--md5", "--quiet").stdout
        T.check(here and told == here, "%s: decoding %s: %r, here %r" % (machine, options, told, here))


def main():
    if os.environ.get("AVOCET_EXTENT") == "quick":
        print("SKIPPED: cross builds are part of the full extent")
        return
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        coded = native_streams(scratch)
        for machine, compiler, emulator, package in MACHINES:
            if not shutil.which(compiler) or not shutil.which(emulator):
                print("SKIPPED: %s: needs the packages %s and qemu-user" % (machine, package))
                continue
            folder = scratch / emulator
            folder.mkdir()
            programs = build(folder, compiler)
            if programs["checkdsp"]:
                done = run(emulator, programs["checkdsp"])
                T.check(done.returncode == 0, "%s: checkdsp: %s" % (machine, done.stdout.decode()[-1500:]))
            if programs["avocet"]:
                compare(machine, emulator, programs["avocet"], coded, folder)


main()
sys.exit(T.finish())
