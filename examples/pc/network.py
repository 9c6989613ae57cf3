"""Stand-in for MicroPython's network module: a PC is connected already.

It also brings MicroPython's additions to the time module, which scripts that wait for a network use."""
import socket
import time

PHY_IP101 = PHY_LAN8720 = PHY_RTL8201 = PHY_DP83848 = 0
STA_IF, AP_IF = 0, 1


def _own_address():
    """Of the interface that leads outside; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
            return probe.getsockname()[0]
        except OSError:
            return "127.0.0.1"


class LAN:
    def __init__(self, *arguments, **keywords):
        pass

    def active(self, enable=None):
        return True

    def isconnected(self):
        return True

    def ifconfig(self):
        return _own_address(), "255.255.255.0", "0.0.0.0", "0.0.0.0"


class WLAN(LAN):
    def connect(self, *arguments, **keywords):
        pass


_ADDITIONS = {
    "sleep_ms": lambda ms: time.sleep(ms / 1000),
    "sleep_us": lambda us: time.sleep(us / 1000000),
    "ticks_ms": lambda: time.monotonic_ns() // 1000000,
    "ticks_us": lambda: time.monotonic_ns() // 1000,
    "ticks_diff": lambda end, start: end - start,
    "ticks_add": lambda ticks, delta: ticks + delta,
}
for _name, _function in _ADDITIONS.items():
    if not hasattr(time, _name):
        setattr(time, _name, _function)
