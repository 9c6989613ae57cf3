"""What a stream's parameter sets say, under names for people."""
from fractions import Fraction

_PROFILES = {66: "Baseline", 77: "Main", 88: "Extended", 100: "High", 110: "High 10", 122: "High 4:2:2",
             244: "High 4:4:4 Predictive"}


def profile_name(profile_idc, constrained):
    if profile_idc == 66 and constrained:
        return "Constrained Baseline"
    return _PROFILES.get(profile_idc, str(profile_idc))


def level_name(level_idc):
    return "%d.%d" % divmod(level_idc, 10)


def describe(info, constrained):
    """The entries that Decoder.info and probe have in common."""
    return {
        "width": info["width"],
        "height": info["height"],
        "profile": profile_name(info["profile_idc"], constrained),
        "level": level_name(info["level_idc"]),
        "fps": Fraction(info["fps_num"], info["fps_den"]) if info["fps_den"] else None,
        "format": "i420" if info["chroma_format_idc"] == 1 else "gray8",
        "bit_depth": info["bit_depth"],
        "sar": (info["sar_width"], info["sar_height"]) if info["sar_width"] else None,
        "full_range": bool(info["full_range"]),
        "colour": (info["colour_primaries"], info["transfer"], info["colour_matrix"]),
    }
