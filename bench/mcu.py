#!/usr/bin/env python3
"""Builds the example firmware (examples/mcu) with the encoder for small machines, runs it in an emulator that counts
instructions, compares its stream with that of the same encoder built for this computer, and prints what it takes: code, memory,
stack, instructions.

    bench/mcu.py                                 both targets, a generated clip, QVGA at 500 kbit/s
    bench/mcu.py --input clip.yuv --size 320x240 --target rv32 bitrate=300k fps=15 keyint=15
    bench/mcu.py --table                         the tables of docs/resources.md

Targets whose compiler or emulator is missing are skipped (Debian: gcc-riscv64-unknown-elf qemu-system-misc;
gcc-arm-none-eabi qemu-system-arm). No C library is needed.
Ends with "N passed, N failed": one check per target and setting for the bytes, and one for each limit that --limits sets.
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "tests" / "tiny"))
import test_tiny  # noqa: E402

COMMON = ["-std=gnu11", "-O2", "-DNDEBUG", "-DAVOCET_TINY=1", "-DAVO_THREADS=0", "-DAVOCET_NO_MALLOC=1", "-DAVOCET_NO_HELP=1", "-ffreestanding", "-fbuiltin",
          "-fno-tree-loop-distribute-patterns", "-ffunction-sections", "-fdata-sections", "-fstack-usage", "-Wall", "-Wextra"]
TARGETS = {
    "rv32": {
        "what": "RV32IMAC",
        "compiler": "riscv64-unknown-elf-gcc",
        "flags": ["-march=rv32imac", "-mabi=ilp32"],
        "board": "board_riscv.c",
        "script": "riscv.ld",
        "emulator": ["qemu-system-riscv32", "-M", "virt", "-m", "64", "-bios", "none"],
    },
    "m7": {
        "what": "Cortex-M7",
        "compiler": "arm-none-eabi-gcc",
        "flags": ["-mcpu=cortex-m7", "-mthumb", "-mfloat-abi=soft"],
        "board": "board_cortexm.c",
        "script": "cortexm.ld",
        "emulator": ["qemu-system-arm", "-M", "mps2-an500"],
    },
}
EMULATE = ["-icount", "shift=0", "-nographic", "-monitor", "none", "-serial", "none", "-semihosting-config", "enable=on,target=native"]
LIMITS = {"code": 48 * 1024, "ram": 48 * 1024, "stack": 4096, "instructions": 16_000_000}


def run(*command, **more):
    done = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=1500, **more)
    return done.returncode, done.stdout.decode(errors="replace")


# ---- building ----

def build(target, folder):
    """The firmware; returns its path, or None with a message printed."""
    spec, mcu = TARGETS[target], ROOT / "examples/mcu"
    sources = test_tiny.tiny_sources() + [mcu / "firmware.c", mcu / "mem.c", mcu / spec["board"]]
    objects, flags = [], COMMON + spec["flags"] + ["-I%s" % d for d in (mcu / "libc", ROOT / "include", ROOT / "src")]
    for source in sources:
        objects.append(folder / (source.stem + ".o"))
        status, said = run(spec["compiler"], *flags, "-c", source, "-o", objects[-1], cwd=folder)
        if status or said:
            print(said)
        if status:
            return None
    elf = folder / "firmware.elf"
    status, said = run(spec["compiler"], *spec["flags"], "-nostdlib", "-T", mcu / spec["script"], "-Wl,--gc-sections", "-Wl,-Map=map",
                       *objects, "-lgcc", "-o", elf, cwd=folder)
    if status:
        print(said)
        return None
    return elf


def code_bytes(folder):
    """Code and constants of the library in the firmware, from the linker's map; what belongs to the board is left out."""
    ours = {p.stem + ".o" for p in test_tiny.tiny_sources()}
    text = (folder / "map").read_text()
    text = text[text.index("Linker script and memory map"):]
    total = 0
    for name, size, path in re.findall(r"^ (\.(?:text|rodata|srodata)\S*)\s+0x[0-9a-f]+\s+0x([0-9a-f]+) (\S+)$", text, re.M):
        if os.path.basename(path) in ours or "libgcc" in path:
            total += int(size, 16)
    return total


def deepest_frame(folder):
    frames = []
    for path in folder.glob("*.su"):
        for line in path.read_text().splitlines():
            where, size, kind = line.split("\t")
            frames.append((int(size), where.split(":")[-1]))
    return max(frames)


# ---- running ----

