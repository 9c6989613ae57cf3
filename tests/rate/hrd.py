#!/usr/bin/env python3
"""A leaky-bucket checker that knows nothing but the stream (ITU-T H.264, Annex C, Type II: the whole byte stream counts).

Reads the HRD parameters of the SPS, the buffering period and picture timing SEI, the sizes of the access units, and follows
every bit into the coded picture buffer and out again, in exact fractions:

    report = hrd.check(open("a.264", "rb").read())
    report.errors      sentences, in the order of the stream; empty: the stream conforms
    report.underflows  access units whose last bit comes after their removal
    report.overflows   access units before whose removal the buffer holds more than its size
    report.lowest      least slack: bits that could still have come before a removal / buffer size
    report.highest     greatest fullness right before a removal / buffer size

Without HRD parameters in the stream, leak() follows sizes of pictures with a rate and size given by the caller.

    hrd.py FILE.264...       prints a line per file; exit status 1 if one does not conform
"""
import sys
from fractions import Fraction

SLICE, IDR, SEI, SPS, PPS, AUD = 1, 5, 6, 7, 8, 9


class Bits:
    def __init__(self, rbsp):
        self.data, self.at = rbsp, 0

    def u(self, n):
        value = 0
        for _ in range(n):
            value = value << 1 | (self.data[self.at >> 3] >> (7 - (self.at & 7)) & 1)
            self.at += 1
        return value

    def ue(self):
        zeros = 0
        while not self.u(1):
            zeros += 1
        return (1 << zeros) - 1 + self.u(zeros)

    def se(self):
        k = self.ue()
        return (k + 1) // 2 if k & 1 else -(k // 2)


class Nal:
    """size: bytes of the byte stream that belong to it, start code and zero bytes around included."""

    def __init__(self, payload, size):
        self.payload, self.size = payload, size
        self.type = payload[0] & 31

    def rbsp(self, limit=None):
        body = self.payload[1:limit]
        return body.replace(b"\0\0\3", b"\0\0") if b"\0\0\3" in body else body


def split(data):
    """The NAL units of a byte stream (B.1.1). Zero bytes before a start code belong to the NAL unit that follows, except
    that cabac_zero_words stay with theirs."""
    starts, at = [], data.find(b"\0\0\1")
    while at >= 0:
        starts.append(at)
        at = data.find(b"\0\0\1", at + 3)
    nals = []
    for i, start in enumerate(starts):
        end = starts[i + 1] if i + 1 < len(starts) else len(data)
        whole = data[start + 3:end]
        payload = whole.rstrip(b"\0")
        own = end - start - (len(whole) - len(payload) if i + 1 < len(starts) else 0)
        before = start - (starts[i - 1] + 3 + len(nals[-1].payload) if i else 0)
        nals.append(Nal(payload, own + before))
    return nals


def scaling_list(b, size):
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + b.se()) & 255
        last = following or last


def hrd_parameters(b):
    h = {"count": b.ue() + 1}
    rate_scale, size_scale = b.u(4), b.u(4)
    h["cpb"] = []
    for _ in range(h["count"]):
        rate = (b.ue() + 1) << (6 + rate_scale)
        size = (b.ue() + 1) << (4 + size_scale)
        h["cpb"].append((rate, size, b.u(1)))
    h["initial_length"], h["removal_length"], h["output_length"] = b.u(5) + 1, b.u(5) + 1, b.u(5) + 1
    b.u(5)
    return h


def parse_sps(rbsp):
    b = Bits(rbsp)
    profile = b.u(8)
    b.u(16)
    s = {"id": b.ue(), "nal_hrd": None, "vcl_hrd": None, "tick": None, "pic_struct": 0}
    if profile in (100, 110, 122, 244, 44, 83, 86, 118, 128):
        chroma = b.ue()
        if chroma == 3:
            b.u(1)
        b.ue(), b.ue(), b.u(1)
        if b.u(1):
            for i in range(8 if chroma != 3 else 12):
                if b.u(1):
                    scaling_list(b, 16 if i < 6 else 64)
    b.ue()
    poc_type = b.ue()
    if poc_type == 0:
        b.ue()
    elif poc_type == 1:
        b.u(1), b.se(), b.se()
        for _ in range(b.ue()):
            b.se()
    b.ue(), b.u(1), b.ue(), b.ue()
    if not b.u(1):
        b.u(1)
    b.u(1)
    if b.u(1):
        b.ue(), b.ue(), b.ue(), b.ue()
    if b.u(1):
        parse_vui(b, s)
    return s


