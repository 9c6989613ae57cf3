/* What tests may do to the stand-in for the hardware, and see of it. */
#ifndef FAKE_ESP_H264_H
#define FAKE_ESP_H264_H

#include "esp_h264_types.h"

typedef struct FakeHardware {
    bool old_chip;             /* takes no RGB565 */
    esp_h264_err_t next_error; /* of the next frame */
    int opened, open_now, frames;
    esp_h264_enc_cfg_t config; /* in effect */
    int blocks;                /* of memory held */
} FakeHardware;

extern FakeHardware fake_hardware;

#endif
