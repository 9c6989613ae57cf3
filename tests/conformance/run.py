#!/usr/bin/env python3
"""Decodes the streams of a conformance folder and compares the MD5 of their pictures with its manifest.

The folder holds streams/ and manifest.tsv with the columns file, class, profile, entropy, width, height, frames, md5,
features. md5 is the sum of all pictures; "unsupported": the decoder must refuse the stream (or decode the base view of
class svc-mvc); "-": it must come to an end. The streams are test data of others and not part of this repository:
without the folder the test is skipped (exit status 77).

    run.py DECODE_MD5 FOLDER [--only TEXT] [-v]
"""
import argparse
import os
import subprocess
import sys

SKIPPED = 77
TIME_LIMIT = 300


def read_manifest(folder):
    with open(os.path.join(folder, "manifest.tsv"), encoding="utf-8") as f:
        header = f.readline().rstrip("\n").split("\t")
        return [dict(zip(header, line.rstrip("\n").split("\t"))) for line in f if line.strip()]


def decode(program, path):
    """(md5, pictures, damaged, errors, status, text), or a string that says what went wrong."""
    try:
        run = subprocess.run([program, path], capture_output=True, text=True, timeout=TIME_LIMIT, check=False)
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
        if status == -8 or row["class"] == "svc-mvc" and pictures:
            return None
        return "not refused: %d pictures, status %d (%s)" % (pictures, status, text)
    if md5 == row["md5"]:
        return None
    return "%s, %d of %s pictures, %d damaged, %d errors (%s)" % (md5, pictures, row["frames"], damaged, errors, text)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("program", help="path of decode_md5")
    parser.add_argument("folder", help="conformance folder")
    parser.add_argument("--only", default="", help="only files whose name or features contain this")
    parser.add_argument("-v", action="store_true", help="name the passed ones too")
    args = parser.parse_args()
    if not os.path.isfile(os.path.join(args.folder, "manifest.tsv")):
        print("skipped: there is no conformance folder at %s" % args.folder)
        return SKIPPED
    passed = failed = 0
    for row in read_manifest(args.folder):
        if args.only not in row["file"] and args.only not in row["features"]:
            continue
        reason = judge(row, decode(args.program, os.path.join(args.folder, "streams", row["file"])))
        passed += reason is None
        failed += reason is not None
        if reason or args.v:
            print("%s %s%s" % ("FAIL" if reason else "ok  ", row["file"], ": " + reason if reason else ""), flush=True)
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
