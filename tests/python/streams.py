"""Helpers of the tests in this folder: pictures to encode, and a look into what came out."""
import shutil
import subprocess

FFMPEG = shutil.which("ffmpeg")
FFPROBE = shutil.which("ffprobe")


def rgb_picture(width, height, number=0):
    """A gradient with a moving square, as bytes R, G, B."""
    rows = []
    left, top = (7 * number) % width, (5 * number) % height
    for y in range(height):
        row = bytearray()
        for x in range(width):
            inside = left <= x < left + 12 and top <= y < top + 12
            row += bytes((255, 255, 0)) if inside else bytes(((x * 255) // width, (y * 255) // height, 128))
        rows.append(bytes(row))
    return b"".join(rows)


def gray_picture(width, height, number=0):
    return bytes((x * 3 + y * 5 + number * 4) & 255 for y in range(height) for x in range(width))


def i420_picture(width, height, number=0):
    chroma = ((width + 1) // 2) * ((height + 1) // 2)
    return gray_picture(width, height, number) + bytes([110 + number % 8]) * chroma + bytes([140]) * chroma


def rgb565(rgb, big=False):
    out = bytearray()
    for i in range(0, len(rgb), 3):
        value = (rgb[i] >> 3) << 11 | (rgb[i + 1] >> 2) << 5 | rgb[i + 2] >> 3
        out += value.to_bytes(2, "big" if big else "little")
    return bytes(out)


def units(stream):
    """NAL units of an Annex B stream, without start codes."""
    found, at = [], stream.find(b"\0\0\1")
    while at >= 0:
        start = at + 3
        at = stream.find(b"\0\0\1", start)
        unit = stream[start:] if at < 0 else stream[start:at]
        found.append(unit.rstrip(b"\0") if at >= 0 else unit)
    return found


def unit_types(stream):
    return [unit[0] & 31 for unit in units(stream)]


def probe(stream, *entries):
    """Values that ffprobe tells of the video stream, by name."""
    command = [FFPROBE, "-v", "error", "-f", "h264", "-i", "-", "-count_frames", "-show_entries",
               "stream=" + ",".join(entries), "-of", "default=noprint_wrappers=1"]
    done = subprocess.run(command, input=stream, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True)
    if done.stderr:
        raise AssertionError("ffprobe: " + done.stderr.decode())
    return dict(line.split("=", 1) for line in done.stdout.decode().splitlines())


def decode(stream, pixels="yuv420p"):
    """All pictures as FFmpeg decodes them, tightly packed; any complaint of it is an error."""
    command = [FFMPEG, "-v", "error", "-f", "h264", "-i", "-", "-fps_mode", "passthrough", "-pix_fmt", pixels, "-f",
               "rawvideo", "-"]
    done = subprocess.run(command, input=stream, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True)
    if done.stderr:
        raise AssertionError("ffmpeg: " + done.stderr.decode())
    return done.stdout


def mean_error(a, b):
    """Mean absolute difference of two equally long byte strings."""
    assert len(a) == len(b), (len(a), len(b))
    return sum(abs(x - y) for x, y in zip(a, b)) / len(a)
