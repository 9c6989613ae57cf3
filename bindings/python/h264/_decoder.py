"""Class Decoder and what it gives."""
from . import _h264, _stream_facts

_FORMAT_NAMES = _h264.formats()


class Picture:
    """A decoded picture.

    data            bytes: planes Y, Cb, Cr one after another ("i420"), or Y alone ("gray8")
    width, height   size
    format          "i420" or "gray8"
    pts             what was given with the bytes that it starts in, or None
    type            "IDR", "I", "P", "B"
    keyframe        decoding could have started here
    poc             picture order count
    damaged         macroblocks that were missing or damaged and are made up
    """

    __slots__ = ("data", "width", "height", "format", "pts", "type", "keyframe", "poc", "damaged", "_matrix", "_full_range")

    def __init__(self, data, width, height, format, pts, type, keyframe, poc, damaged, matrix, full_range):
        self.data, self.width, self.height, self.format = data, width, height, _FORMAT_NAMES[format]
        self.pts, self.type, self.keyframe, self.poc, self.damaged = pts, type, keyframe, poc, damaged
        self._matrix, self._full_range = matrix, full_range

    def planes(self):
        """Views of the planes: (data, width, height) for each."""
        view, found, at = memoryview(self.data), [], 0
        chroma = ((self.width + 1) // 2, (self.height + 1) // 2)
        sizes = [(self.width, self.height)] + ([chroma] * 2 if self.format == "i420" else [])
        for width, height in sizes:
            found.append((view[at:at + width * height], width, height))
            at += width * height
        return found

    def rgb(self):
        """The picture as bytes R, G, B, by the matrix and range that the stream names."""
        return _h264.to_rgb(self.data, _FORMAT_NAMES.index(self.format), self.width, self.height, self._matrix,
                            self._full_range)

    def __repr__(self):
        return "Picture(%dx%d, %s, type=%r, pts=%r)" % (self.width, self.height, self.format, self.type, self.pts)


class Decoder:
    """H.264 bytes in, pictures out: progressive 8-bit streams of the Baseline, Main and High profiles.

        dec = Decoder()
        for chunk in chunks:
            for picture in dec.decode(chunk):
                show(picture)
        for picture in dec.flush():
            show(picture)

    max_width, max_height   larger pictures are refused
    nal_length_size         0: start codes (Annex B); 1, 2, 4: units are led by lengths of that many bytes, as in MP4
    whole_units             True: every chunk holds whole access units, so none has to wait for the next
    strict                  True: damage raises ValueError; else it is counted (damaged_units) and covered up
    """

    def __init__(self, *, max_width=8192, max_height=8192, nal_length_size=0, whole_units=False, strict=False):
        self._core = _h264.Decoder(max_width, max_height, nal_length_size, whole_units)
        self._strict = strict

    def _pictures(self, tuples, damaged_before):
        if self._strict and self._core.damage()[0] > damaged_before:
            raise ValueError(self._core.damage()[1])
        return [Picture(*fields) for fields in tuples]

    def decode(self, data, *, pts=None):
        """Pictures that these bytes (any piece of the stream) complete, in the order in which they are shown: a list."""
        before = self._core.damage()[0]
        return self._pictures(self._core.decode(data, pts), before)

    def flush(self):
        """The remaining pictures. Afterwards a new stream may begin."""
        before = self._core.damage()[0]
        return self._pictures(self._core.flush(), before)

    def info(self):
        """What the stream says of itself: a dict with width, height, profile, level, fps, format, bit_depth, sar, full_range,
        colour, cabac, transform_8x8, max_ref_frames, reorder_frames. None before the first picture."""
        info = self._core.info()
        if info is None:
            return None
        facts = _stream_facts.describe(info, info["constraint_flags"] & 2)  # bit i is constraint_set<i>_flag
        facts.update(cabac=bool(info["cabac"]), transform_8x8=bool(info["transform_8x8"]),
                     max_ref_frames=info["max_ref_frames"], reorder_frames=info["reorder_frames"])
        return facts

    @property
    def damaged_units(self):
        """Units of the stream that could not be used so far."""
        return self._core.damage()[0]

    @property
    def last_error(self):
        """Sentence about the last of them."""
        return self._core.damage()[1]

    def close(self):
        """Gives the memory back. Closing twice is harmless; decode raises OSError afterwards."""
        self._core.close()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()
