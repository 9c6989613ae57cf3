# Module rtsp for MicroPython ports built by CMake. It stands on files of the library that module h264 brings along.
# -DAVOCET_RTSP_THREAD=0: no thread, send() does all.
if(NOT DEFINED AVOCET_RTSP_THREAD)
  set(AVOCET_RTSP_THREAD 1)
endif()
get_filename_component(AVOCET_DIR ${CMAKE_CURRENT_LIST_DIR}/../../.. ABSOLUTE)

file(GLOB AVOCET_STREAM_SOURCES ${AVOCET_DIR}/src/stream/*.c)
list(FILTER AVOCET_STREAM_SOURCES EXCLUDE REGEX "/rtsp_push\\.c$")
set_source_files_properties(${AVOCET_STREAM_SOURCES} PROPERTIES
  COMPILE_OPTIONS "-std=gnu11;-O2;-I${AVOCET_DIR}/src;-Wno-double-promotion;-Wno-float-conversion"
  COMPILE_DEFINITIONS "AVO_THREADS=${AVOCET_RTSP_THREAD};AVOCET_STREAM_SMALL=1")

add_library(usermod_rtsp INTERFACE)
target_sources(usermod_rtsp INTERFACE ${CMAKE_CURRENT_LIST_DIR}/modrtsp.c ${AVOCET_STREAM_SOURCES})
target_include_directories(usermod_rtsp INTERFACE ${AVOCET_DIR}/include ${AVOCET_DIR}/bindings/common)
target_compile_definitions(usermod_rtsp INTERFACE AVOCET_RTSP_THREAD=${AVOCET_RTSP_THREAD})
target_link_libraries(usermod INTERFACE usermod_rtsp)