def parse_vui(b, s):
    if b.u(1) and b.u(8) == 255:
        b.u(32)
    if b.u(1):
        b.u(1)
    if b.u(1):
        b.u(4)
        if b.u(1):
            b.u(24)
    if b.u(1):
        b.ue(), b.ue()
    if b.u(1):
        units, scale = b.u(32), b.u(32)
        b.u(1)
        s["tick"] = Fraction(units, scale)
    if b.u(1):
        s["nal_hrd"] = hrd_parameters(b)
    if b.u(1):
        s["vcl_hrd"] = hrd_parameters(b)
    if s["nal_hrd"] or s["vcl_hrd"]:
        s["low_delay"] = b.u(1)
    s["pic_struct"] = b.u(1)


class Unit:
    """An access unit: bits, and what its SEI say."""

    def __init__(self):
        self.bits = 0
        self.initial = self.offset = self.removal = self.output = None
        self.idr = self.has_slice = False


def sei_messages(rbsp):
    at = 0
    while at + 2 <= len(rbsp) and not (rbsp[at] == 0x80 and at + 1 >= len(rbsp)):
        numbers = []
        for _ in range(2):
            value = 0
            while rbsp[at] == 255:
                value, at = value + 255, at + 1
            numbers.append(value + rbsp[at])
            at += 1
        yield numbers[0], rbsp[at:at + numbers[1]]
        at += numbers[1]


def read_sei(unit, sps, rbsp):
    hrd = sps and (sps["nal_hrd"] or sps["vcl_hrd"])
    for kind, payload in sei_messages(rbsp):
        b = Bits(payload)
        if kind == 0 and sps["nal_hrd"]:
            b.ue()
            unit.initial, unit.offset = b.u(hrd["initial_length"]), b.u(hrd["initial_length"])
        elif kind == 1 and hrd:
            unit.removal, unit.output = b.u(hrd["removal_length"]), b.u(hrd["output_length"])


def access_units(data):
    """(SPS as a dict, access units). Units begin where 7.4.1.2.3 says, for streams whose slices come in order."""
    units, sps, unit = [], None, Unit()
    for nal in split(data):
        first_slice = nal.type in (SLICE, IDR) and Bits(nal.rbsp(16)).ue() == 0
        if unit.has_slice and (first_slice or nal.type in (SEI, SPS, PPS, AUD, 14, 15, 16, 17, 18)):
            units.append(unit)
            unit = Unit()
        unit.bits += 8 * nal.size
        if nal.type == SPS:
            sps = parse_sps(nal.rbsp())
        elif nal.type == SEI:
            read_sei(unit, sps, nal.rbsp())
        elif nal.type in (SLICE, IDR):
            unit.has_slice = True
            unit.idr |= nal.type == IDR
    if unit.has_slice:
        units.append(unit)
    return sps, units


class Report:
    def __init__(self):
        self.errors = []
        self.underflows = self.overflows = 0
        self.lowest, self.highest = Fraction(1), Fraction(0)
        self.rate = self.size = self.units = 0

    def error(self, text):
        self.errors.append(text)


def removal_times(report, units, tick):
    """C.1.2: nominal removal times; low_delay_hrd_flag is 0, so they are the removal times."""
    times, period = [], None
    for n, unit in enumerate(units):
        if n == 0:
            times.append(Fraction(unit.initial, 90000))
        else:
            times.append(period + tick * unit.removal)
            if times[n] <= times[n - 1]:
                report.error(f"unit {n}: removed no later than the one before")
        if unit.initial is not None:
            period = times[n]
    return times


def arrival_times(units, times, rate, constant):
    """C.1.1: (first bit, last bit) of every access unit."""
    out, last = [], Fraction(0)
    period = 0
    for n, unit in enumerate(units):
        if unit.initial is not None:
            period = n
        begin = last
        if n and not constant:
            wait = units[period].initial + (0 if n == period else units[period].offset)
            begin = max(last, times[n] - Fraction(wait, 90000))
        last = begin + Fraction(unit.bits, rate)
        out.append((begin, last))
    return out