def packet_bytes(size, options):
    """As src/enc/tiny/tiny_encoder.c has it."""
    mbs = ((size[0] + 15) // 16) * ((size[1] + 15) // 16)
    values = dict(o.split("=") for o in options)
    if "bitrate" not in values:
        return mbs * 128 + 2048
    text = values["bitrate"]
    rate = float(text.rstrip("kMb")) * (1e6 if text.endswith("M") else 1 if text.endswith("b") else 1e3)
    fps = eval(values.get("fps", "25"))
    return int(min(max(4 * int(rate // 8 / fps) + 2048, mbs * 32 + 2048), mbs * 128 + 2048))


def emulate(target, folder, elf, size, data, pictures, form, options):
    (folder / "in.raw").write_bytes(data)
    (folder / "firmware.args").write_text(" ".join([str(size[0]), str(size[1]), form, str(pictures), "in.raw", "out.264", *options]))
    status, said = run(*TARGETS[target]["emulator"], *EMULATE, "-kernel", elf, cwd=folder, stdin=subprocess.DEVNULL)
    figures = {name: int(value) for name, value in re.findall(r"^(\w+) (\d+)$", said, re.M)}
    if status or "instructions" not in figures:
        print(said)
        return None, b""
    mbs = ((size[0] + 15) // 16) * ((size[1] + 15) // 16)
    figures["ram"] = figures["memory"] - mbs * 384 - packet_bytes(size, options)
    return figures, (folder / "out.264").read_bytes()


def host_stream(program, folder, size, data, pictures, form, options):
    source, out = folder / "host.raw", folder / "host.264"
    source.write_bytes(data)
    status, said = run(program, source, "%dx%d" % size, out, "--frames", pictures, "--formats", form, *options)
    if status:
        print(said)
    return out.read_bytes() if not status else b""


class Bench:
    def __init__(self, folder, targets):
        self.folder, self.elf, self.code, self.frame = folder, {}, {}, {}
        self.host = test_tiny.build(folder, "host", "-O2", "-DNDEBUG")
        for target in targets:
            place = folder / target
            place.mkdir()
            self.elf[target] = build(target, place)
            test_tiny.T.check(self.elf[target], "%s: the firmware does not build" % target)
            if self.elf[target]:
                self.code[target], self.frame[target] = code_bytes(place), deepest_frame(place)

    def measure(self, target, size, data, pictures, form, options):
        if not self.elf[target]:
            return None
        figures, stream = emulate(target, self.folder / target, self.elf[target], size, data, pictures, form, options)
        wanted = host_stream(self.host, self.folder, size, data, pictures, form, options)
        test_tiny.T.check(figures and stream == wanted, "%s %dx%d: the stream is not the one of this computer (%d and %d bytes)" %
                          (target, *size, len(stream), len(wanted)))
        return figures


def print_figures(target, bench, figures):
    f = figures
    print("%s: %d pictures, %d bytes" % (TARGETS[target]["what"], f["pictures"], f["bytes"]))
    print("  code and constants      %8d bytes" % bench.code[target])
    print("  memory in all           %8d bytes; besides reference and packet %d" % (f["memory"], f["ram"]))
    print("  stack                   %8d bytes while coding, %d while opening; largest frame %d (%s)" %
          (f["stack"], f["open_stack"], *bench.frame[target]))
    print("  instructions            %8.2f million a picture, %.2f at most; opening %.2f" %
          (f["instructions"] / 1e6, f["most_instructions"] / 1e6, f["open_instructions"] / 1e6))


def check_limits(bench, target, figures):
    have = {"code": bench.code[target], "ram": figures["ram"], "stack": max(figures["stack"], figures["open_stack"]),
            "instructions": figures["instructions"]}
    for name, limit in LIMITS.items():
        test_tiny.T.check(have[name] <= limit, "%s: %s %d, %d at most" % (target, name, have[name], limit))


# ---- tables ----

SIZES = [("QQVGA", 160, 120), ("QCIF", 176, 144), ("QVGA", 320, 240), ("CIF", 352, 288), ("VGA", 640, 480)]
SETTINGS = [
    ("500 kbit/s", "i420", ["bitrate=500k", "fps=15", "keyint=15"]),
    ("500 kbit/s, subme 0", "i420", ["bitrate=500k", "fps=15", "keyint=15", "subme=0"]),
    ("500 kbit/s, subme 2", "i420", ["bitrate=500k", "fps=15", "keyint=15", "subme=2"]),
    ("250 kbit/s", "i420", ["bitrate=250k", "fps=15", "keyint=15"]),
    ("500 kbit/s, RGB565", "rgb565le", ["bitrate=500k", "fps=15", "keyint=15"]),
    ("500 kbit/s, YUV422", "yuyv", ["bitrate=500k", "fps=15", "keyint=15"]),
    ("500 kbit/s, grey", "gray8", ["bitrate=500k", "fps=15", "keyint=15"]),
    ("500 kbit/s, no loop filter", "i420", ["bitrate=500k", "fps=15", "keyint=15", "deblock=off"]),
    ("qp 36", "i420", ["qp=36", "fps=15", "keyint=15"]),
]


def convert(data, size, scaled, form):
    """Through FFmpeg: `data` is I420 of `size`."""
    names = {"rgb565le": "rgb565le", "yuyv": "yuyv422", "gray8": "gray", "i420": "yuv420p"}
    done = subprocess.run(["ffmpeg", "-v", "error", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", "%dx%d" % size, "-i", "-",
                           "-vf", "scale=%d:%d" % scaled, "-f", "rawvideo", "-pix_fmt", names[form], "-"],
                          input=data, stdout=subprocess.PIPE, check=True)
    return done.stdout


def print_table(bench, targets, data, size, pictures):
    for target in targets:
        print("\n%s, %d bytes of code and constants\n" % (TARGETS[target]["what"], bench.code[target]))
        print("| size | reference | other memory | packet | M instructions a picture | most |")
        print("| --- | ---: | ---: | ---: | ---: | ---: |")
        for name, width, height in SIZES:
            rate = max(100, 500 * width * height // 76800)
            options = ["bitrate=%dk" % rate, "fps=15", "keyint=15"]
            f = bench.measure(target, (width, height), convert(data, size, (width, height), "i420"), pictures, "i420", options)
            if f:
                mbs = ((width + 15) // 16) * ((height + 15) // 16)
                print("| %s %dx%d, %d kbit/s | %d | %d | %d | %.1f | %.1f |" %
                      (name, width, height, rate, mbs * 384, f["ram"], packet_bytes((width, height), options),
                       f["instructions"] / 1e6, f["most_instructions"] / 1e6))
        print("\n| QVGA | M instructions a picture | most | kbit/s |\n| --- | ---: | ---: | ---: |")
        for name, form, options in SETTINGS:
            f = bench.measure(target, (320, 240), convert(data, size, (320, 240), form), pictures, form, options)
            if f:
                print("| %s | %.1f | %.1f | %d |" % (name, f["instructions"] / 1e6, f["most_instructions"] / 1e6,
                                                    f["bytes"] * 8 * 15 / f["pictures"] / 1000))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("options", nargs="*", metavar="NAME=VALUE", help="settings of the encoder (bitrate=500k fps=15 keyint=15)")
    parser.add_argument("--target", action="append", choices=TARGETS)
    parser.add_argument("--size", default="320x240")
    parser.add_argument("--format", default="i420", help="pixel format of the input")
    parser.add_argument("--input", help="raw pictures")
    parser.add_argument("--pictures", type=int, default=30)
    parser.add_argument("--limits", action="store_true", help="check what a 400 MHz core may be asked for")
    parser.add_argument("--table", action="store_true")
    args = parser.parse_args()
    size = tuple(int(v) for v in args.size.split("x"))
    options = args.options or ["bitrate=500k", "fps=15", "keyint=15"]
    data = Path(args.input).read_bytes() if args.input else test_tiny.clip(*size, args.pictures, 3, cut=args.pictures * 2 // 3, noise=2)
    targets = []
    for target in args.target or TARGETS:
        missing = [p for p in (TARGETS[target]["compiler"], TARGETS[target]["emulator"][0]) if not shutil.which(p)]
        if missing:
            print("SKIPPED: %s, for want of %s" % (TARGETS[target]["what"], " and ".join(missing)))
        else:
            targets.append(target)
    with tempfile.TemporaryDirectory(prefix="avocet-mcu-") as name:
        bench = Bench(Path(name), targets)
        if args.table:
            print_table(bench, targets, data, size, args.pictures)
        for target in targets if not args.table else []:
            figures = bench.measure(target, size, data, args.pictures, args.format, options)
            if figures:
                print_figures(target, bench, figures)
                if args.limits:
                    check_limits(bench, target, figures)
    return test_tiny.T.finish()


if __name__ == "__main__":
    sys.exit(main())
