# Modules of this folder for MicroPython ports built by CMake: USER_C_MODULES names this file.
include(${CMAKE_CURRENT_LIST_DIR}/h264/micropython.cmake)
