# Records 300 images of the camera as an H.264 stream.
#
#   on a board    as it is, or with another path in OUT_PATH, e.g. "/sdcard/out.h264"
#   on a PC       PYTHONPATH=examples/pc python3 record_h264.py [PATH]
#
#   ffplay -framerate 15 out.h264
#   ffmpeg -framerate 15 -i out.h264 -c copy out.mp4
import sys

import h264
import sensor

OUT_PATH = sys.argv[1] if len(sys.argv) > 1 else "out.h264"
FRAMES = 300

sensor.reset()
sensor.set_pixformat(sensor.RGB565)
sensor.set_framesize(sensor.QVGA)
sensor.skip_frames(time=1000)

image = sensor.snapshot()
enc = h264.H264Encoder(image.width(), image.height(), fps=15, bitrate=1_500_000, gop=15)
size = 0
try:
    with open(OUT_PATH, "wb") as out:
        for _ in range(FRAMES):
            nal = enc.encode(image)
            out.write(nal)
            size += len(nal)
            image = sensor.snapshot()
finally:
    enc.close()

print("wrote", FRAMES, "frames,", size, "bytes, to", OUT_PATH)
