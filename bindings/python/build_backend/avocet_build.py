"""PEP 517 back end of packages h264 and rtsp: drives the C compiler itself, so that building needs no download.

    pip install .            compiles src/, bindings/common/ and bindings/python/*.c into one extension
    pip install -e .         the same, next to the Python files in bindings/python/h264
    CC, CFLAGS, LDFLAGS      are used as usual

The extension keeps to the stable ABI: one wheel serves CPython 3.9 and later.
"""
import base64
import csv
import gzip
import hashlib
import io
import os
import re
import shlex
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PYTHON = ROOT / "bindings" / "python"
PACKAGE = PYTHON / "h264"
PACKAGES = [PACKAGE, PYTHON / "rtsp"]
NAME = "avocet_h264"
EXTENSION = "_h264.abi3.so"

C_FLAGS = ["-std=c11", "-O3", "-DNDEBUG", "-fPIC", "-fvisibility=hidden"]
INCLUDES = ["include", "src", "bindings/common", "bindings/python"]
# What a source archive holds besides the files at the root named in sdist_files.
SDIST_FOLDERS = ["include", "src", "bindings/common", "bindings/python", "tests/python"]


# ---- facts ----

def version():
    text = (ROOT / "include" / "avocet" / "avocet.h").read_text()
    return ".".join(re.search(r"AVOCET_VERSION_%s (\d+)" % part, text).group(1) for part in ("MAJOR", "MINOR", "PATCH"))


def metadata():
    head = (PYTHON / "METADATA.in").read_text().replace("@VERSION@", version())
    return head + "\n" + (PYTHON / "README.md").read_text()


def wheel_tag():
    platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
    return "cp39-abi3-" + platform


def stamp():
    """The time that archives give their files: SOURCE_DATE_EPOCH, or now. (zip cannot tell times before 1980.)"""
    return max(int(os.environ.get("SOURCE_DATE_EPOCH", time.time())), 315532800)


# ---- compiling ----

def sources_of_library():
    return sorted((ROOT / "src").rglob("*.c"))


def common_sources():
    return sorted((ROOT / "bindings" / "common").glob("*.c"))


def sources():
    return sources_of_library() + common_sources() + sorted(PYTHON.glob("*.c"))


def compiler():
    return shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")


def python_includes():
    paths = sysconfig.get_paths()
    folders = dict.fromkeys((paths["include"], paths["platinclude"]))
    if not any((Path(folder) / "Python.h").is_file() for folder in folders):
        raise SystemExit("Python.h is not in %s: install the headers of this Python (Debian: python3-dev, Fedora: "
                         "python3-devel)" % paths["include"])
    return list(folders)


def run(command):
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise SystemExit("%s\n%s" % (shlex.join(map(str, command)), done.stdout))


def link_flags(folder):
    """Only the module's entry is visible, so that it never meets another copy of the library."""
    if sys.platform == "darwin":
        return ["-bundle", "-undefined", "dynamic_lookup", "-Wl,-exported_symbol,_PyInit__h264"]
    script = folder / "exports.map"
    script.write_text("{ global: PyInit__h264; local: *; };\n")
    return ["-shared", "-Wl,--version-script=" + str(script), "-Wl,-Bsymbolic", "-pthread"]


def compile_all(files, flags, folder):
    """Objects of all files in folder, in the same order."""
    flags = flags + ["-I" + name for name in INCLUDES] + shlex.split(os.environ.get("CFLAGS", ""))
    jobs = [(str(source), str(folder / ("%d.o" % i))) for i, source in enumerate(files)]
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        list(pool.map(lambda job: run(compiler() + flags + ["-c", job[0], "-o", job[1]]), jobs))
    return [made for _, made in jobs]


def build_extension(target):
    if os.name == "nt":
        raise SystemExit("building on Windows is not supported yet")
    flags = C_FLAGS + ["-I" + folder for folder in python_includes()]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run(compiler() + compile_all(sources(), flags, folder) + link_flags(folder) +
            shlex.split(os.environ.get("LDFLAGS", "")) + ["-o", str(target)])


# ---- wheels ----

def info_folder():
    return "%s-%s.dist-info" % (NAME, version())


def wheel_facts(tag):
    return "Wheel-Version: 1.0\nGenerator: avocet_build\nRoot-Is-Purelib: false\nTag: %s\n" % tag


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    folder = Path(metadata_directory) / info_folder()
    folder.mkdir()
    (folder / "METADATA").write_text(metadata())
    (folder / "WHEEL").write_text(wheel_facts(wheel_tag()))
    return folder.name


prepare_metadata_for_build_editable = prepare_metadata_for_build_wheel


class Wheel:
    """A wheel being written; RECORD comes last."""

    def __init__(self, folder, tag):
        self.name = "%s-%s-%s.whl" % (NAME, version(), tag)
        self.info = info_folder()
        self.rows = []
        self.zip = zipfile.ZipFile(Path(folder) / self.name, "w", zipfile.ZIP_DEFLATED)

    def add(self, path, data):
        if isinstance(data, str):
            data = data.encode()
        item = zipfile.ZipInfo(path, time.gmtime(stamp())[:6])
        item.external_attr = (0o755 if path.endswith(".so") else 0o644) << 16
        item.compress_type = zipfile.ZIP_DEFLATED
        self.zip.writestr(item, data)
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        self.rows.append((path, "sha256=" + digest, len(data)))

    def close(self, tag):
        self.add(self.info + "/METADATA", metadata())
        self.add(self.info + "/WHEEL", wheel_facts(tag))
        self.add(self.info + "/licenses/LICENSE", (ROOT / "LICENSE").read_bytes())
        record = self.info + "/RECORD"
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(self.rows + [(record, "", "")])
        self.add(record, text.getvalue())
        self.zip.close()
        return self.name


def package_files():
    return [path for package in PACKAGES for path in sorted(package.iterdir())
            if path.suffix in (".py", ".pyi") or path.name == "py.typed"]


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    wheel = Wheel(wheel_directory, wheel_tag())
    for path in package_files():
        wheel.add(path.relative_to(PYTHON).as_posix(), path.read_bytes())
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / EXTENSION
        build_extension(made)
        wheel.add("h264/" + EXTENSION, made.read_bytes())
    return wheel.close(wheel_tag())


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    build_extension(PACKAGE / EXTENSION)
    wheel = Wheel(wheel_directory, wheel_tag())
    wheel.add(NAME + ".pth", str(PYTHON) + "\n")
    return wheel.close(wheel_tag())


# ---- source archives ----

def sdist_files():
    yield from (ROOT / name for name in ("pyproject.toml", "LICENSE"))
    for folder in SDIST_FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and path.suffix not in (".so", ".pyc", ".o"):
                yield path


def build_sdist(sdist_directory, config_settings=None):
    base = "%s-%s" % (NAME, version())

    def add(archive, path, data):
        item = tarfile.TarInfo(base + "/" + path)
        item.size, item.mtime, item.mode = len(data), stamp(), 0o644
        archive.addfile(item, io.BytesIO(data))

    name = base + ".tar.gz"
    with open(Path(sdist_directory) / name, "wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=stamp()) as packed, \
            tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        add(archive, "PKG-INFO", metadata().encode())
        for path in sdist_files():
            add(archive, path.relative_to(ROOT).as_posix(), path.read_bytes())
    return name
