#!/usr/bin/env python3
"""The ESP-IDF component without ESP-IDF: its CMakeLists.txt with a stand-in for idf_component_register, built for this computer
as the configuration says, and a program that codes pictures with it. Ends with "N passed, N failed"."""
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COMPONENT = ROOT / "integrations/esp-idf/avocet"

PROJECT = """cmake_minimum_required(VERSION 3.16)
project(component C)
set(CONFIG_AVOCET_TINY %(tiny)s)
set(CONFIG_AVOCET_OPTIMIZE_SPEED ON)
set(COMPONENT_LIB avocet_component)
macro(idf_component_register)
  cmake_parse_arguments(C "" "" "SRCS;INCLUDE_DIRS;PRIV_INCLUDE_DIRS" ${ARGN})
  add_library(${COMPONENT_LIB} STATIC ${C_SRCS})
  target_include_directories(${COMPONENT_LIB} PUBLIC ${C_INCLUDE_DIRS} PRIVATE ${C_PRIV_INCLUDE_DIRS})
endmacro()
add_subdirectory(%(component)s component)
add_executable(program program.c)
target_link_libraries(program PRIVATE ${COMPONENT_LIB})
"""

PROGRAM = """#include "live.h"
#include <stdio.h>
#include <stdlib.h>

static void *take(void *opaque, size_t size, size_t align)
{
    (void)opaque, (void)align;
    return malloc(size);
}

static void give(void *opaque, void *p)
{
    (void)opaque;
    free(p);
}

static int count(void *opaque, const AvocetPacket *packet)
{
    *(size_t *)opaque += packet->size;
    return 0;
}

int main(void)
{
    static const AvocetAllocator heap = {take, give, NULL};
    static uint8_t samples[64 * 48 * 2];
    static AvoLive live;
    AvoLiveMemory memory = {&heap, NULL, 0};
    AvocetEncoderConfig config;
    AvoLiveArgs args = {.width = 64, .height = 48, .fps = "15", .qp_min = 25, .qp_max = 45};
    char message[200] = "";
    size_t bytes = 0;
    if (avo_live_configure(&config, &args, message, sizeof message) < 0 ||
        avo_live_open(&live, &config, "auto", &memory, message, sizeof message) < 0)
        return puts(message), 1;
    for (int n = 0; n < 3; n++) {
        AvocetPicture picture;
        avocet_picture_init(&picture, AVOCET_FORMAT_RGB565LE, 64, 48, samples);
        if (avo_live_encode(&live, &picture, false, count, &bytes) < 0)
            return puts(live.message), 1;
    }
    avo_live_close(&live);
    printf("%s %d\\n", avocet_encoder_preset_name(0), (int)bytes);
    return 0;
}
"""


def run(*command):
    done = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=900)
    return done.returncode, done.stdout


def check(folder, tiny, preset):
    """Whether the component builds and its encoder is the one asked for."""
    folder.mkdir()
    (folder / "CMakeLists.txt").write_text(PROJECT % {"tiny": tiny, "component": COMPONENT})
    (folder / "program.c").write_text(PROGRAM)
    for command in (["cmake", "-S", folder, "-B", folder / "build"], ["cmake", "--build", folder / "build", "--parallel", "2"]):
        status, said = run(*command)
        if status:
            print(said[-3000:])
            return False
    status, said = run(folder / "build/program")
    if status or said.split()[:1] != [preset]:
        print(said)
        return False
    return True


def main():
    if not shutil.which("cmake"):
        print("SKIPPED: the ESP-IDF component, for want of cmake\n0 passed, 0 failed")
        return 0
    with tempfile.TemporaryDirectory(prefix="avocet-component-") as name:
        results = [check(Path(name) / "tiny", "ON", "tiny"), check(Path(name) / "full", "OFF", "ultrafast")]
    print("%d passed, %d failed" % (sum(results), len(results) - sum(results)))
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
