"""Every option of the library as a keyword, its documentation and its type stub."""
import ast
import re
import subprocess
import sys
import unittest
from pathlib import Path

import h264
from h264 import _options

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / "bindings" / "python"


def typed(option):
    """The option's default as the Python value that a user would write."""
    text = option.default
    if text in ("", "auto"):
        return None
    if option.form == "<flag>":
        return text == "1"
    if option.form == "<integer>":
        return int(text)
    if option.form == "<number>":
        return float(text)
    return text


class Keywords(unittest.TestCase):
    def test_defaults_are_accepted(self):
        for option in _options.KEYWORDS:
            value = typed(option)
            if option.keyword in ("qp", "crf", "rate_mode", "bitrate"):
                continue
            with self.subTest(option.keyword):
                h264.H264Encoder(64, 48, **{option.keyword: value}).close()

    def test_choices(self):
        for option in _options.KEYWORDS:
            for choice in (option.choices or "").split("|"):
                conflicts = ("custom", "vbr", "cbr", "crf", "qp", "ycgco", "fcc")
                if not choice or choice in conflicts or option.keyword == "colormatrix":
                    continue
                with self.subTest("%s=%s" % (option.keyword, choice)):
                    enc = h264.H264Encoder(64, 48, format="i420", **{option.keyword: choice})
                    self.assertTrue(enc.option(option.keyword))
                    enc.close()

    def test_out_of_range(self):
        for option in _options.KEYWORDS:
            if option.maximum <= option.minimum or option.form == "<list>":
                continue
            with self.subTest(option.keyword), self.assertRaises(ValueError):
                h264.H264Encoder(64, 48, **{option.keyword: int(option.maximum) + 1})

    def test_unknown(self):
        for name in ("colour_of_the_sky", "size", "qpmin", "qpmax"):
            with self.subTest(name), self.assertRaises(TypeError):
                h264.H264Encoder(64, 48, **{name: "1"})

    def test_take_effect(self):
        for keyword, value, text in (("profile", "high", "high"), ("aq_mode", 0, "0"), ("deblock", (-1, 1), "-1:1"),
                                     ("sar", (4, 3), "4:3"), ("slices", 2, "2"), ("vbv_bufsize", 2_000_000, "2000k"),
                                     ("aq_strength", 1.5, "1.5"), ("partitions", ["i4x4", "p8x8"], "p8x8,i4x4"),
                                     ("timebase", (1, 90000), "1/90000")):
            with self.subTest(keyword), h264.H264Encoder(64, 48, **{keyword: value}) as enc:
                got = enc.option(keyword)
                self.assertEqual(set(re.sub(r"\.0*(?=k|$)|(?<=\.\d)0+$", "", got).split(",")), set(text.split(",")))

    def test_constant_quantiser_and_quality(self):
        with h264.H264Encoder(64, 48, qp=30) as enc:
            for _ in range(3):
                enc.encode(bytes(range(256)) * 18)
            self.assertAlmostEqual(enc.stats()["last_qp"], 30, delta=1)  # pictures that others lean on are finer
            with self.assertRaises(ValueError):
                enc.bitrate = 1000
        with h264.H264Encoder(64, 48, crf=30.5) as enc:
            self.assertEqual(enc.option("rate_mode"), "crf")

    def test_adjustments_are_told(self):
        with h264.H264Encoder(64, 48, profile="baseline", bframes=3) as enc:
            self.assertTrue(any("bframes" in sentence for sentence in enc.adjustments()), enc.adjustments())

    def test_presets_and_tunes(self):
        self.assertEqual(h264.presets()[0], "ultrafast")
        for preset in h264.presets():
            with h264.H264Encoder(64, 48, preset=preset) as enc:
                self.assertEqual(enc.delay, 0, preset)
                enc.encode(bytes(64 * 48))
        for tune in h264.tunes():
            h264.H264Encoder(64, 48, tune=tune).close()


class Documentation(unittest.TestCase):
    def test_every_keyword(self):
        for option in _options.KEYWORDS:
            self.assertIn("\n      %s: " % option.keyword, h264.H264Encoder.__doc__)
            self.assertIn(option.help.split(".")[0].split(" (")[0].split(":")[0], h264.H264Encoder.__doc__)

    def test_every_method(self):
        for name, member in vars(h264.H264Encoder).items():
            if not name.startswith("_"):
                self.assertTrue(member.__doc__, name)

    def test_stub_is_up_to_date(self):
        printed = subprocess.run([sys.executable, "-I", str(PYTHON / "scripts" / "make_stubs.py")], check=True,
                                 stdout=subprocess.PIPE, text=True).stdout
        self.assertEqual((PYTHON / "h264" / "__init__.pyi").read_text(), printed)

    def test_stub_has_every_name(self):
        tree = ast.parse((PYTHON / "h264" / "__init__.pyi").read_text())
        names = {node.name for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
        names |= {node.target.id for node in ast.walk(tree) if isinstance(node, ast.AnnAssign)}
        for name in h264.__all__:
            self.assertIn(name, names)
        for name in vars(h264.H264Encoder):
            if not name.startswith("_"):
                self.assertIn(name, names)

    def test_version(self):
        header = (ROOT / "include" / "avocet" / "avocet.h").read_text()
        numbers = re.findall(r"define AVOCET_VERSION_\w+ (\d+)", header)
        self.assertEqual(h264.__version__, ".".join(numbers))


if __name__ == "__main__":
    unittest.main()
