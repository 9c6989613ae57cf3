from fractions import Fraction
from types import TracebackType
from typing import Any, Dict, Iterable, Mapping, Optional, Tuple, Type, Union

class RTSPServer:
    def __init__(
        self,
        width: int,
        height: int,
        *,
        fps: Union[int, float, Fraction, str, Tuple[int, int]] = 15,
        listen_port: int = 8554,
        max_frame_len: int = 0,
        path: str = "",
        address: Optional[str] = None,
        users: Union[None, Mapping[str, str], Iterable[Tuple[str, str]]] = None,
        max_clients: int = 64,
    ) -> None: ...
    def send(self, nal: Any, *, pts: Optional[float] = None) -> None: ...
    def wants_keyframe(self) -> bool: ...
    def stats(self) -> Dict[str, int]: ...
    @property
    def port(self) -> int: ...
    def stop(self) -> None: ...
    def __enter__(self) -> "RTSPServer": ...
    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        value: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None: ...
