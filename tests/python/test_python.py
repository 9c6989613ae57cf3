"""Package h264 as a user gets it: `pip install .` in a fresh virtual environment without network, then the cases beside
this file in it; the wheel, the source archive.

    python3 tests/python/test_python.py
    H264_PYTHONS="python3.9 python3.13" python3 tests/python/test_python.py      the same wheel in these, too
"""
import os
import shlex
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bindings" / "python" / "build_backend"))
import avocet_build  # noqa: E402

sys.path.insert(0, str(ROOT / "tests"))
from tally import Tally  # noqa: E402


class Counts(Tally):
    def check(self, name, good, detail=""):
        return super().check(good, "%s %s" % (name, detail))

    def add(self, line):
        words = line.split()
        self.passed += int(words[0])
        self.failed += int(words[2])


def run(*command, **more):
    return subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          **more)


def make_venv(python, folder):
    """Its Python. What the system has of numpy and Pillow may be seen, so that their cases run."""
    made = run(python, "-m", "venv", "--system-site-packages", folder)
    if made.returncode:
        print(made.stdout)
        return None
    return folder / "bin" / "python"


def run_cases(python, counts):
    done = run(python, ROOT / "tests" / "python" / "run_cases.py", cwd=tempfile.gettempdir())
    print(done.stdout)
    last = done.stdout.strip().splitlines()[-1]
    if last.endswith("failed"):
        counts.add(last)
    else:
        counts.check("cases ran to their end", False, "exit status %d" % done.returncode)


def check_install(counts, folder):
    python = make_venv(sys.executable, folder / "venv")
    counts.check("virtual environment", python, "(Debian: apt-get install python3-venv)")
    if not python:
        return
    before = run("git", "-C", ROOT, "status", "--porcelain").stdout
    done = run(python, "-m", "pip", "install", "--no-index", "--no-cache-dir", ROOT)
    counts.check("pip install .", done.returncode == 0, done.stdout)
    counts.check("pip install . leaves the tree as it was",
                 run("git", "-C", ROOT, "status", "--porcelain").stdout == before)
    if done.returncode:
        return
    run_cases(python, counts)
    shown = run(python, "-m", "pip", "show", "--files", "avocet-h264").stdout
    for file in ("h264/__init__.py", "h264/__init__.pyi", "h264/py.typed", "h264/_h264.abi3.so", "licenses/LICENSE"):
        counts.check("installed " + file, file in shown, shown)
    counts.check("pip uninstall", run(python, "-m", "pip", "uninstall", "-y", "avocet-h264").returncode == 0)


def check_wheel(counts, folder):
    path = folder / avocet_build.build_wheel(folder)
    counts.check("name of the wheel", path.name.startswith("avocet_h264-%s-cp39-abi3-" % avocet_build.version()), path.name)
    with zipfile.ZipFile(path) as wheel:
        names = set(wheel.namelist())
        record = wheel.read("avocet_h264-%s.dist-info/RECORD" % avocet_build.version()).decode()
    counts.check("RECORD is complete", {row.split(",")[0] for row in record.splitlines()} == names)
    with zipfile.ZipFile(path) as wheel:
        wheel.extract("h264/_h264.abi3.so", folder)
    symbols = run("nm", "-D", "--defined-only", folder / "h264" / "_h264.abi3.so")
    if symbols.returncode == 0 and sys.platform == "linux":
        exported = {line.split()[-1] for line in symbols.stdout.splitlines()}
        counts.check("only the entry is exported", exported == {"PyInit__h264"}, sorted(exported)[:5])
    for python in shlex.split(os.environ.get("H264_PYTHONS", "")):
        check_wheel_in(counts, folder, path, python)


def check_wheel_in(counts, folder, path, python):
    print("--- %s" % python)
    inside = make_venv(python, folder / ("venv-" + Path(python).name + str(counts.passed)))
    counts.check("virtual environment of " + python, inside)
    done = inside and run(inside, "-m", "pip", "install", "--no-index", "--no-deps", path)
    counts.check("the same wheel in " + python, done and done.returncode == 0, done and done.stdout)
    if done and done.returncode == 0:
        run_cases(inside, counts)


def check_sdist(counts, folder):
    """The archive must hold what the wheel is made of: its back end lists the same sources from inside it."""
    path = folder / avocet_build.build_sdist(folder)
    with tarfile.open(path) as archive:
        archive.extractall(folder)
    inside = folder / path.name[:-len(".tar.gz")]
    listed = run(sys.executable, "-c", "import avocet_build as b; print(b.wheel_tag()); print(b.version());"
                 "[print(p.relative_to(b.ROOT)) for p in b.sources() + b.package_files()]",
                 cwd=inside / "bindings" / "python" / "build_backend")
    wanted = [avocet_build.wheel_tag(), avocet_build.version()]
    wanted += [str(p.relative_to(ROOT)) for p in avocet_build.sources() + avocet_build.package_files()]
    counts.check("the source archive has every source", listed.stdout.split() == wanted, listed.stdout[-500:])
    headers = {p.relative_to(ROOT) for f in avocet_build.INCLUDES for p in (ROOT / f).rglob("*.h")}
    counts.check("the source archive has every header", all((inside / header).is_file() for header in headers))
    counts.check("PKG-INFO", (inside / "PKG-INFO").read_text() == avocet_build.metadata())


def main():
    if not (Path(sysconfig.get_paths()["include"]) / "Python.h").is_file():
        print("SKIPPED: all of the Python package, for want of Python.h (Debian: apt-get install python3-dev)")
        print("0 passed, 0 failed")
        return 0
    counts = Counts()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        check_install(counts, folder)
        check_wheel(counts, folder)
        check_sdist(counts, folder)
    return counts.finish()


if __name__ == "__main__":
    sys.exit(main())
