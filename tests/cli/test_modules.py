#!/usr/bin/env python3
"""FFmpeg's libraries and SDL2 are loaded when a command needs them, from modules beside the program or where it was installed;
missing, broken and foreign modules are named, and keep nobody from what needs none.
Ends with "N passed, N failed"."""
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import tally  # noqa: E402
from tally import T, check  # noqa: E402

ROOT, AVOCET = Path(tally.ROOT), Path(tally.AVOCET).resolve()
SCENE = ["encode", "testsrc", "--size", "64x48", "--frames", "5", "--preset", "ultrafast"]
HEAVY = ("libavformat", "libavcodec", "libswscale", "libavutil", "libSDL2")


def run(*words):
    return subprocess.run([str(w) for w in words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)


def expect(code, pieces, *words):
    r = run(*words)
    check(r.returncode == code, "exit %d, not %d: %s: %s" % (r.returncode, code, words, r.stderr[-500:]))
    for piece in pieces:
        check(piece in r.stderr, "\"%s\" is not said: %s: %s" % (piece, words, r.stderr[-500:]))


def test_start():
    env = dict(os.environ, LD_TRACE_LOADED_OBJECTS="1")
    listed = subprocess.run([str(AVOCET)], env=env, capture_output=True, text=True).stdout
    check("libc." in listed, "the libraries of the program are not listed: " + listed)
    for name in HEAVY:
        check(name not in listed, "the program loads %s at its start" % name)


def test_installed(scratch):
    """The whole way through an installation, started by a link from elsewhere."""
    prefix = scratch / "prefix"
    r = run("cmake", "--install", AVOCET.parent, "--prefix", prefix)
    check(r.returncode == 0, "cmake --install: " + r.stdout[-500:] + r.stderr[-500:])
    found = {p.name: p for p in prefix.rglob("avocet-*.so")}
    check(set(found) == {p.name for p in AVOCET.parent.glob("avocet-*.so")}, "installed modules: %s" % sorted(found))
    link = scratch / "link"
    link.symlink_to(prefix / "bin/avocet")
    if "avocet-media.so" in found:
        expect(0, [], link, *SCENE, "-o", scratch / "a.mkv")
        expect(0, ["encoded 5 pictures"], link, "encode", scratch / "a.mkv", "-o", scratch / "a.264")


def test_missing(scratch):
    """A copy of the program alone."""
    folder = scratch / "alone"
    folder.mkdir()
    program = folder / "avocet"
    shutil.copy(AVOCET, program)
    expect(0, ["encoded 5 pictures"], program, *SCENE, "-o", scratch / "b.264")
    expect(1, ["b.264", "avocet-media.so", str(folder), "lib"], program, "encode", scratch / "b.264", "-o", scratch / "c.264")
    expect(2, ["b.mkv", "avocet-media.so", str(folder)], program, *SCENE, "-o", scratch / "b.mkv")
    expect(1, ["play", "avocet-window.so", str(folder)], program, "play", scratch / "b.264")
    for name in "media", "window":
        (folder / ("avocet-%s.so" % name)).write_text("no module")
    expect(1, ["avocet-media.so", "does not load"], program, "encode", scratch / "b.264", "-o", scratch / "c.264")
    expect(1, ["avocet-window.so", "does not load"], program, "play", scratch / "b.264")


def test_foreign(scratch):
    """A module of another version."""
    folder = scratch / "alone"
    source = folder / "other.c"
    source.write_text("const struct { const char *version; unsigned long size; void *rest[16]; } avocet_module = {\"0.0.1\", 56};\n")
    media = folder / "avocet-media.so"
    media.unlink()
    r = run("cc", "-shared", "-fPIC", source, "-o", media)
    check(r.returncode == 0, "cc: " + r.stderr)
    expect(1, ["avocet-media.so", "another build", "0.0.1"], folder / "avocet", "encode", scratch / "b.264", "-o", scratch / "c.264")


def main():
    names = {p.name for p in AVOCET.parent.glob("avocet-*.so")}
    if not {"avocet-media.so", "avocet-window.so"} <= names:
        print("SKIPPED: the program is built without modules, or without FFmpeg's libraries or SDL2\n0 passed, 0 failed")
        return 0
    test_start()
    with tempfile.TemporaryDirectory() as scratch:
        test_missing(Path(scratch))
        test_foreign(Path(scratch))
        if shutil.which("cmake"):
            test_installed(Path(scratch))
    return T.finish()


sys.exit(main())
