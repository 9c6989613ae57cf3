#!/usr/bin/env python3
"""Speed of the decoder next to FFmpeg's, one thread each, and of more threads.

    bench/decode.py [--avocet PROGRAM] [--clip FILE.y4m] [--frames N] [--rounds N]

The clip (1080p; the test picture if none is named) is encoded with our encoder by CABAC and CAVLC at two
quantisers. Both decoders then read each stream in turns. What counts is processor time, user and
system, so that other work on the machine matters little; a pair's ratio is FFmpeg's time by ours: 1 is
as fast, 0.5 half as fast. Nothing is written: avocet decode -o /dev/null, ffmpeg -f null. With threads,
wall time is told, which needs a quiet machine.
"""
import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def run(words):
    """Processor time and wall time in seconds."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(words, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, time.monotonic() - start


def make(avocet, source, folder, name, options, repeat):
    """A stream, several times over: each copy starts with an IDR picture."""
    path = os.path.join(folder, name + ".264")
    subprocess.run([avocet, "encode", *source, "--preset", "fast", "--quiet", *options, "-o", path], check=True)
    with open(path, "rb") as f:
        data = f.read()
    with open(path, "wb") as f:
        f.write(data * repeat)
    return path


def ours(avocet, path, threads):
    return [avocet, "decode", path, "-o", "/dev/null", "--quiet", "--threads", str(threads)]


def theirs(path, threads):
    return ["ffmpeg", "-v", "error", "-nostdin", "-threads", str(threads), "-i", path, "-f", "null", "-"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--avocet", default=os.environ.get("AVOCET", os.path.join(ROOT, "build", "avocet")))
    parser.add_argument("--clip", help=".y4m; default: the test picture at 1920x1080")
    parser.add_argument("--frames", type=int, default=36, help="pictures that are encoded [36]")
    parser.add_argument("--repeat", type=int, default=5, help="times that the stream is decoded in a row [5]")
    parser.add_argument("--rounds", type=int, default=5, help="pairs of runs per stream [5]")
    parser.add_argument("--threads", type=int, nargs="*", default=[2, 4], help="also with so many threads [2 4]")
    args = parser.parse_args()
    if not shutil.which("ffmpeg"):
        sys.exit("ffmpeg is not installed")
    source = [args.clip] if args.clip else ["testsrc", "--size", "1920x1080"]
    source += ["--frames", str(args.frames)]
    with tempfile.TemporaryDirectory() as folder:
        print("%-14s %9s %9s %9s %7s" % ("stream", "MB", "ours s", "FFmpeg s", "ratio"))
        for coding, options in ("CABAC", []), ("CAVLC", ["--no-cabac"]):
            for qp in 20, 28:
                path = make(args.avocet, source, folder, "%s-%d" % (coding, qp), [*options, "--qp", str(qp)], args.repeat)
                pairs = []
                for _ in range(args.rounds):
                    a = run(ours(args.avocet, path, 1))[0]
                    pairs.append((a, run(theirs(path, 1))[0]))
                print("%-14s %9.1f %9.2f %9.2f %7.2f" % (
                    "%s, qp %d" % (coding, qp), os.path.getsize(path) / 1e6, statistics.median(a for a, _ in pairs),
                    statistics.median(b for _, b in pairs), statistics.median(b / a for a, b in pairs)), flush=True)
                for threads in args.threads:
                    walls = [(run(ours(args.avocet, path, threads))[1], run(theirs(path, threads))[1])
                             for _ in range(args.rounds)]
                    print("  %2d threads, wall time %12.2f %9.2f %7.2f" % (
                        threads, statistics.median(a for a, _ in walls), statistics.median(b for _, b in walls),
                        statistics.median(b / a for a, b in walls)), flush=True)


if __name__ == "__main__":
    main()
