/* See esp_h264_types.h. */
#ifndef FAKE_ESP_H264_ENC_PARAM_HW_H
#define FAKE_ESP_H264_ENC_PARAM_HW_H

#include "esp_h264_types.h"

typedef struct esp_h264_enc_param_if {
    void *encoder;
} esp_h264_enc_param_t, *esp_h264_enc_param_handle_t;
typedef struct esp_h264_enc_hw_param_if {
    esp_h264_enc_param_t base;
} esp_h264_enc_param_hw_t, *esp_h264_enc_param_hw_handle_t;
esp_h264_err_t esp_h264_enc_set_fps(esp_h264_enc_param_handle_t handle, uint8_t fps);
esp_h264_err_t esp_h264_enc_set_bitrate(esp_h264_enc_param_handle_t handle, uint32_t bitrate);

#endif
