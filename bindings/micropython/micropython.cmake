# Modules of this folder for MicroPython ports built by CMake: USER_C_MODULES names this file.
# -DAVOCET_RTSP=OFF: without module rtsp, where the port has no BSD sockets (RP2).
include(${CMAKE_CURRENT_LIST_DIR}/h264/micropython.cmake)
if(NOT DEFINED AVOCET_RTSP OR AVOCET_RTSP)
  include(${CMAKE_CURRENT_LIST_DIR}/rtsp/micropython.cmake)
endif()
