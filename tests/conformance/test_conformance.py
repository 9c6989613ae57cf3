#!/usr/bin/env python3
"""Decodes the streams of a conformance folder and compares the MD5 of their pictures.

The folder holds streams/ and manifest.tsv with the columns file, class, profile, entropy, width,
height, frames, md5, features. md5 is the sum of all pictures; "unsupported": the decoder must
refuse the stream (or decode the base view of class svc-mvc); "-": it must come to an end. Streams
that are in corrupt/ must come to an end too. They are test data of others and not part of this
repository: the folder is named by --folder or AVOCET_CONFORMANCE, else looked for in
../shared/conformance next to the repository. Without it nothing is tested.

Some streams are decoded again with the plain C kernels, in small pieces, and with several threads.
"""
import argparse
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDER = os.environ.get("AVOCET_CONFORMANCE") or os.path.join(os.path.dirname(ROOT), "shared",
                                                              "conformance")
TIME_LIMIT = 300
UNSUPPORTED = -8


def read_manifest(folder):
    with open(os.path.join(folder, "manifest.tsv"), encoding="utf-8") as f:
        header = f.readline().rstrip("\n").split("\t")
        return [dict(zip(header, line.rstrip("\n").split("\t"))) for line in f if line.strip()]


def decode(command):
    """(md5, pictures, damaged, errors, status, text), or a string that says what went wrong."""
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=TIME_LIMIT,
                             check=False)
    except subprocess.TimeoutExpired:
        return "takes longer than %d s" % TIME_LIMIT
    if run.returncode != 0:
        return "exit status %d %s" % (run.returncode, run.stderr.strip()[-300:])
    words = run.stdout.strip().split(" ", 5)
    return words[0], int(words[1]), int(words[2]), int(words[3]), int(words[4]), words[5]


def judge(row, result):
    """None when the stream is decoded as the manifest says, else the reason."""
    if isinstance(result, str):
        return result
    md5, pictures, damaged, errors, status, text = result
    if row["md5"] == "-":
        return None
    if row["md5"] == "unsupported":
        if status == UNSUPPORTED or row["class"] == "svc-mvc" and pictures:
            return None
        return "not refused: %d pictures, status %d (%s)" % (pictures, status, text)
    if md5 == row["md5"]:
        return None
    return "%s, %d of %s pictures, %d damaged, %d errors (%s)" % (
        md5, pictures, row["frames"], damaged, errors, text)


class Runner:
    def __init__(self, program, verbose):
        self.program, self.verbose = program, verbose
        self.passed = self.failed = 0

    def count(self, name, reason):
        self.passed += reason is None
        self.failed += reason is not None
        if reason or self.verbose:
            print("%s %s%s" % ("FAIL" if reason else "ok  ", name, ": " + reason if reason else ""))

    def conform(self, folder, only):
        for index, row in enumerate(read_manifest(folder)):
            if only not in row["file"] and only not in row["features"]:
                continue
            path = os.path.join(folder, "streams", row["file"])
            self.count(row["file"], judge(row, decode([self.program, path])))
            if index % 8 == 0:
                for options in ["--cpu", "0"], ["--chunk", "61"], ["--threads", "5"]:
                    name = " ".join([row["file"], *options])
                    self.count(name, judge(row, decode([self.program, *options, path])))

    def survive(self, folder):
        for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
            result = decode([self.program, os.path.join(folder, name)])
            self.count("corrupt/" + name, result if isinstance(result, str) else None)


def main():
    beside = os.path.dirname(os.path.abspath(os.environ.get("AVOCET", "build/avocet")))
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--program", default=os.path.join(beside, "decode_md5"))
    parser.add_argument("--folder", default=FOLDER)
    parser.add_argument("--only", default="", help="files whose name or features contain this")
    parser.add_argument("-v", action="store_true", help="name the passed ones too")
    args = parser.parse_args()
    runner = Runner(args.program, args.v)
    if os.path.isfile(os.path.join(args.folder, "manifest.tsv")):
        runner.conform(args.folder, args.only)
        runner.survive(os.path.join(args.folder, "corrupt"))
    else:
        print("skipped: no conformance streams (AVOCET_CONFORMANCE names their folder)")
    print("%d passed, %d failed" % (runner.passed, runner.failed))
    return 1 if runner.failed else 0


if __name__ == "__main__":
    sys.exit(main())
