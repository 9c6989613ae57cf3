"""What the Python tests share: where the program under test is, the count of checks, and the last line "N passed, N failed".

The program is named by the environment variable AVOCET (default build/avocet). Tests put this folder on their path:

    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    from tally import AVOCET, T, check  # noqa: E402
    ...
    sys.exit(T.finish())
"""
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
AVOCET = os.environ.get("AVOCET", os.path.join(ROOT, "build", "avocet"))
QUICK = os.environ.get("AVOCET_EXTENT") == "quick"  # sanitizers and second compilers: a sample is enough
MOST_TOLD = 50


def place(frame):
    """Function and line of the test that checks: the nearest test_...(), else who called check()."""
    while frame.f_code.co_name == "check":
        frame = frame.f_back
    caller = frame
    while frame and not frame.f_code.co_name.startswith("test_"):
        frame = frame.f_back
    frame = frame or caller
    return "%s:%d" % (frame.f_code.co_name, frame.f_lineno)


class Tally:
    passed = failed = 0

    def check(self, good, what):
        self.passed += bool(good)
        self.failed += not good
        if not good and self.failed <= MOST_TOLD:
            print("FAILED %s: %s" % (place(sys._getframe(1)), what), flush=True)
        return bool(good)

    def finish(self):
        """Prints the last line; returns the exit status."""
        print("%d passed, %d failed" % (self.passed, self.failed))
        return 1 if self.failed else 0


T = Tally()
check = T.check


def skip(what):
    print("SKIPPED %s" % what)


def need_program():
    if not os.access(AVOCET, os.X_OK):
        print("%s is not there\n0 passed, 1 failed" % AVOCET)
        sys.exit(1)
