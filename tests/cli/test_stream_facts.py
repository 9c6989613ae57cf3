#!/usr/bin/env python3
"""What the options promise about the stream, read by others: FFmpeg's parser of headers, and vectors as the decoder saw them."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from tally import AVOCET, T, check  # noqa: E402

SCENE = ("testsrc", "--size", "176x144", "--frames", "24")
FOLDER = tempfile.mkdtemp(prefix="avocet-facts-")


def encode(*words, source=SCENE):
    path = os.path.join(FOLDER, "facts.264")
    r = subprocess.run([AVOCET, "encode", *source, *words, "--quiet", "-o", path], capture_output=True, text=True)
    check(r.returncode == 0, f"{' '.join(words)}: {r.stderr}")
    return path


def headers(path):
    """{name: [values]} of all syntax elements of headers, as FFmpeg reads them."""
    r = subprocess.run(["ffmpeg", "-nostdin", "-v", "verbose", "-i", path, "-c", "copy", "-bsf:v", "trace_headers", "-f", "null", "-"],
                       capture_output=True, text=True)
    found = {}
    for name, value in re.findall(r"trace_headers.*?\] \d+ +(\w+)[\[\]\d]* .*= (-?\d+)$", r.stderr, re.M):
        found.setdefault(name, []).append(int(value))
    return found


def expect(words, **wanted):
    got = headers(encode(*words.split()))
    for name, value in wanted.items():
        check(got.get(name, [None])[0] == value, f"{words}: {name} is {got.get(name, [None])[0]}, not {value}")
    return got


def test_profiles():
    expect("--profile baseline", profile_idc=66, constraint_set0_flag=1, constraint_set1_flag=1, entropy_coding_mode_flag=0)
    expect("--profile main", profile_idc=77, constraint_set0_flag=0, constraint_set1_flag=1, entropy_coding_mode_flag=1)
    expect("--profile high", profile_idc=100, constraint_set0_flag=0, constraint_set1_flag=0, transform_8x8_mode_flag=1)
    expect("--level 4.1", level_idc=41)
    expect("--level 1b --profile main --size 128x96 --frames 3", level_idc=11, constraint_set3_flag=1)


def test_display():
    expect("--colorprim bt2020 --transfer smpte2084 --colormatrix bt2020nc --range pc", colour_primaries=9,
           transfer_characteristics=16, matrix_coefficients=9, video_full_range_flag=1)
    expect("--sar 4:3", aspect_ratio_idc=255, sar_width=4, sar_height=3)
    expect("--fps 30000/1001", num_units_in_tick=1001, time_scale=60000)
    expect("--size 178x146", frame_crop_right_offset=7, frame_crop_bottom_offset=7)
    expect("--chromaloc 2", chroma_sample_loc_type_top_field=2, chroma_sample_loc_type_bottom_field=2)


def test_buffers():
    """Nothing is announced that is not used: as many frames as references, reordering as deep as the pyramid."""
    for words, frames, reorder in (("--bframes 0 --ref 3", 3, 0), ("--bframes 2 --b-pyramid none --ref 2", 2, 1),
                                   ("--profile baseline --ref 1", 1, 0)):
        expect(words, max_num_ref_frames=frames, max_dec_frame_buffering=frames, max_num_reorder_frames=reorder)


def test_long_term():
    got = expect("--long-term 3 --bframes 0 --ref 3")
    commands = got.get("memory_management_control_operation", [])
    check(commands.count(6) >= 5, f"--long-term 3: marking commands {sorted(set(commands))}")
    commands = headers(encode("--bframes", "0", "--ref", "3")).get("memory_management_control_operation", [])
    check(6 not in commands, "long-term references without --long-term")


def test_slices():
    got = headers(encode("--slices", "3"))
    check(sorted(set(got["first_mb_in_slice"])) == [0, 33, 66], f"--slices 3: {sorted(set(got['first_mb_in_slice']))}")


def fast_clip():
    """Texture that moves 96 samples down per picture."""
    path = os.path.join(FOLDER, "fast.y4m")
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", "-f", "lavfi", "-i", "mandelbrot=size=176x1600:rate=15:end_scale=0.3",
                    "-frames:v", "1", os.path.join(FOLDER, "still.png")], check=True)
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", "-loop", "1", "-framerate", "15", "-i", os.path.join(FOLDER, "still.png"), "-vf",
                    "crop=176:144:0:'1440-96*n',format=yuv420p", "-frames:v", "12", path], check=True)
    return path


def test_vector_range():
    """Table A-1: 64 samples up and down at level 1, 128 from 1.1 on."""
    clip, seen = fast_clip(), os.path.join(FOLDER, "seen.json")
    for level, most in (("1", 64), ("2", 128)):
        path = encode("--level", level, "--me", "umh", "--merange", "128", "--preset", "fast", source=(clip,))
        subprocess.run([AVOCET, "inspect", path, "--json", seen], check=True, capture_output=True)
        with open(seen) as f:
            pictures = json.load(f)["pictures"]
        vertical = [v[1] for p in pictures for mb in p["macroblocks"] for side in ("mv0", "mv1") if side in mb
                    for v in mb[side]]
        check(vertical, f"level {level}: no vectors")
        check(all(-4 * most <= v < 4 * most for v in vertical), f"level {level}: {min(vertical)}..{max(vertical)}")
        if most == 128:
            check(min(vertical) < -300 or max(vertical) > 300, f"level {level}: the motion is not found: {min(vertical)}..{max(vertical)}")


def main():
    try:
        for test in (test_profiles, test_display, test_buffers, test_long_term, test_slices, test_vector_range):
            test()
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)
    return T.finish()


if __name__ == "__main__":
    sys.exit(main())
