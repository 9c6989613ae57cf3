"""Types of package h264; the options among them by scripts/make_stubs.py."""
from fractions import Fraction
from types import TracebackType
from typing import Any, Dict, Iterable, Iterator, List, Optional, Tuple, Type, Union

__version__: str

# Arrays (H, W, 3), (H, W, 4) and (H, W), planar YUV bytes, PIL images, objects with width(), height(), format().
Image = Any
Rate = Union[int, float, Fraction, str, Tuple[int, int]]
Bits = Union[int, str]


class Packet:
    data: bytes
    pts: int
    dts: int
    type: str
    keyframe: bool
    qp: int
    is_reference: bool


class H264Encoder:
    def __init__(
        self,
        width: int,
        height: int,
        *,
        fps: Rate = 15,
        gop: int = 0,
        bitrate: int = 0,
        qp_min: int = 25,
        qp_max: int = 45,
        preset: Optional[str] = None,
        tune: Optional[str] = None,
        backend: Optional[str] = None,
        format: Optional[str] = None,
        # Options, by scripts/make_stubs.py:
        timebase: Union[None, str, Tuple[int, int]] = None,
        profile: Optional[str] = None,
        level: Optional[str] = None,
        keyint: Union[None, int, str] = None,
        min_keyint: Optional[int] = None,
        scenecut: Optional[int] = None,
        intra_refresh: Optional[bool] = None,
        bframes: Optional[int] = None,
        b_adapt: Optional[int] = None,
        b_pyramid: Optional[str] = None,
        ref: Optional[int] = None,
        long_term: Optional[int] = None,
        slices: Optional[int] = None,
        cabac: Optional[bool] = None,
        transform_8x8: Optional[bool] = None,
        cqm: Optional[str] = None,
        cqm4: Union[None, str, List[Any]] = None,
        cqm4i: Union[None, str, List[Any]] = None,
        cqm4p: Union[None, str, List[Any]] = None,
        cqm4iy: Union[None, str, List[Any]] = None,
        cqm4ic: Union[None, str, List[Any]] = None,
        cqm4py: Union[None, str, List[Any]] = None,
        cqm4pc: Union[None, str, List[Any]] = None,
        cqm8: Union[None, str, List[Any]] = None,
        cqm8i: Union[None, str, List[Any]] = None,
        cqm8p: Union[None, str, List[Any]] = None,
        chroma_qp_offset: Optional[int] = None,
        deblock: Union[None, str, Tuple[int, int]] = None,
        weightp: Optional[int] = None,
        weightb: Optional[int] = None,
        direct: Optional[str] = None,
        constrained_intra: Optional[bool] = None,
        me: Optional[str] = None,
        merange: Optional[int] = None,
        subme: Optional[int] = None,
        partitions: Union[None, str, List[Any]] = None,
        trellis: Optional[int] = None,
        chroma_me: Optional[bool] = None,
        mixed_refs: Optional[bool] = None,
        fast_pskip: Optional[bool] = None,
        dct_decimate: Optional[bool] = None,
        deblock_trial: Optional[bool] = None,
        qp_rd: Optional[bool] = None,
        psy_rd: Optional[float] = None,
        psy: Optional[bool] = None,
        qp: Optional[int] = None,
        crf: Optional[float] = None,
        rate_mode: Optional[str] = None,
        vbv_maxrate: Optional[Bits] = None,
        vbv_bufsize: Optional[Bits] = None,
        vbv_init: Optional[float] = None,
        qpstep: Optional[int] = None,
        ipratio: Optional[float] = None,
        pbratio: Optional[float] = None,
        qcomp: Optional[float] = None,
        aq_mode: Optional[int] = None,
        aq_strength: Optional[float] = None,
        mbtree: Optional[bool] = None,
        steady: Optional[bool] = None,
        rc_lookahead: Optional[int] = None,
        temporal_filter: Optional[int] = None,
        nal_hrd: Optional[str] = None,
        filler: Optional[bool] = None,
        container: Optional[str] = None,
        repeat_headers: Optional[bool] = None,
        aud: Optional[bool] = None,
        pic_struct: Optional[bool] = None,
        sei_version: Optional[bool] = None,
        sar: Union[None, str, Tuple[int, int]] = None,
        overscan: Optional[str] = None,
        videoformat: Optional[str] = None,
        range: Optional[str] = None,
        color: Optional[str] = None,
        colorprim: Optional[str] = None,
        transfer: Optional[str] = None,
        colormatrix: Optional[str] = None,
        chromaloc: Optional[int] = None,
        threads: Optional[int] = None,
        cpu: Optional[str] = None,
        psnr: Optional[bool] = None,
        ssim: Optional[bool] = None,
        # End of options.
    ) -> None: ...
    def encode(self, image: Image, *, keyframe: bool = False, pts: Optional[int] = None) -> bytes: ...
    def encode_packets(self, image: Image, *, keyframe: bool = False, pts: Optional[int] = None) -> List[Packet]: ...
    def encode_into(self, image: Image, buffer: Any, *, keyframe: bool = False, pts: Optional[int] = None) -> int: ...
    def flush(self) -> bytes: ...
    def flush_packets(self) -> List[Packet]: ...
    def keyframe(self) -> bool: ...
    def force_keyframe(self) -> None: ...
    def close(self) -> None: ...
    def __enter__(self) -> H264Encoder: ...
    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        value: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None: ...
    bitrate: int
    @property
    def fps(self) -> Union[int, Fraction]: ...
    @fps.setter
    def fps(self, value: Rate) -> None: ...
    qp_min: int
    qp_max: int
    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def delay(self) -> int: ...
    def headers(self) -> bytes: ...
    def avcc(self) -> bytes: ...
    def option(self, keyword: str) -> str: ...
    def adjustments(self) -> List[str]: ...
    def stats(self) -> Dict[str, Union[int, str]]: ...


