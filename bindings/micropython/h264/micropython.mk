# Module h264 for MicroPython ports built by make: USER_C_MODULES=.../bindings/micropython.
# AVOCET_TINY=1: with the encoder for small machines (docs/porting-mcu.md).
AVOCET_DIR := $(abspath $(USERMOD_DIR)/../../..)
AVOCET_TINY ?= 0

ifeq ($(AVOCET_TINY),1)
AVOCET_SOURCES := $(foreach layer,base dsp dsp/c h264 enc/tiny,$(wildcard $(AVOCET_DIR)/src/$(layer)/*.c)) $(AVOCET_DIR)/src/enc/convert.c
else
AVOCET_SOURCES := $(foreach layer,base dsp dsp/c dsp/x86 dsp/arm h264 enc,$(wildcard $(AVOCET_DIR)/src/$(layer)/*.c))
endif

SRC_USERMOD_C += $(USERMOD_DIR)/modh264.c
SRC_USERMOD_LIB_C += $(wildcard $(AVOCET_DIR)/bindings/common/*.c)
SRC_USERMOD_LIB_C += $(AVOCET_SOURCES)
# Of the containers, what finds and packs parameter sets.
SRC_USERMOD_LIB_C += $(addprefix $(AVOCET_DIR)/src/mux/,nal_scan.c avcc.c avc_syntax.c)

CFLAGS_USERMOD += -I$(AVOCET_DIR)/include -I$(AVOCET_DIR)/bindings/common -DAVOCET_TINY=$(AVOCET_TINY)

# The library's own files: no threads, speed over size, and C11 whatever the port says.
$(BUILD)/$(AVOCET_DIR)/%.o: CFLAGS += -std=c11 -O2 -DAVO_THREADS=0 -DAVOCET_TINY=$(AVOCET_TINY) -I$(AVOCET_DIR)/src -Wno-double-promotion -Wno-float-conversion
