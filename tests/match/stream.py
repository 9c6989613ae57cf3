"""What can be read off an Annex B stream without a decoder: its NAL units and access units."""
import re

SLICE, IDR, SEI, SPS, PPS, AUD, FILLER = 1, 5, 6, 7, 8, 9, 12


def nal_units(data):
    """[(type, ref_idc, payload with emulation prevention)]"""
    starts = [m.start() for m in re.finditer(b"\x00\x00\x01", data)]
    units = []
    for k, at in enumerate(starts):
        end = starts[k + 1] if k + 1 < len(starts) else len(data)
        body = data[at + 3:end].rstrip(b"\x00") if k + 1 < len(starts) else data[at + 3:]
        units.append((body[0] & 31, body[0] >> 5 & 3, body[1:]))
    return units


def first_mb(payload):
    """first_mb_in_slice, the ue(v) that every slice starts with."""
    bits = "".join(f"{b:08b}" for b in payload[:8].replace(b"\x00\x00\x03", b"\x00\x00"))
    zeros = len(bits) - len(bits.lstrip("0"))
    return int(bits[zeros:2 * zeros + 1], 2) - 1


def access_units(data):
    """Lists of (type, ref_idc, payload), one list per picture."""
    units, current, has_slice = [], [], False
    for unit in nal_units(data):
        kind = unit[0]
        slice_unit = kind in (SLICE, IDR)
        starts = has_slice and (not slice_unit and kind != FILLER or slice_unit and first_mb(unit[2]) == 0)
        if starts:
            units.append(current)
            current, has_slice = [], False
        current.append(unit)
        has_slice |= slice_unit
    if current:
        units.append(current)
    return units
