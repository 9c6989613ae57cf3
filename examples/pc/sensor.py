"""Stand-in for the sensor module of OpenMV-style boards (ESP-VISION, OpenMV), so that their scripts run on a PC.

    PYTHONPATH=examples/pc python3 script.py
    MICROPYPATH=examples/pc micropython script.py       (the generated scene only)

    SENSOR_SOURCE   /dev/video0 (a V4L2 camera), a video file (from its start again at its end), or "scene" (generated).
                    Not set: /dev/video0 if there is one, else the scene. Cameras and files need ffmpeg.
    SENSOR_FPS      images per second of the scene and of files, 0: as fast as they are taken. Default 30.
"""
import os
import time

import image
import scene
from image import GRAYSCALE, RGB565, YUV422  # noqa: F401 (scripts say sensor.RGB565)

QQCIF, QCIF, CIF = (88, 72), (176, 144), (352, 288)
QQVGA, HQVGA, QVGA, VGA = (160, 120), (240, 160), (320, 240), (640, 480)
SVGA, XGA, SXGA, UXGA = (800, 600), (1024, 768), (1280, 1024), (1600, 1200)
WVGA, HD, FHD = (720, 480), (1280, 720), (1920, 1080)

_FFMPEG_FORMATS = {GRAYSCALE: "gray", RGB565: "rgb565le", YUV422: "yuyv422"}


class _Ffmpeg:
    """Images from a camera or a file, scaled and cropped by ffmpeg to what is wanted."""

    def __init__(self, path, size, pixformat):
        import shutil
        import subprocess
        if not shutil.which("ffmpeg"):
            raise OSError("ffmpeg is not installed; it reads cameras and video files here")
        width, height = size
        fit = "scale=%d:%d:force_original_aspect_ratio=increase,crop=%d:%d" % (size + size)
        source = ["-f", "v4l2", "-i", path] if path.startswith("/dev/") else ["-stream_loop", "-1", "-i", path]
        self.path, self.bytes = path, width * height * (1 if pixformat == GRAYSCALE else 2)
        self.process = subprocess.Popen(
            ["ffmpeg", "-nostdin", "-v", "error"] + source +
            ["-vf", fit, "-pix_fmt", _FFMPEG_FORMATS[pixformat], "-fps_mode", "passthrough", "-f", "rawvideo", "-"],
            stdout=subprocess.PIPE)

    def read(self):
        data = bytearray(self.process.stdout.read(self.bytes))
        if len(data) < self.bytes:
            raise OSError("no more images from " + self.path)
        return data

    def close(self):
        self.process.kill()
        self.process.stdout.close()
        self.process.wait()


class _Camera:
    """What the module's functions work on."""

    def __init__(self):
        self.source = None
        self.pixformat, self.framesize = RGB565, QVGA
        self.hmirror = self.vflip = False
        self.due = 0.0

    @staticmethod
    def path():
        return os.getenv("SENSOR_SOURCE") or ("/dev/video0" if _exists("/dev/video0") else "scene")

    def change(self, **members):
        """New settings; the source starts again with the next image."""
        self.stop()
        for name, value in members.items():
            setattr(self, name, value)

    def stop(self):
        if self.source:
            self.source.close()
        self.source = None

    def start(self):
        path = self.path()
        self.source = (scene.Scene(*self.framesize, self.pixformat) if path == "scene"
                       else _Ffmpeg(path, self.framesize, self.pixformat))

    def wait(self):
        """A camera gives an image only when its time has come."""
        fps = float(os.getenv("SENSOR_FPS") or "30")
        if fps <= 0 or self.path().startswith("/dev/"):
            return
        now = _now()
        self.due = max(self.due + 1 / fps, now)
        if self.due > now:
            time.sleep(self.due - now)

    def snapshot(self):
        if not self.source:
            self.start()
        self.wait()
        picture = image.Image(*self.framesize, self.pixformat, buffer=self.source.read())
        if self.hmirror or self.vflip:
            picture.flip(self.hmirror, self.vflip)
        return picture


def _exists(path):
    try:
        os.stat(path)
        return True
    except OSError:
        return False


def _now():
    """Seconds from an arbitrary moment on; MicroPython has no time.monotonic."""
    return time.monotonic() if hasattr(time, "monotonic") else time.time()


_camera = _Camera()
try:
    import atexit
    atexit.register(_camera.stop)
except ImportError:  # MicroPython
    pass


def reset():
    _camera.change(pixformat=RGB565, framesize=QVGA, hmirror=False, vflip=False)


def shutdown(enable=True):
    _camera.stop()


def set_pixformat(pixformat):
    if pixformat not in _FFMPEG_FORMATS:
        raise ValueError("pixel formats here are GRAYSCALE, RGB565 and YUV422")
    _camera.change(pixformat=pixformat)


def get_pixformat():
    return _camera.pixformat


def set_framesize(framesize):
    _camera.change(framesize=tuple(framesize))


def get_framesize():
    return _camera.framesize


def width():
    return _camera.framesize[0]


def height():
    return _camera.framesize[1]


def set_hmirror(enable):
    _camera.hmirror = bool(enable)


def get_hmirror():
    return _camera.hmirror


def set_vflip(enable):
    _camera.vflip = bool(enable)


def get_vflip():
    return _camera.vflip


def get_id():
    return 0


def skip_frames(time=0, n=0):
    """Takes and drops n images, or as many as come in `time` milliseconds. Only a camera has to settle."""
    if not _camera.path().startswith("/dev/"):
        time = 0
    end = _now() + time / 1000
    while n > 0 or _now() < end:
        _camera.snapshot()
        n -= 1


def snapshot(buffer=None):
    """The next image."""
    return _camera.snapshot()


def status():
    return {"ready": _camera.source is not None, "id": 0, "width": width(), "height": height(),
            "pixformat": get_pixformat(), "hmirror": get_hmirror(), "vflip": get_vflip()}
