/* See esp_h264_types.h. */
#ifndef FAKE_ESP_H264_ENC_SINGLE_H
#define FAKE_ESP_H264_ENC_SINGLE_H

#include "esp_h264_types.h"

typedef struct esp_h264_enc_if *esp_h264_enc_handle_t;
esp_h264_err_t esp_h264_enc_open(esp_h264_enc_handle_t enc);
esp_h264_err_t esp_h264_enc_process(esp_h264_enc_handle_t enc, esp_h264_enc_in_frame_t *in_frame,
                                    esp_h264_enc_out_frame_t *out_frame);
esp_h264_err_t esp_h264_enc_close(esp_h264_enc_handle_t enc);
esp_h264_err_t esp_h264_enc_del(esp_h264_enc_handle_t enc);

#endif
