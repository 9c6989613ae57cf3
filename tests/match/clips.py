"""Small clips for tests: from the encoder's own scene, from FFmpeg's generators, and cut out of real video if there is any.

Real clips are looked for in the folder that the environment variable AVOCET_CLIPS names, else in ../shared/clips next to the
repository; without them the tests run on generated pictures alone.
"""
import os
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
REAL = os.environ.get("AVOCET_CLIPS") or os.path.join(os.path.dirname(ROOT), "shared", "clips")


class Clip:
    """Something to encode: the words that name it on the command line, and what must come out."""

    def __init__(self, name, words, width, height, frames, mono=False):
        self.name, self.words = name, words
        self.width, self.height, self.frames, self.mono = width, height, frames, mono


def ffmpeg(*words):
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", *words], check=True)


def scene(width, height, frames, *more):
    mono = "gray8" in more
    return Clip(f"testsrc {width}x{height}{' mono' if mono else ''}",
                ["testsrc", "--size", f"{width}x{height}", "--frames", str(frames), *more], width, height, frames, mono)


def generated(folder, name, source, width, height, frames):
    path = os.path.join(folder, name + ".y4m")
    ffmpeg("-f", "lavfi", "-i", f"{source}=size={width}x{height}:rate=25", "-frames:v", str(frames), "-pix_fmt", "yuv420p", path)
    return Clip(name, [path], width, height, frames)


def raw(folder, base, pixel_format, name):
    """The clip again as raw frames of another pixel format."""
    path = os.path.join(folder, f"{base.name}.{name}.raw")
    ffmpeg("-i", base.words[0], "-pix_fmt", pixel_format, "-f", "rawvideo", path)
    return Clip(f"{base.name} {name}", [path, "--size", f"{base.width}x{base.height}", "--fps", "25", "--format", name],
                base.width, base.height, base.frames, name == "gray8")


def cut(folder, name, start, frames, crop):
    """Frames of a real clip, cropped to (width, height, x, y); None where the clip is not there."""
    source = os.path.join(REAL, name + ".mkv")
    if not os.path.exists(source):
        return None
    w, h, x, y = crop
    path = os.path.join(folder, f"{name}.{w}x{h}.{start}.y4m")
    ffmpeg("-i", source, "-vf", f"trim=start_frame={start}:end_frame={start + frames},setpts=PTS-STARTPTS,crop={w}:{h}:{x}:{y}",
           "-fps_mode", "passthrough", "-pix_fmt", "yuv420p", "-strict", "-1", path)
    return Clip(f"{name} {w}x{h}", [path], w, h, frames)


def small_clips(folder):
    base = generated(folder, "testsrc2", "testsrc2", 96, 80, 12)
    clips = [
        scene(16, 16, 20), scene(33, 17, 14), scene(130, 66, 20), scene(176, 144, 15), scene(67, 99, 12),
        scene(48, 64, 30), scene(65, 47, 10, "--format", "gray8"),
        generated(folder, "mandelbrot", "mandelbrot", 112, 64, 12), base,
        raw(folder, base, "nv12", "nv12"), raw(folder, base, "nv21", "nv21"), raw(folder, base, "yuyv422", "yuyv"),
        raw(folder, base, "uyvy422", "uyvy"), raw(folder, base, "gray", "gray8"), raw(folder, base, "rgb24", "rgb24"),
        raw(folder, base, "bgr24", "bgr24"), raw(folder, base, "rgba", "rgba"), raw(folder, base, "bgra", "bgra"),
        raw(folder, base, "rgb565le", "rgb565le"), raw(folder, base, "rgb565be", "rgb565be"),
    ]
    real = [
        cut(folder, "foreman_qcif", 180, 16, (176, 144, 0, 0)), cut(folder, "akiyo_qcif", 0, 16, (176, 144, 0, 0)),
        cut(folder, "mobile_cif", 4, 10, (144, 112, 90, 80)), cut(folder, "flower_cif", 0, 12, (160, 96, 60, 140)),
        cut(folder, "bbb_intro_426x240", 262, 18, (128, 96, 150, 60)), cut(folder, "desktop_720p", 60, 14, (160, 96, 300, 200)),
        cut(folder, "ducks_640x360", 30, 10, (160, 128, 200, 120)), cut(folder, "bbb_intro_426x240", 4, 24, (112, 80, 150, 60)),
    ]
    return clips + [c for c in real if c]


def full_clips(folder):
    """Whole real clips of moderate size."""
    clips = []
    for name, w, h, frames in (("foreman_qcif", 176, 144, 300), ("flower_cif", 352, 288, 60), ("bbb_intro_426x240", 426, 240, 300),
                               ("calendar_576p", 720, 576, 41)):
        clip = cut(folder, name, 0, frames, (w, h, 0, 0))
        if clip:
            clips.append(clip)
    return clips
