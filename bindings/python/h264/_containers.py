"""Files: class Mp4Writer, class Reader, probe."""
import io
import os
from fractions import Fraction

from . import _h264, _stream_facts
from ._encoder import Packet

_LAYOUTS = ("index-last", "index-first", "fragmented")


class _File:
    """What C calls, over a file object of Python."""

    def __init__(self, target, mode):
        self.owned = isinstance(target, (str, bytes, os.PathLike))
        self.file = open(target, mode) if self.owned else target

    def write(self, data):
        self.file.write(data)

    def write_at(self, offset, data):
        end = self.file.tell()
        self.file.seek(offset)
        self.file.write(data)
        self.file.seek(end)

    def read_at(self, offset, size):
        end = self.file.tell()
        self.file.seek(offset)
        data = self.file.read(size)
        self.file.seek(end)
        return data

    def truncate(self, size):
        self.file.truncate(size)

    def sync(self):
        self.file.flush()

    def size(self):
        start = self.file.tell()
        size = self.file.seek(0, io.SEEK_END)
        self.file.seek(start)
        return size

    def close(self):
        if self.owned:
            self.file.close()


def _ratio(value):
    """An exact Fraction; 29.97 and its like are the rates of television, 30000/1001."""
    if isinstance(value, tuple):
        return Fraction(*value)
    value = Fraction(str(value))
    television = Fraction(round(value) * 1000, 1001)
    return television if value.denominator != 1 and abs(value - television) < Fraction(1, 200) else value


class Mp4Writer:
    """Packets in, MP4 out.

        with h264.Mp4Writer("out.mp4", fps=30) as mp4:
            for image in images:
                mp4.write(enc.encode_packets(image))

    target      a path, or a file object opened for binary reading and writing ("fragmented": writing alone)
    fps         images per second, where times are numbered by image; or
    time_base   seconds per unit of the packets' times: (1, 90000)
    layout      "index-last", "index-first" (plays before it has arrived whole) or "fragmented" (complete at any moment,
                needs no seeking)
    headers     SPS and PPS (H264Encoder.headers()); None: from the first packet
    fragment_ms, fragment_at_keyframes      length of fragments
    """

    def __init__(self, target, *, fps=None, time_base=None, layout="index-last", headers=None, fragment_ms=1000,
                 fragment_at_keyframes=False):
        if (fps is None) == (time_base is None):
            raise TypeError("Mp4Writer needs either fps or time_base")
        if layout not in _LAYOUTS:
            raise ValueError("layout must be one of %s" % ", ".join(_LAYOUTS))
        unit = 1 / _ratio(fps) if time_base is None else _ratio(time_base)
        self._io = _File(target, "w+b")
        try:
            self._core = _h264.Mp4Writer(self._io, _LAYOUTS.index(layout), unit.numerator, unit.denominator, 0,
                                         fragment_ms, fragment_at_keyframes, headers)
        except BaseException:
            self._io.close()
            raise

    def write(self, packets):
        """Adds a Packet, or several, in the order in which encode_packets gives them."""
        for p in (packets,) if isinstance(packets, Packet) else packets:
            self._core.write(p.data, p.pts, p.dts, p.keyframe, p.is_reference)

    def finish(self):
        """Writes what is missing for a complete file, and closes it."""
        self._core.finish()
        self.close()

    def close(self):
        """Closes without finishing: the file is incomplete, though its pictures can be recovered."""
        self._core.close()
        self._io.close()

    def __enter__(self):
        return self

    def __exit__(self, kind, value, traceback):
        if kind is None:
            self.finish()
        else:
            self.close()


class Reader:
    """The packets of an MP4 file or an H.264 stream, in decoding order: an iterable, with len() and [index].

        for packet in h264.Reader("film.mp4"):
            pictures = dec.decode(packet.data, pts=packet.pts)

    source      a path, a file object, or the bytes themselves
    fps         of streams, which know no times; None: what they say, or 25
    Packets carry start codes, and parameter sets before each keyframe. ValueError: the file is neither, or beyond repair.
    """

    def __init__(self, source, *, fps=None):
        if isinstance(source, (bytes, bytearray, memoryview)):
            source = io.BytesIO(source)
        rate = Fraction(0, 1) if fps is None else _ratio(fps)
        self._io = _File(source, "rb")
        try:
            self._core = _h264.Reader(self._io, self._io.size(), rate.numerator, rate.denominator if fps else 0, 0)
            self._info = self._core.info()
        except BaseException:
            self._io.close()
            raise

    def __len__(self):
        return self._info["packets"]

    def __getitem__(self, index):
        number = index + len(self) if index < 0 else index
        found = self._core.packet(number, True) if 0 <= number < len(self) else None
        if found is None:
            raise IndexError("packet %d of %d" % (index, len(self)))
        _, pts, dts, keyframe, is_reference, data = found
        return Packet(data, pts, dts, "IDR" if keyframe else "", keyframe, 0, is_reference)

    def __iter__(self):
        return (self[number] for number in range(len(self)))

    @property
    def headers(self):
        """SPS and PPS, with start codes."""
        return self._info["headers"]

    @property
    def time_base(self):
        """Seconds per unit of the packets' times, a Fraction."""
        return Fraction(self._info["time_base_num"], self._info["time_base_den"])

    def info(self):
        """Facts of the file, as probe gives them."""
        i = self._info
        facts = _stream_facts.describe(i, i["constraint_flags"] & 0x40)  # as a byte: constraint_set1_flag
        sizes = [self._core.packet(n, False) for n in range(len(self))]
        duration = i["duration"] * self.time_base
        total = sum(size[0] for size in sizes)
        facts.update(container="mp4" if i["is_mp4"] else "h264", fragmented=i["is_fragmented"], codec=i["codec"],
                     frames=len(self), keyframes=sum(size[3] for size in sizes), duration=float(duration), bytes=total,
                     bitrate=int(total * 8 / duration) if duration else 0, repaired=i["repaired"])
        return facts

    def close(self):
        """Closes the file."""
        self._core.close()
        self._io.close()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()


def probe(source):
    """What a file (a path, a file object, or its bytes) holds: a dict with container, fragmented, codec, width, height,
    profile, level, fps, format, bit_depth, sar, full_range, colour, frames, keyframes, duration (seconds), bytes, bitrate and
    repaired (the file was cut or unfinished)."""
    with Reader(source) as reader:
        return reader.info()
