#!/usr/bin/env python3
"""Power cuts and full disks: the program is killed at random moments, or runs out of space. Fragmented files play to their last
whole fragment as they are; others after "avocet remux". Ends with "N passed, N failed"."""
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from mux import *  # noqa: E402,F403

KILLS = 6 if QUICK else 50
WORDS = ["testsrc", "--size", "160x96", "--frames", "700", "--preset", "ultrafast", "--bframes", "2", "--keyint", "40", "--quiet"]


def fragments(data):
    """Whole fragments at the front: [(pictures, end)]."""
    at, out, pictures = 0, [], 0
    while at + 8 <= len(data):
        size, kind = int.from_bytes(data[at:at + 4], "big"), data[at + 4:at + 8]
        if size < 8 or at + size > len(data):
            break
        if kind == b"moof":
            run_at = data.index(b"trun", at)
            pictures = int.from_bytes(data[run_at + 8:run_at + 12], "big")
        at += size
        if kind == b"mdat":
            out.append((pictures, at))
    return out


def is_torn_in_moof(data, end):
    """Where a fragment's description is torn, a few hundred bytes, FFmpeg refuses the whole file; elsewhere it plays what is there."""
    size = int.from_bytes(data[end:end + 4], "big")
    return data[end + 4:end + 8] == b"moof" and end + size > len(data)


def groups(data):
    """Pictures that the journal of an unfinished file tells of."""
    count, at = 0, data.find(b"\x1favoj")
    while at >= 0:
        length = int.from_bytes(data[at - 4:at], "big")
        if at + length <= len(data):
            count += data[at + 5]
        at = data.find(b"\x1favoj", at + 1)
    return count


def decode_all(name):
    """Checksums of the pictures; nothing may be said about them."""
    done = run("ffmpeg", "-v", "warning", "-i", name, "-fps_mode", "passthrough", "-f", "framemd5", "-", status=None)
    return [line.split()[-1] for line in done.stdout.decode().splitlines() if not line.startswith("#")], done.stderr.decode()


def is_front(part, whole):
    """The same pictures from the start; near the end some may be missing that were to be shown before the last ones."""
    sure = max(0, len(part) - 8)
    return part[:sure] == whole[:sure] and set(part) <= set(whole)


def check_fragmented(name, whole, what):
    data = open(name, "rb").read()
    complete = fragments(data)
    wanted = sum(n for n, _ in complete)
    if not complete:
        return 0
    cut = name + ".cut.mp4"
    open(cut, "wb").write(data[:complete[-1][1]])
    pictures, said = decode_all(cut)
    T.check(len(pictures) == wanted and is_front(pictures, whole) and not said, f"{what}: {len(pictures)} of {wanted}: {said[:200]}")
    if not is_torn_in_moof(data, complete[-1][1]):
        pictures, said = decode_all(name)  # as it is, with the torn fragment at its end
        T.check(len(pictures) >= wanted and is_front(pictures[:wanted], whole), f"{what}, torn: {len(pictures)} of {wanted}")
    repaired = name + ".fixed.mp4"
    avocet("remux", name, repaired, "--quiet")
    pictures, said = decode_all(repaired)
    T.check(len(pictures) >= wanted and is_front(pictures, whole) and not said, f"{what}, repaired: {len(pictures)} of {wanted}: {said[:200]}")
    return wanted


def check_plain(name, whole, what, finished):
    data = open(name, "rb").read()
    moving = data[-72:-64] == b"avomove1"  # killed while the data made room for the index: nothing may be lost
    wanted = len(whole) if finished or moving else groups(data)
    if not wanted:
        return 0
    repaired = name + ".fixed.mp4"
    avocet("remux", name, repaired, "--quiet")
    pictures, said = decode_all(repaired)
    T.check(wanted <= len(pictures) <= wanted + 16 and is_front(pictures, whole) and not said,
            f"{what}: {len(pictures)} of {wanted}: {said[:200]}")
    return wanted


def size_of(name):
    return os.path.getsize(name) if os.path.exists(name) else 0


