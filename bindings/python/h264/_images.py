"""What an image is: any of the objects that people have, described as a buffer, a pixel format and a size.

    numpy and other arrays   (H, W) gray8; (H, W, 3) rgb24; (H, W, 4) rgba; (H * 3 / 2, W) i420; (H, W) of 16 bits rgb565
    bytes and the like       by their number: i420, gray8, rgb565le, rgb24 or rgba
    PIL.Image.Image          any mode
    OpenMV-style images      width(), height(), format() and a buffer or bytearray()

A format given to the encoder ("bgr24", "yuyv", "nv12", ...) settles what shape and number leave open.
"""
import sys

from . import _h264

_FORMATS = {name: number for number, name in enumerate(_h264.formats())}
_NAMES = {number: name for name, number in _FORMATS.items()}
_PLANAR = ("i420", "nv12", "nv21")
# Bytes per pixel: the formats of that size, the most likely first.
_BY_SIZE = {1: ("gray8",), 2: ("yuyv", "uyvy", "rgb565le", "rgb565be"), 3: ("rgb24", "bgr24"), 4: ("rgba", "bgra")}
_PIL_FORMATS = {"L": "gray8", "RGB": "rgb24", "RGBA": "rgba", "RGBX": "rgba"}


class Image:
    """Samples in `buffer`, as C sees them."""

    __slots__ = ("buffer", "format", "width", "height")

    def __init__(self, buffer, format, width, height):
        self.buffer, self.format, self.width, self.height = buffer, format, width, height


def find_format(name):
    """Number of a pixel format, or ValueError."""
    number = _h264.find_format(name)
    if number < 0:
        raise ValueError("unknown pixel format %r; known are %s" % (name, ", ".join(_FORMATS)))
    return number


def describe(image, size, wanted):
    """The Image of any object. size: the encoder's (bytes do not tell theirs); wanted: format number or None."""
    if callable(getattr(image, "width", None)) and callable(getattr(image, "height", None)):
        return _openmv(image, wanted)
    if isinstance(getattr(image, "mode", None), str) and hasattr(image, "tobytes"):
        return _pil(image)
    try:
        view = memoryview(image)
    except TypeError:
        if not hasattr(image, "__array__"):
            raise TypeError("%s is no image: a buffer, a PIL image or an object with width(), height() and format() "
                            "is wanted" % type(image).__name__) from None
        view = memoryview(image.__array__())
    if view.format.lstrip("@=<>!") not in ("B", "c", "H"):
        raise ValueError("samples must be 8-bit unsigned (16-bit for rgb565), not %r" % view.format)
    if view.ndim >= 2:
        return _array(view, size, wanted)
    return _bytes(view, size, wanted)


def _bytes(view, size, wanted):
    width, height = size
    number = wanted if wanted is not None else _h264.format_of_size(view.nbytes, width, height)
    if number < 0:
        raise ValueError("%d bytes are no image of %dx%d in i420, gray8, rgb565le, rgb24 or rgba; other formats must be "
                         "given to the encoder" % (view.nbytes, width, height))
    return Image(view, number, width, height)


def _array(view, size, wanted):
    """By shape; the format given decides between those that look alike."""
    if view.ndim > 3:
        raise ValueError("an array of %d dimensions is no image" % view.ndim)
    name = _NAMES.get(wanted)
    bytes_per_pixel = view.itemsize * (view.shape[2] if view.ndim == 3 else 1)
    if bytes_per_pixel == 1 and view.ndim == 2 and (name in _PLANAR or (name is None and _is_i420(view.shape, size))):
        return _planar(view, name or "i420")
    height, width = view.shape[:2]
    return Image(_rows(view), _FORMATS[_packed_format(view, bytes_per_pixel, name)], width, height)


def _packed_format(view, bytes_per_pixel, name):
    alike = _BY_SIZE.get(bytes_per_pixel)
    if alike is None:
        raise ValueError("an array of shape %r is no image" % (view.shape,))
    if name in alike:
        return name
    if bytes_per_pixel != 2:
        return alike[0]
    if view.itemsize != 2:
        raise ValueError("two bytes per pixel may be %s: give format= to the encoder" % ", ".join(alike))
    return "rgb565le" if _is_little(view.format) else "rgb565be"


def _is_i420(shape, size):
    """The layout that OpenCV uses: all planes below each other, as wide as luma."""
    width, height = size
    return shape == (height + height // 2, width) and width % 2 == 0 and height % 2 == 0


def _planar(view, name):
    rows, width = view.shape
    return Image(view if view.c_contiguous else view.tobytes(), _FORMATS[name], width, rows * 2 // 3)


def _is_little(form):
    order = form[0] if form[0] in "@=<>!" else "@"
    return order == "<" or (order in "@=" and sys.byteorder == "little")


def _rows(view):
    """The view if its rows are each in one piece, else a copy."""
    step = view.itemsize
    for length, stride in zip(reversed(view.shape[1:]), reversed(view.strides[1:])):
        if length > 1 and stride != step:
            return view.tobytes()
        step *= length
    return view


def _pil(image):
    name = _PIL_FORMATS.get(image.mode)
    if name is None:
        image, name = image.convert("RGB"), "rgb24"
    width, height = image.size
    return Image(image.tobytes(), _FORMATS[name], width, height)


def _openmv(image, wanted):
    number = _openmv_format(image, wanted)
    buffer = _openmv_buffer(image)
    if number == _h264.JPEG:
        return _pil(_unpack_jpeg(buffer))
    return Image(buffer, number, image.width(), image.height())


def _openmv_format(image, wanted):
    if wanted is not None:
        return wanted
    value = image.format()
    if isinstance(value, str):
        name = {"grayscale": "gray8", "yuv422": "yuyv"}.get(value.lower(), value)
        return _h264.JPEG if name.lower() == "jpeg" else find_format(name)
    number = _h264.format_of_pixformat(value)
    if number < 0:
        raise ValueError("pixel format %r is none of GRAYSCALE, RGB565, YUV422, JPEG" % (value,))
    return number


def _openmv_buffer(image):
    try:
        return memoryview(image).cast("B")
    except TypeError:
        if not hasattr(image, "bytearray"):
            raise TypeError("%s has neither a buffer nor bytearray()" % type(image).__name__) from None
        return memoryview(image.bytearray()).cast("B")


def _unpack_jpeg(data):
    try:
        from PIL import Image as pil
    except ImportError:
        raise ValueError("a JPEG image needs Pillow to be unpacked: pip install Pillow") from None
    import io
    picture = pil.open(io.BytesIO(data))
    picture.load()
    return picture
