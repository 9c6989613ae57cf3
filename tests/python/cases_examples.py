"""The scripts under examples/ as a user starts them on a PC, with the stand-in camera."""
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from streams import FFMPEG, FFPROBE, decode, mean_error, probe, unit_types

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
STAND_INS = EXAMPLES / "pc"
RECORD = EXAMPLES / "01-Camera" / "01-H264" / "record_h264.py"


def environment(**more):
    return {**os.environ, "PYTHONPATH": str(STAND_INS), "PYTHONDONTWRITEBYTECODE": "1", "SENSOR_SOURCE": "scene",
            "SENSOR_FPS": "0", **more}


def run(script, *arguments, **more):
    return subprocess.run([sys.executable, str(script), *map(str, arguments)], env=environment(**more), check=True,
                          stdout=subprocess.PIPE, text=True).stdout


def snapshots(code, **more):
    """Runs code with sensor imported; returns what it writes to standard output as bytes."""
    return subprocess.run([sys.executable, "-c", "import sys, sensor\n" + code], env=environment(**more), check=True,
                          stdout=subprocess.PIPE).stdout


class Record(unittest.TestCase):
    def record(self, **more):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "out.h264"
            said = run(RECORD, path, **more)
            stream = path.read_bytes()
        self.assertIn("300 frames, %d bytes" % len(stream), said)
        return stream

    def check(self, stream):
        types = unit_types(stream)
        self.assertEqual(types.count(5), 20)  # keyframes: one in 15
        self.assertEqual(types.count(7), 20)
        self.assertEqual(types.count(8), 20)
        self.assertEqual(types.count(1), 280)
        facts = probe(stream, "codec_name", "profile", "width", "height", "r_frame_rate", "nb_read_frames")
        self.assertEqual(facts, {"codec_name": "h264", "profile": "Constrained Baseline", "width": "320",
                                 "height": "240", "r_frame_rate": "15/1", "nb_read_frames": "300"})

    @unittest.skipUnless(FFPROBE, "ffprobe is not installed")
    def test_scene(self):
        self.check(self.record())

    @unittest.skipUnless(FFMPEG and FFPROBE, "ffmpeg is not installed")
    def test_video_file(self):
        with tempfile.TemporaryDirectory() as folder:
            video = Path(folder) / "source.mkv"
            subprocess.run([FFMPEG, "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=426x240:rate=25:duration=2",
                            "-c:v", "ffv1", str(video)], check=True)
            self.check(self.record(SENSOR_SOURCE=str(video)))

    @unittest.skipUnless(FFMPEG, "ffmpeg is not installed")
    def test_what_it_shows(self):
        pictures = decode(self.record(), "rgb565le")
        code = ("sensor.reset(); sensor.set_pixformat(sensor.RGB565); sensor.set_framesize(sensor.QVGA)\n"
                "for _ in range(30): sys.stdout.buffer.write(sensor.snapshot().bytearray())")
        source = snapshots(code)
        # High bytes only: five bits of red, three of green.
        self.assertLess(mean_error(pictures[1:len(source):2], source[1::2]), 16)


class Sensor(unittest.TestCase):
    def test_sizes_and_formats(self):
        code = """
sizes = {"QQVGA": (160, 120), "QVGA": (320, 240), "CIF": (352, 288), "VGA": (640, 480), "SVGA": (800, 600),
         "XGA": (1024, 768), "HD": (1280, 720), "FHD": (1920, 1080)}
for name, size in sizes.items():
    for pixformat, depth in ((sensor.GRAYSCALE, 1), (sensor.RGB565, 2), (sensor.YUV422, 2)):
        sensor.reset()
        sensor.set_pixformat(pixformat)
        sensor.set_framesize(getattr(sensor, name))
        sensor.skip_frames(time=2000)
        image = sensor.snapshot()
        assert (image.width(), image.height()) == size == (sensor.width(), sensor.height()), name
        assert image.format() == pixformat and image.size() == size[0] * size[1] * depth
print("good")
"""
        self.assertEqual(snapshots(code), b"good\n")

    @unittest.skipUnless(FFMPEG, "ffmpeg is not installed")
    def test_formats_show_the_same(self):
        """The scene in all formats, made to RGB by ffmpeg."""
        shown = []
        for name, pixels in (("RGB565", "rgb565le"), ("YUV422", "yuyv422")):
            raw = snapshots("sensor.set_pixformat(sensor.%s); sys.stdout.buffer.write(sensor.snapshot().bytearray())"
                            % name)
            shown.append(subprocess.run([FFMPEG, "-v", "error", "-f", "rawvideo", "-pix_fmt", pixels, "-s", "320x240",
                                         "-i", "-", "-pix_fmt", "rgb24", "-f", "rawvideo", "-"], input=raw,
                                        stdout=subprocess.PIPE, check=True).stdout)
        self.assertLess(mean_error(*shown), 10)

    def test_flips(self):
        code = """
import image
def picture(pixformat, data):
    return image.Image(4, 2, pixformat, buffer=bytearray(data))
p = picture(image.GRAYSCALE, [1, 2, 3, 4, 5, 6, 7, 8]); p.flip(True, False)
assert list(p.bytearray()) == [4, 3, 2, 1, 8, 7, 6, 5]
p.flip(False, True)
assert list(p.bytearray()) == [8, 7, 6, 5, 4, 3, 2, 1]
p = picture(image.RGB565, [1, 2, 3, 4, 5, 6, 7, 8] * 2); p.flip(True, False)
assert list(p.bytearray()) == [7, 8, 5, 6, 3, 4, 1, 2] * 2
p = picture(image.YUV422, ["Y0 U0 Y1 V0 Y2 U1 Y3 V1".split().index(w) for w in "Y0 U0 Y1 V0 Y2 U1 Y3 V1".split()] * 2)
p.flip(True, False)
assert ["Y0 U0 Y1 V0 Y2 U1 Y3 V1".split()[i] for i in p.bytearray()] == "Y3 U1 Y2 V1 Y1 U0 Y0 V0".split() * 2
print("good")
"""
        self.assertEqual(snapshots(code), b"good\n")

    def test_time_passes_as_with_a_camera(self):
        code = """
import time
sensor.snapshot()
start = time.monotonic()
for _ in range(10): sensor.snapshot()
print(time.monotonic() - start > 0.15)
"""
        self.assertEqual(snapshots(code, SENSOR_FPS="50"), b"True\n")

    def test_missing_file(self):
        code = "try: sensor.snapshot()\nexcept OSError as e: print(e)"
        self.assertIn(b"no-such-file", snapshots(code, SENSOR_SOURCE="no-such-file.mp4"))


if __name__ == "__main__":
    unittest.main()
