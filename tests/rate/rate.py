"""Shared by the tests of rate control: clips, encoder runs, the count of passed and failed checks."""
import concurrent.futures
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from tally import AVOCET, QUICK, ROOT, T, check, skip  # noqa: E402,F401

sys.path.insert(0, os.path.join(ROOT, "tests", "match"))
import clips  # noqa: E402

JOBS = 2
FOLDER = tempfile.mkdtemp(prefix="avocet-rate-")



def finish():
    shutil.rmtree(FOLDER, ignore_errors=True)
    sys.exit(T.finish())


def run(words):
    return subprocess.run([AVOCET, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600)


def encode(clip, options, name):
    """The stream as bytes; None (counted as a failure) when the encoder refuses."""
    fd, path = tempfile.mkstemp(suffix=".264", dir=FOLDER)
    os.close(fd)
    r = run(["encode", clip, "-o", path, "--quiet", *options])
    if r.returncode:
        check(False, f"{name} {' '.join(options)}: {r.stderr.strip()}")
        return None
    with open(path, "rb") as f:
        data = f.read()
    os.unlink(path)
    return data


def parallel(function, cases):
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        yield from pool.map(function, cases)


def cuts(width, height, frames, noise=60):
    """Five scenes behind hard cuts: slow zoom, noise on grey, moving bars, cellular noise, another zoom."""
    path = os.path.join(FOLDER, f"cuts.{width}x{height}.{frames}.{noise}.y4m")
    size, n = f"size={width}x{height}:rate=25", frames // 5
    scenes = [f"mandelbrot={size}:end_scale=0.05", f"color=gray:{size},noise=alls={noise}:allf=t:all_seed=1", f"testsrc2={size}",
              f"life={size}:mold=10:ratio=0.1:seed=1", f"mandelbrot={size}:start_scale=0.5:end_scale=0.05"]
    words = []
    for scene in scenes:
        words += ["-f", "lavfi", "-i", scene]
    graph = ";".join(f"[{i}]trim=end_frame={n},format=yuv420p,setpts=N/25/TB[s{i}]" for i in range(5))
    graph += ";" + "".join(f"[s{i}]" for i in range(5)) + "concat=n=5:v=1,format=yuv420p"
    clips.ffmpeg(*words, "-filter_complex", graph, path)
    return path


def moving(width, height, frames):
    path = os.path.join(FOLDER, f"moving.{width}x{height}.{frames}.y4m")
    subprocess.run([AVOCET, "decode", "-", "-o", path], check=True, capture_output=True, input=subprocess.run(
        [AVOCET, "encode", "testsrc", "--size", f"{width}x{height}", "--frames", str(frames), "--qp", "8", "--fps", "25", "--preset",
         "ultrafast", "--quiet", "-o", "-"], check=True, capture_output=True).stdout)
    return path


def real(name, width, height, frames):
    """Part of a real clip at another size, repeated until it is long enough; None where there are none."""
    source = os.path.join(clips.REAL, name + ".mkv")
    if not os.path.exists(source):
        return None
    path = os.path.join(FOLDER, f"{name}.{width}x{height}.{frames}.y4m")
    clips.ffmpeg("-stream_loop", "-1", "-i", source, "-frames:v", str(frames), "-vf", f"scale={width}:{height},setpts=N/25/TB",
                 "-r", "25", "-pix_fmt", "yuv420p", "-strict", "-1", path)
    return path