def kill_at(name, more, size, later):
    """Runs the encoder and kills it some seconds after its file has so many bytes. Returns whether it had finished before."""
    if os.path.exists(name):
        os.remove(name)
    process = subprocess.Popen([AVOCET, "encode", *WORDS, *more, "-o", name], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and size_of(name) < size:
        time.sleep(0.0003)
    time.sleep(later)
    finished = process.poll() is not None
    process.kill()
    process.wait()
    return finished


def test_kills(folder, whole):
    random.seed(7)
    for layout, more in (("fragments", ["--fragment", "1"]), ("index last", ["--no-faststart"]), ("index first", [])):
        name = os.path.join(folder, "killed.mp4")
        avocet("encode", *WORDS, *more, "-o", name)
        final = size_of(name)
        saved, kills, tries = 0, 0, 0
        while kills < KILLS and tries < 4 * KILLS:
            tries += 1
            # By size, as time says nothing on a busy machine. Some while the file is being finished, which takes a few milliseconds.
            finishing = tries % 5 == 0
            size, later = (final * 0.97, random.uniform(0, 0.004)) if finishing else (random.uniform(0, final * 0.95), 0)
            if kill_at(name, more, size, later):
                continue
            kills += 1
            if not os.path.exists(name):
                continue
            what = f"{layout}, killed at {size:.0f} bytes"
            saved += check_fragmented(name, whole, what) if layout == "fragments" else check_plain(name, whole, what, False)
        T.check(kills == KILLS, f"{layout}: killed {kills} times only")
        T.check(saved > len(whole) * KILLS // 5, f"{layout}: {saved} pictures saved altogether")
        print(f"{layout}: {kills} kills, {saved / max(1, kills):.0f} pictures saved on average of {len(whole)}")


def test_full_disk(folder, whole):
    disk = os.path.join(folder, "disk")
    os.mkdir(disk)
    for kilobytes in (64, 100, 150, 200, 300):
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", disk], capture_output=True)
        if mounted.returncode:
            skip(f"full disk: a small tmpfs cannot be mounted: {mounted.stderr.decode().strip()}")
            return
        try:
            for layout, more in (("fragments", ["--fragment", "1"]), ("index last", ["--no-faststart"]), ("index first", [])):
                name = os.path.join(disk, "full.mp4")
                done = avocet("encode", *WORDS, *more, "-o", name, status=None)
                what = f"{layout}, disk of {kilobytes} kB"
                T.check(done.returncode == 0 or (done.returncode == 1 and b"No space left" in done.stderr), f"{what}: {done.stderr[-200:]}")
                T.check(done.returncode == 1 or kilobytes > 150, f"{what}: nothing was wrong")
                copy = os.path.join(folder, "full.mp4")
                open(copy, "wb").write(open(name, "rb").read())
                if layout == "fragments":
                    check_fragmented(copy, whole, what)
                else:
                    check_plain(copy, whole, what, done.returncode == 0)
                os.remove(name)
        finally:
            subprocess.run(["umount", disk], check=True)


def test_interrupt(folder, whole):
    """Ctrl-C and SIGTERM leave a complete file."""
    for number in (signal.SIGINT, signal.SIGTERM):
        for more in ([], ["--no-faststart"], ["--fragment", "1"]):
            name = os.path.join(folder, "int.mp4")
            if os.path.exists(name):
                os.remove(name)
            process = subprocess.Popen([AVOCET, "encode", *WORDS, *more, "-o", name], stderr=subprocess.PIPE)
            while not os.path.exists(name) and process.poll() is None:  # before that, signals kill
                time.sleep(0.01)
            time.sleep(0.1)
            process.send_signal(number)
            said = process.communicate()[1].decode()
            T.check(process.returncode in (0, 1), f"{number}: status {process.returncode}")
            pictures, complaints = decode_all(name)
            told = re.search(r"interrupted after (\d+) pictures", said)
            wanted = int(told.group(1)) if told else len(whole)
            sure = max(0, wanted - 20)  # the last ones are coded otherwise, because no more follow
            T.check(len(pictures) == wanted and pictures[:sure] == whole[:sure] and not complaints,
                    f"{number} {more}: {len(pictures)} pictures, {complaints[:200]} {said[:200]}")


def main():
    need_program()
    if not has("ffmpeg"):
        skip("everything: ffmpeg is not installed")
        sys.exit(T.finish())
    with tempfile.TemporaryDirectory(prefix="avocet-damage-") as folder:
        name = os.path.join(folder, "whole.mp4")
        avocet("encode", *WORDS, "-o", name)
        whole = frame_md5(name)
        for test in (test_kills, test_full_disk, test_interrupt):
            test(folder, whole)
    sys.exit(T.finish())


main()
