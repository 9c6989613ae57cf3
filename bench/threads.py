#!/usr/bin/env python3
"""Wall time at several numbers of threads, next to x264.

    threads.py CLIP.y4m [--preset medium] [--threads 1 2 4] [--repeat 3] [--live] [--avocet PROGRAM]

Each encode is repeated, the numbers of threads taking turns; the least wall time of each counts, as other work on the
machine only ever adds. --live: zero latency, one slice, where all threads work on the same picture, so the time per
picture is its latency. The streams of Avocet must be the same at every number, or the script fails.
"""
import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
import time


def encode(command, output):
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    elapsed = time.perf_counter() - start
    with open(output, "rb") as f:
        return elapsed, hashlib.md5(f.read()).hexdigest()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip")
    parser.add_argument("--preset", default="medium")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--live", action="store_true")
    parser.add_argument("--avocet", default=os.environ.get("AVOCET", "build/avocet"))
    args = parser.parse_args()
    tune = "psnr,zerolatency" if args.live else "psnr"
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "out.264")
        common = ["--preset", args.preset, "--tune", tune, "--crf", "26", "-o", out, args.clip, "--threads"]
        commands = {"avocet": [args.avocet, "encode", "--quiet"] + common, "x264": ["x264", "--quiet"] + common}
        least, sums = {}, set()
        for _ in range(args.repeat):
            for threads in args.threads:
                for name, command in commands.items():
                    sliced = ["--sliced-threads"] if name == "x264" and args.live else []
                    seconds, digest = encode(command + [str(threads)] + sliced, out)
                    least[name, threads] = min(seconds, least.get((name, threads), seconds))
                    if name == "avocet":
                        sums.add(digest)
    first = args.threads[0]
    print("| threads | avocet s | speed-up | x264 s | speed-up |\n| ---: | ---: | ---: | ---: | ---: |")
    for threads in args.threads:
        ours, theirs = least["avocet", threads], least["x264", threads]
        print("| %d | %.2f | %.2f | %.2f | %.2f |" % (threads, ours, least["avocet", first] / ours, theirs,
                                                    least["x264", first] / theirs))
    if len(sums) != 1:
        sys.exit("the streams differ between numbers of threads")


if __name__ == "__main__":
    main()
