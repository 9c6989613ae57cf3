# For a MicroPython whose module has the encoder for small machines: codes FOLDER/in.raw under several settings. The bytes must be
# those of tests/tiny/tiny_encode.c; test_micropython.py compares them.
import sys

import h264

folder = sys.argv[1]


def run(name, size, **options):
    enc = h264.H264Encoder(64, 48, **options)
    image = bytearray(size)
    with open(folder + "/in.raw", "rb") as source, open(folder + "/" + name, "wb") as out:
        while source.readinto(image) == size:
            out.write(enc.encode(image))
    enc.close()
    try:
        enc.encode(image)
        raise AssertionError("a closed encoder encodes")
    except OSError:
        pass


run("default.264", 64 * 48 * 3 // 2)
run("rgb565.264", 64 * 48 * 2, fps=10, bitrate=90000)
run("options.264", 64 * 48 * 3 // 2, fps=30, gop=4, bitrate=300000, qp_min=12, qp_max=40, aud=True, deblock=(-2, 1))
run("quantiser.264", 64 * 48 * 3 // 2, qp=33)
print("done")