class Picture:
    data: bytes
    width: int
    height: int
    format: str
    pts: Optional[int]
    type: str
    keyframe: bool
    poc: int
    damaged: int
    def planes(self) -> List[Tuple[memoryview, int, int]]: ...
    def rgb(self) -> bytes: ...


class Decoder:
    def __init__(
        self,
        *,
        max_width: int = 8192,
        max_height: int = 8192,
        nal_length_size: int = 0,
        whole_units: bool = False,
        strict: bool = False,
    ) -> None: ...
    def decode(self, data: Any, *, pts: Optional[int] = None) -> List[Picture]: ...
    def flush(self) -> List[Picture]: ...
    def info(self) -> Optional[Dict[str, Any]]: ...
    @property
    def damaged_units(self) -> int: ...
    @property
    def last_error(self) -> str: ...
    def close(self) -> None: ...
    def __enter__(self) -> Decoder: ...
    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        value: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None: ...


class Mp4Writer:
    def __init__(
        self,
        target: Any,
        *,
        fps: Optional[Rate] = None,
        time_base: Union[None, Fraction, Tuple[int, int]] = None,
        layout: str = "index-last",
        headers: Optional[bytes] = None,
        fragment_ms: int = 1000,
        fragment_at_keyframes: bool = False,
    ) -> None: ...
    def write(self, packets: Union[Packet, Iterable[Packet]]) -> None: ...
    def finish(self) -> None: ...
    def close(self) -> None: ...
    def __enter__(self) -> Mp4Writer: ...
    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        value: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None: ...


class Reader:
    def __init__(self, source: Any, *, fps: Optional[Rate] = None) -> None: ...
    def __len__(self) -> int: ...
    def __getitem__(self, index: int) -> Packet: ...
    def __iter__(self) -> Iterator[Packet]: ...
    @property
    def headers(self) -> bytes: ...
    @property
    def time_base(self) -> Fraction: ...
    def info(self) -> Dict[str, Any]: ...
    def close(self) -> None: ...
    def __enter__(self) -> Reader: ...
    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        value: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None: ...


def probe(source: Any) -> Dict[str, Any]: ...
def presets() -> List[str]: ...
def tunes() -> List[str]: ...
def formats() -> List[str]: ...
def backends() -> List[str]: ...
