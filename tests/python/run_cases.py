"""Runs the cases_*.py beside this file in the Python that starts it, with package h264 installed there.

Prints failures, what was skipped and why, and "N passed, N failed"."""
import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))


class Result(unittest.TextTestResult):
    passed = 0

    def addSuccess(self, test):
        super().addSuccess(test)
        self.passed += 1


def main():
    sys.path.insert(0, HERE)
    suite = unittest.defaultTestLoader.discover(HERE, pattern="cases_*.py")
    result = unittest.TextTestRunner(sys.stdout, resultclass=Result, verbosity=0).run(suite)
    for reason in sorted({reason for _, reason in result.skipped}):
        print("SKIPPED %d tests: %s" % (sum(r == reason for _, r in result.skipped), reason))
    failed = len({str(test).split(" ")[0] + str(type(test)) for test, _ in result.failures + result.errors})
    print("%d passed, %d failed" % (result.passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
