# Module rtsp for MicroPython ports built by make. It stands on files of the library that module h264 brings along.
# AVOCET_RTSP=0: leave it out, where the port has no BSD sockets. AVOCET_RTSP_THREAD=0: no thread, send() does all.
AVOCET_RTSP ?= 1
AVOCET_RTSP_THREAD ?= 1

ifeq ($(AVOCET_RTSP),1)
AVOCET_RTSP_DIR := $(abspath $(USERMOD_DIR)/../../..)

SRC_USERMOD_C += $(USERMOD_DIR)/modrtsp.c
SRC_USERMOD_LIB_C += $(filter-out %/rtsp_push.c,$(wildcard $(AVOCET_RTSP_DIR)/src/stream/*.c))

CFLAGS_USERMOD += -DAVOCET_RTSP_THREAD=$(AVOCET_RTSP_THREAD)

$(BUILD)/$(AVOCET_RTSP_DIR)/src/stream/%.o: CFLAGS += -UAVO_THREADS -DAVO_THREADS=$(AVOCET_RTSP_THREAD) -DAVOCET_STREAM_SMALL=1
endif
