# Module h264 for MicroPython ports built by CMake (ESP32, RP2): USER_C_MODULES=.../bindings/micropython/micropython.cmake.
# -DAVOCET_TINY=1: with the encoder for small machines (docs/porting-mcu.md).
get_filename_component(AVOCET_DIR ${CMAKE_CURRENT_LIST_DIR}/../../.. ABSOLUTE)

file(GLOB AVOCET_SOURCES ${AVOCET_DIR}/bindings/common/*.c)
set(AVOCET_LAYERS base dsp dsp/c dsp/x86 dsp/arm h264 enc)
set(AVOCET_DEFINITIONS AVO_THREADS=0)
if(AVOCET_TINY)
  set(AVOCET_LAYERS base dsp dsp/c h264 enc/tiny)
  list(APPEND AVOCET_SOURCES ${AVOCET_DIR}/src/enc/convert.c)
  list(APPEND AVOCET_DEFINITIONS AVOCET_TINY=1)
endif()
foreach(layer ${AVOCET_LAYERS})
  file(GLOB layer_sources ${AVOCET_DIR}/src/${layer}/*.c)
  list(APPEND AVOCET_SOURCES ${layer_sources})
endforeach()
# Of the containers, what finds and packs parameter sets.
foreach(name nal_scan avcc avc_syntax)
  list(APPEND AVOCET_SOURCES ${AVOCET_DIR}/src/mux/${name}.c)
endforeach()
# No threads, speed over size.
set_source_files_properties(${AVOCET_SOURCES} PROPERTIES
  COMPILE_OPTIONS "-std=c11;-O2;-I${AVOCET_DIR}/src;-Wno-double-promotion;-Wno-float-conversion"
  COMPILE_DEFINITIONS "${AVOCET_DEFINITIONS}")

add_library(usermod_h264 INTERFACE)
target_sources(usermod_h264 INTERFACE ${CMAKE_CURRENT_LIST_DIR}/modh264.c ${AVOCET_SOURCES})
target_include_directories(usermod_h264 INTERFACE ${AVOCET_DIR}/include ${AVOCET_DIR}/bindings/common)
if(AVOCET_TINY)
  target_compile_definitions(usermod_h264 INTERFACE AVOCET_TINY=1)
endif()
target_link_libraries(usermod INTERFACE usermod_h264)
