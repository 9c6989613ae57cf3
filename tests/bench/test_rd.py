#!/usr/bin/env python3
"""The arithmetic of bench/rd.py on curves whose answer is known."""
import math
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from tally import ROOT, T, check  # noqa: E402

sys.path.insert(0, os.path.join(ROOT, "bench"))
import rd  # noqa: E402



def points(qualities, rate):
    return [{"psnr": q, "kbps": rate(q)} for q in qualities]


def test_known_answers():
    qualities = (31, 33.5, 36, 38, 41)
    base = points(qualities, lambda q: math.exp(q / 5))
    check(rd.rate_difference(base, base, "psnr") == 0, "a curve against itself")
    for factor in (0.5, 0.9, 1.25, 3):
        scaled = points((30, 32, 35, 39, 42), lambda q: factor * math.exp(q / 5))
        got = rd.rate_difference(base, scaled, "psnr")
        check(abs(got - 100 * (factor - 1)) < 1e-9, f"{factor} times the rate gives {got}")
        back = rd.rate_difference(scaled, base, "psnr")
        check(abs((1 + got / 100) * (1 + back / 100) - 1) < 1e-12, f"{factor}: the two directions do not agree")
    order = rd.rate_difference(base[::-1], base, "psnr")
    check(order == 0, "the order of the points matters")


def test_no_answer():
    low = points((20, 22, 24), lambda q: q)
    high = points((30, 32, 34), lambda q: q)
    check(rd.rate_difference(low, high, "psnr") is None, "no common quality")
    check(rd.rate_difference(low[:1], low, "psnr") is None, "a single point")


def test_interpolation():
    """Through the points, monotone between them, and the integral is that of the curve."""
    curve = rd.Curve([(30, 100), (31, 110), (35, 400), (36, 410), (40, 2000)])
    steps = 20000
    for low, high in ((30, 40), (30.3, 30.9), (31, 35), (34.2, 38.7)):
        width = (high - low) / steps
        total, last = 0.0, None
        for n in range(steps):
            x = low + (n + 0.5) * width
            value = (curve.integral(low, x + width / 2) - curve.integral(low, x - width / 2)) / width
            check_monotone = last is None or value >= last - 1e-6
            if not check_monotone:
                check(False, f"not monotone at {x}")
                return
            total, last = total + value * width, value
        check(abs(total - curve.integral(low, high)) < 1e-6, f"integral from {low} to {high}")
    for x, rate in ((30, 100), (35, 400), (36, 410)):
        value = curve.integral(x, x + 1e-6) / 1e-6
        check(abs(value - math.log(rate)) < 1e-4, f"the curve misses the point {x}, {rate}")


if __name__ == "__main__":
    test_known_answers()
    test_no_answer()
    test_interpolation()
    sys.exit(T.finish())
