"""Class H264Encoder."""
from fractions import Fraction

from . import _h264, _images, _options


class Packet:
    """One access unit: data (bytes), pts, dts, type ("IDR", "I", "P", "B"), keyframe, qp (mean) and is_reference."""

    __slots__ = ("data", "pts", "dts", "type", "keyframe", "qp", "is_reference")

    def __init__(self, data, pts, dts, type, keyframe, qp, is_reference):
        self.data, self.pts, self.dts, self.type = data, pts, dts, type
        self.keyframe, self.qp, self.is_reference = keyframe, qp, is_reference

    def __repr__(self):
        return "Packet(%d bytes, pts=%d, dts=%d, type=%r, qp=%d)" % (
            len(self.data), self.pts, self.dts, self.type, self.qp)


class H264Encoder:
    """One image in, one H.264 access unit out, without delay.

        enc = H264Encoder(320, 240, fps=15)
        nal = enc.encode(image)
        enc.close()

    width, height   size of the images, 16 to 8192, odd sizes too
    fps             images per second: 15, 29.97, (30000, 1001)
    gop             images from keyframe to keyframe; 0: one second
    bitrate         bits per second; 0: width * height * fps
    qp_min, qp_max  range of the quantiser, 0 to 51: lower is better quality and larger frames

    Every keyframe carries the parameter sets, so a stream can be joined there. Threads: the interpreter runs on while an
    image is encoded; calls on one encoder wait for each other, different encoders are independent.

    preset          effort, "ultrafast" to "placebo"; default "veryfast"
    tune            "psnr", "ssim", "film", ...; besides zero latency
    backend         "auto", "software" or the name of a hardware encoder
    format          pixel format of the images ("bgr24", "nv12", "yuyv", ...) where they do not tell it themselves

    Further keywords, with their range or choices. What is not given comes from the preset, but profile is "baseline",
    scenecut 0, sei_version off, and small images are coded by one thread. Bits are counted in ones; as text also "800k".
    """

    def __init__(self, width, height, *, fps=15, gop=0, bitrate=0, qp_min=25, qp_max=45, preset=None, tune=None,
                 backend=None, format=None, **options):
        for keyword in options:
            if keyword.replace("_", "-") in _options.NOT_KEYWORDS:
                raise TypeError("H264Encoder() got an unexpected keyword argument %r" % keyword)
        texts = [_options.option_text(keyword, value) for keyword, value in options.items() if value is not None]
        if format is not None:
            texts.append(("format", format))
        self._wanted = None if format is None else _images.find_format(format)
        self._size = (width, height)
        self._core = _h264.Encoder(width, height, _options.rate_text(fps), gop, bitrate, qp_min, qp_max, preset, tune,
                                   backend, texts)

    # ---- images in, bytes out ----

    def _image(self, image, keyframe, pts):
        if self._core.closed:
            raise OSError("Encoder closed")
        i = _images.describe(image, self._size, self._wanted)
        return i.buffer, i.format, i.width, i.height, keyframe, pts

    def encode(self, image, *, keyframe=False, pts=None):
        """The access unit of one image, as bytes with start codes (Annex B).

        image      an array (H, W, 3), (H, W, 4) or (H, W), planar YUV bytes, a PIL image, or an object with width(),
                   height(), format() and a buffer
        keyframe   True: code it as a keyframe
        pts        time in units of 1/fps (see timebase); must increase. None: one more than the last

        With B pictures or lookahead (bframes, rc_lookahead) the bytes may be those of earlier images, of several or
        none. ValueError: the image has another size than the encoder. OSError: the encoder is closed.
        """
        packets = self._core.encode(*self._image(image, keyframe, pts))
        return packets[0][0] if len(packets) == 1 else b"".join(p[0] for p in packets)

    def encode_packets(self, image, *, keyframe=False, pts=None):
        """As encode, but a list of Packet objects with their times, for muxers."""
        return [Packet(*p) for p in self._core.encode(*self._image(image, keyframe, pts))]

    def encode_into(self, image, buffer, *, keyframe=False, pts=None):
        """As encode, into a writable buffer; returns the number of bytes.

        ValueError: the buffer is too small, the message says how many bytes are needed. The access unit is not lost:
        call again with a larger buffer.
        """
        return self._core.encode_into(*self._image(image, keyframe, pts), buffer)

    def flush(self):
        """The bytes still held back (with bframes or rc_lookahead); no image can be encoded afterwards."""
        return b"".join(p[0] for p in self._core.flush())

    def flush_packets(self):
        """As flush, but a list of Packet objects."""
        return [Packet(*p) for p in self._core.flush()]

    # ---- control ----

    def keyframe(self):
        """Was the image encoded last a keyframe? (A question; to ask for one, see force_keyframe.)"""
        return self._core.keyframe()

    def force_keyframe(self):
        """The next image becomes a keyframe."""
        self._core.force_keyframe()

    def close(self):
        """Gives the memory back. Closing twice is harmless; encode raises OSError afterwards."""
        self._core.close()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    # ---- settings and figures ----

    @property
    def width(self):
        """Width of the images."""
        return self._size[0]

    @property
    def height(self):
        """Height of the images."""
        return self._size[1]

    @property
    def bitrate(self):
        """Target in bits per second. Can be set at any time, without a keyframe; 0: width * height * fps."""
        return self._core.rates()[0]

    @bitrate.setter
    def bitrate(self, value):
        self._core.set_bitrate(value)

    @property
    def fps(self):
        """Images per second, an int or a Fraction. Can be set at any time."""
        rate = Fraction(*self._core.rates()[1:3])
        return rate.numerator if rate.denominator == 1 else rate

    @fps.setter
    def fps(self, value):
        self._core.set_fps(_options.rate_text(value))

    @property
    def qp_min(self):
        """Lowest quantiser. Can be set at any time."""
        return self._core.rates()[3]

    @qp_min.setter
    def qp_min(self, value):
        self._core.set_qp(value, self.qp_max)

    @property
    def qp_max(self):
        """Highest quantiser. Can be set at any time."""
        return self._core.rates()[4]

    @qp_max.setter
    def qp_max(self, value):
        self._core.set_qp(self.qp_min, value)

    @property
    def delay(self):
        """Images that are held back, at most: 0 unless bframes or rc_lookahead ask for it."""
        return self._core.delay

    def headers(self):
        """SPS and PPS, with start codes."""
        return self._core.headers()

    def avcc(self):
        """AVCDecoderConfigurationRecord (the avcC box of MP4)."""
        return self._core.avcc()

    def option(self, keyword):
        """Value in effect of any option, as text."""
        return self._core.setting(keyword.replace("_", "-"))

    def adjustments(self):
        """What the encoder changed of the settings, and why: a list of sentences."""
        return self._core.adjustments()

    def stats(self):
        """Figures of the stream so far: a dict with frames, keyframes, bytes, largest_frame, mean_bitrate (bits/s),
        mean_qp, last_type, last_bytes, last_qp, last_pts, backend."""
        return self._core.stats()


H264Encoder.__doc__ += _options.keywords_text() + "\n"
