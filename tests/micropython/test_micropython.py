"""Module h264 for MicroPython: its C file against the stand-in for the interpreter beside this file, with the sanitizers where
the compiler has them; then, where a MicroPython with the module is at hand, the same script as on CPython, which must print
the same.

    MICROPYTHON=PATH        the interpreter
    MICROPYTHON_DIR=PATH    MicroPython's source tree: the interpreters are looked for in its ports/unix/build-*

An interpreter whose module was built with AVOCET_TINY=1 is compared with the same encoder built for this computer.
"""
import difflib
import os
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "bindings" / "python" / "build_backend"))
import avocet_build  # noqa: E402

sys.path.insert(0, str(ROOT / "tests" / "tiny"))
import test_tiny  # noqa: E402

MODULE = ROOT / "bindings" / "micropython" / "h264" / "modh264.c"


class Counts:
    passed = failed = 0

    def check(self, name, good, detail=""):
        self.passed += bool(good)
        self.failed += not good
        if not good:
            print("FAILED: %s\n%s" % (name, detail))


def run(*command, **more):
    return subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          **more)


def sanitizers(folder):
    """-fsanitize flags if this compiler can link with them."""
    flags = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    source = folder / "empty.c"
    source.write_text("int main(void) { return 0; }\n")
    tried = run(*avocet_build.compiler(), *flags, source, "-o", folder / "empty")
    return flags if tried.returncode == 0 else []


def check_stand_in(counts, folder):
    here = HERE / "stand_in"
    flags = ["-std=c11", "-O1", "-g", "-DAVO_THREADS=0", "-Wall", "-Wextra", "-I" + str(here)] + sanitizers(folder)
    files = avocet_build.library_sources() + avocet_build.common_sources() + [MODULE, here / "stand_in.c"]
    program = folder / "stand_in"
    avocet_build.run(avocet_build.compiler() + flags + avocet_build.compile_all(files, flags, folder) +
                     ["-o", str(program)])
    done = run(program, env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})
    print(done.stdout)
    counts.check("the stand-in ran", done.returncode == 0, "exit status %d" % done.returncode)
    words = done.stdout.split()
    if words[-1:] == ["failed"]:
        counts.passed += int(words[-4])
        counts.failed += int(words[-2])


def find_interpreter():
    """Paths that may have the module, best first."""
    if os.environ.get("MICROPYTHON"):
        return [Path(os.environ["MICROPYTHON"])]
    if os.environ.get("MICROPYTHON_DIR"):
        return sorted(Path(os.environ["MICROPYTHON_DIR"]).glob("ports/unix/build-*/micropython"))
    return []


def has_module(interpreter):
    return interpreter.is_file() and run(interpreter, "-c", "import h264").returncode == 0


def cpython_output(folder):
    """What the shared script prints here, with a package built for this purpose."""
    package = folder / "h264"
    for path in avocet_build.package_files():
        copy = folder / path.relative_to(avocet_build.PYTHON)
        copy.parent.mkdir(exist_ok=True)
        copy.write_bytes(path.read_bytes())
    avocet_build.build_extension(package / avocet_build.EXTENSION)
    return run(sys.executable, HERE / "same_bytes.py", env={**os.environ, "PYTHONPATH": str(folder)}).stdout


def check_interpreter(counts, interpreter, folder):
    print("with %s" % interpreter)
    there = run(interpreter, "-X", "heapsize=64M", HERE / "same_bytes.py").stdout
    counts.check("the shared script runs to its end", there.endswith("done\n"), there)
    here = cpython_output(folder)
    counts.check("as on CPython", there == here, "\n".join(difflib.unified_diff(here.splitlines(), there.splitlines(),
                                                                             "CPython", "MicroPython", lineterm="")))
    alone = run(interpreter, "-X", "heapsize=64M", HERE / "only_micropython.py").stdout
    counts.check("memory", alone == "done\n", alone)


def is_tiny(interpreter):
    return "small build" in run(interpreter, "-c", "import h264; h264.H264Encoder(64, 48, bframes=1)").stdout


# Settings as the module turns its arguments into (bindings/common/live.c).
TINY_STREAMS = {
    "default.264": ("i420", ["fps=15", "keyint=15", "bitrate=46080b", "qpmin=25", "qpmax=45", "vbv-bufsize=9216b"]),
    "rgb565.264": ("rgb565", ["fps=10", "keyint=10", "bitrate=90000b", "qpmin=25", "qpmax=45", "vbv-bufsize=18000b"]),
    "options.264": ("i420", ["fps=30", "keyint=4", "bitrate=300000b", "qpmin=12", "qpmax=40", "vbv-bufsize=60000b", "aud=1",
                             "deblock=-2:1"]),
    "quantiser.264": ("i420", ["fps=15", "keyint=15", "qp=33", "qpmin=25", "qpmax=45"]),
}


def check_tiny_interpreter(counts, interpreter, folder):
    print("with %s (small encoder)" % interpreter)
    folder.mkdir()
    (folder / "in.raw").write_bytes(test_tiny.clip(64, 48, 16, 7, cut=9, noise=2))
    said = run(interpreter, "-X", "heapsize=4M", HERE / "tiny_stream.py", folder).stdout
    counts.check("the script of the small encoder", said == "done\n", said)
    program = test_tiny.build(folder, "tiny_encode", "-O2")
    for name, (form, options) in TINY_STREAMS.items():
        made = folder / name
        done = run(program, folder / "in.raw", "64x48", folder / "host.264", "--formats", form, *options)
        same = done.returncode == 0 and made.is_file() and made.read_bytes() == (folder / "host.264").read_bytes()
        counts.check("%s as on this computer" % name, same, done.stdout)
    alone = run(interpreter, "-X", "heapsize=16M", HERE / "only_micropython.py").stdout
    counts.check("memory", alone == "done\n", alone)


def main():
    counts = Counts()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        check_stand_in(counts, folder)
        found = [path for path in find_interpreter() if has_module(path)]
        headers = Path(sysconfig.get_paths()["include"]) / "Python.h"
        if not found:
            print("SKIPPED: the real MicroPython, for want of one with the module (see MICROPYTHON, MICROPYTHON_DIR)")
        elif not headers.is_file():
            print("SKIPPED: the comparison with CPython, for want of Python.h (Debian: apt-get install python3-dev)")
        else:
            tiny = [path for path in found if is_tiny(path)]
            for path in [path for path in found if path not in tiny][:1]:
                check_interpreter(counts, path, folder)
            for path in tiny[:1]:
                check_tiny_interpreter(counts, path, folder / "tiny")
    print("%d passed, %d failed" % (counts.passed, counts.failed))
    return 1 if counts.failed else 0


if __name__ == "__main__":
    sys.exit(main())