def check_delays(report, units, times, arrivals, rate, size, constant):
    """What buffering periods must promise: D.2.1 and C.3, equations C-15 and C-16."""
    total = None
    for n, unit in enumerate(units):
        if unit.initial is None:
            continue
        if not 0 < unit.initial <= 90000 * Fraction(size, rate):
            report.error(f"unit {n}: initial_cpb_removal_delay {unit.initial} is beyond the buffer")
        if total is not None and unit.initial + unit.offset != total:
            report.error(f"unit {n}: initial delay and offset do not add up to {total}")
        total = unit.initial + unit.offset
        if n == 0:
            continue
        gap = 90000 * (times[n] - arrivals[n - 1][1])
        if unit.initial > -(-gap // 1):
            report.error(f"unit {n}: initial_cpb_removal_delay {unit.initial} is above {float(gap):.2f}")
        if constant and unit.initial < gap // 1:
            report.error(f"unit {n}: initial_cpb_removal_delay {unit.initial} is below {float(gap):.2f}")


def fill_levels(report, units, times, arrivals, rate, size):
    """Fullness around every removal; C.3: no overflow, no underflow."""
    bits_before, incoming = 0, 0 # of units removed; first unit that may still arrive
    arrived_whole = 0
    for n, unit in enumerate(units):
        while incoming < len(units) and arrivals[incoming][1] <= times[n]:
            arrived_whole += units[incoming].bits
            incoming += 1
        arrived = Fraction(arrived_whole)
        if incoming < len(units) and arrivals[incoming][0] < times[n]:
            arrived += (times[n] - arrivals[incoming][0]) * rate
        full = arrived - bits_before
        report.highest = max(report.highest, full / size)
        report.lowest = min(report.lowest, (times[n] - arrivals[n][1]) * rate / size)
        if full > size:
            report.overflows += 1
            report.error(f"unit {n}: the buffer holds {float(full):.1f} bits of {size}")
        if arrivals[n][1] > times[n]:
            report.underflows += 1
            report.error(f"unit {n}: its last bit comes {float(arrivals[n][1] - times[n]) * 1000:.3f} ms late")
        bits_before += unit.bits


def check_output(report, units, times, tick):
    """Pictures are shown after they are removed, each at a time of its own."""
    shown = [t + tick * u.output for t, u in zip(times, units)]
    if len(set(shown)) != len(shown):
        report.error("two pictures are shown at the same time")


def check(data):
    report = Report()
    try:
        sps, units = access_units(data)
    except IndexError:
        report.error("the stream cannot be read")
        return report
    report.units = len(units)
    if not sps or not sps["nal_hrd"] or not sps["tick"]:
        report.error("the stream has no HRD parameters")
        return report
    missing = [n for n, u in enumerate(units) if u.removal is None or (u.idr and u.initial is None)]
    if not units or missing:
        report.error(f"unit {missing[0] if missing else 0}: no picture timing or buffering period")
        return report
    rate, size, constant = sps["nal_hrd"]["cpb"][0]
    report.rate, report.size = rate, size
    times = removal_times(report, units, sps["tick"])
    arrivals = arrival_times(units, times, rate, constant)
    check_delays(report, units, times, arrivals, rate, size, constant)
    fill_levels(report, units, times, arrivals, rate, size)
    check_output(report, units, times, sps["tick"])
    return report


def leak(sizes_bits, rate, size, seconds_per_picture, initial):
    """Lowest fill after a picture, in parts of the size, of a buffer filled at most at `rate` from `initial` bits on."""
    fill, lowest = Fraction(initial), Fraction(1)
    for bits in sizes_bits:
        fill -= bits
        lowest = min(lowest, fill / size)
        fill = min(Fraction(size), fill + rate * seconds_per_picture)
    return lowest


def main():
    bad = 0
    for path in sys.argv[1:]:
        with open(path, "rb") as f:
            r = check(f.read())
        bad += bool(r.errors)
        print(f"{path}: {r.units} units, {r.rate} bits/s, {r.size} bits, fullness {float(r.lowest):.3f}..{float(r.highest):.3f}, "
              f"{r.underflows} underflows, {r.overflows} overflows" + (f"; {len(r.errors)} errors, first: {r.errors[0]}" if r.errors else ""))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
