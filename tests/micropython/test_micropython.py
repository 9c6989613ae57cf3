"""Modules h264 and rtsp for MicroPython: their C files against the stand-in for the interpreter beside this file, with the
sanitizers where the compiler has them, and what they serve as FFmpeg receives it; then, where a MicroPython with the modules
is at hand, the same script as on CPython, which must print the same, and the example that serves the camera.

    MICROPYTHON=PATH        the interpreter
    MICROPYTHON_DIR=PATH    MicroPython's source tree: the interpreters are looked for in its ports/unix/build-*

An interpreter whose module was built with AVOCET_TINY=1 is compared with the same encoder built for this computer.
"""
import difflib
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "bindings" / "python" / "build_backend"))
import avocet_build  # noqa: E402

sys.path.insert(0, str(ROOT / "tests"))
from tally import Tally  # noqa: E402

sys.path.insert(0, str(ROOT / "tests" / "tiny"))
import test_tiny  # noqa: E402

MODULE = ROOT / "bindings" / "micropython" / "h264" / "modh264.c"
RTSP_MODULE = ROOT / "bindings" / "micropython" / "rtsp" / "modrtsp.c"
FFMPEG = shutil.which("ffmpeg")


class Counts(Tally):
    def check(self, name, good, detail=""):
        return super().check(good, "%s\n%s" % (name, detail))


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


# The server without a thread, over what of the sockets lwIP has as well; and with one.
SERVERS = {"polled": ["-DAVO_THREADS=0", "-DAVO_NET_LWIP=1", "-DAVOCET_RTSP_THREAD=0"],
           "thread": ["-DAVO_THREADS=1", "-DAVOCET_RTSP_THREAD=1"]}


def build_stand_in(folder):
    """The program with each kind of server. Only what differs is compiled twice."""
    def objects(name, files, more):
        (folder / name).mkdir()
        return avocet_build.compile_all(files, flags + more, folder / name)

    flags = ["-std=c11", "-O1", "-g", "-Wall", "-Wextra", "-I" + str(HERE / "stand_in")] + sanitizers(folder)
    stream = [path for path in avocet_build.sources_of_library() if path.parent.name == "stream"]
    rest = [path for path in avocet_build.sources_of_library() if path not in stream]
    common = objects("common", rest + avocet_build.common_sources() + [MODULE, HERE / "stand_in" / "stand_in.c"],
                     ["-DAVO_THREADS=0"])
    for name, more in SERVERS.items():
        served = objects(name, stream + [RTSP_MODULE], more + ["-DAVOCET_STREAM_SMALL=1"])
        program = folder / ("stand-in-" + name)
        avocet_build.run(avocet_build.compiler() + flags + common + served + ["-pthread", "-o", str(program)])
        yield program


def check_stand_in(counts, folder):
    environment = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}
    for program in build_stand_in(folder):
        done = run(program, env=environment)
        print(done.stdout)
        counts.check("%s ran" % program.name, done.returncode == 0, "exit status %d" % done.returncode)
        words = done.stdout.split()
        if words[-1:] == ["failed"]:
            counts.passed += int(words[-4])
            counts.failed += int(words[-2])
        for transport in ("tcp", "udp") if FFMPEG else ():
            check_served(counts, program, transport, folder / "served.264", environment)
    if not FFMPEG:
        print("SKIPPED: what players receive, for want of ffmpeg")


def checksums(source, *options):
    """Of all pictures that FFmpeg decodes."""
    done = run(FFMPEG, "-v", "error", *options, "-i", source, "-fps_mode", "passthrough", "-f", "framemd5", "-", timeout=60,
               stdin=subprocess.DEVNULL)
    return [line.split(",")[-1].strip() for line in done.stdout.splitlines() if line.startswith("0,")]


def check_served(counts, program, transport, path, environment):
    # A busy machine may lose datagrams in the player's own queue: those who receive them may try again.
    room, attempts = (("-buffer_size", "4000000"), 3) if transport == "udp" else ((), 1)
    for _ in range(attempts):
        with subprocess.Popen([program, "serve", path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                              env=environment) as server:
            port = int(server.stdout.readline() or 0)
            got = checksums("rtsp://127.0.0.1:%d/" % port, "-rtsp_transport", transport, *room)
            server.stdin.close()
            counts.check("%s ends in order" % program.name, server.wait(20) == 0)
        if got == checksums(path):
            break
    counts.check("%s by %s: every picture arrives" % (program.name, transport), got and got == checksums(path),
                 "%d pictures" % len(got))


def find_interpreter():
    """Paths that may have the module, best first."""
    if os.environ.get("MICROPYTHON"):
        return [Path(os.environ["MICROPYTHON"])]
    if os.environ.get("MICROPYTHON_DIR"):
        return sorted(Path(os.environ["MICROPYTHON_DIR"]).glob("ports/unix/build-*/micropython"))
    return []


def has_module(interpreter):
    return interpreter.is_file() and run(interpreter, "-c", "import h264, rtsp").returncode == 0


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


def check_example(counts, interpreter):
    """The script of the boards, unchanged, with the generated scene; players come one after the other."""
    script = ROOT / "examples" / "01-Camera" / "02-RTSP" / "stream_rtsp.py"
    environment = {**os.environ, "MICROPYPATH": str(ROOT / "examples" / "pc"), "SENSOR_SOURCE": "scene"}
    with subprocess.Popen([interpreter, "-X", "heapsize=32M", script], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env=environment) as server:
        for transport in ("tcp", "udp"):
            got = []
            for _ in range(5):  # it begins to listen when the camera is ready
                got = got or checksums("rtsp://127.0.0.1:8554/", "-rtsp_transport", transport, "-t", "2")
                time.sleep(0 if got else 1)
            counts.check("the example by " + transport, len(got) > 30, "%d pictures" % len(got))
        server.send_signal(signal.SIGINT)
        said = server.communicate(timeout=20)[0].decode()
        counts.check("the example stops", "KeyboardInterrupt" in said, said)


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
            print("SKIPPED: the real MicroPython, for want of one with the modules (see MICROPYTHON, MICROPYTHON_DIR)")
        elif not headers.is_file():
            print("SKIPPED: the comparison with CPython, for want of Python.h (Debian: apt-get install python3-dev)")
        else:
            tiny = [path for path in found if is_tiny(path)]
            for path in [path for path in found if path not in tiny][:1]:
                check_interpreter(counts, path, folder)
            for path in found[:1] if FFMPEG else ():
                check_example(counts, path)
            for path in tiny[:1]:
                check_tiny_interpreter(counts, path, folder / "tiny")
    return counts.finish()


if __name__ == "__main__":
    sys.exit(main())
