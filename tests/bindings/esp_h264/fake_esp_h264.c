/* See fake_esp_h264.h: the hardware's interface over the library, with the hardware's limits: one
 * encoder at a time, RGB565 only from a certain chip revision on, sizes of whole macroblocks,
 * keyframes by count and at open. */
#include "fake_esp_h264.h"

#include <avocet/avocet.h>
#include <stdlib.h>
#include <string.h>

#include "esp_h264_alloc.h"
#include "esp_h264_enc_single_hw.h"

FakeHardware fake_hardware;

struct esp_h264_enc_if {
    AvocetEncoder *encoder;
    esp_h264_enc_param_hw_t parameters;
    int64_t number;
};

void *esp_h264_aligned_calloc(uint32_t alignment, uint32_t n, uint32_t size, uint32_t *actual_size,
                              uint32_t caps)
{
    (void)alignment;
    (void)caps;
    *actual_size = n * size;
    fake_hardware.blocks++;
    return calloc(n, size);
}

void esp_h264_free(void *pointer)
{
    fake_hardware.blocks--;
    free(pointer);
}

esp_h264_err_t esp_h264_enc_hw_new(const esp_h264_enc_cfg_hw_t *cfg, esp_h264_enc_handle_t *out_enc)
{
    *out_enc = NULL;
    if (cfg->res.width % 16 || cfg->res.height % 16 || cfg->res.width < 80 ||
        cfg->res.height < 80 || !cfg->gop || !cfg->fps || cfg->rc.qp_min > cfg->rc.qp_max ||
        cfg->pic_type != ESP_H264_RAW_FMT_RGB565_LE || fake_hardware.old_chip)
        return ESP_H264_ERR_ARG;
    if (fake_hardware.open_now)
        return ESP_H264_ERR_MEM;
    *out_enc = calloc(1, sizeof **out_enc);
    (*out_enc)->parameters.base.encoder = *out_enc;
    fake_hardware.config = *cfg;
    fake_hardware.open_now = 1;
    fake_hardware.opened++;
    return ESP_H264_ERR_OK;
}

esp_h264_err_t esp_h264_enc_hw_get_param_hd(esp_h264_enc_handle_t enc,
                                            esp_h264_enc_param_hw_handle_t *out_param)
{
    *out_param = &enc->parameters;
    return ESP_H264_ERR_OK;
}

esp_h264_err_t esp_h264_enc_open(esp_h264_enc_handle_t enc)
{
    const esp_h264_enc_cfg_t *c = &fake_hardware.config;
    AvocetEncoderConfig config;
    avocet_encoder_config_init(&config, "ultrafast", "zerolatency");
    config.width = c->res.width;
    config.height = c->res.height;
    config.format = AVOCET_FORMAT_RGB565LE;
    config.fps = (AvocetRational){c->fps, 1};
    config.keyint = c->gop;
    config.rate_mode = AVOCET_RATE_QP;
    config.qp = c->rc.qp_max;
    config.qp_max = c->rc.qp_max;
    config.sei_version = 0;
    config.threads = 1;
    return avocet_encoder_open(&enc->encoder, &config, NULL, NULL, 0) < 0 ? ESP_H264_ERR_FAIL
                                                                          : ESP_H264_ERR_OK;
}

esp_h264_err_t esp_h264_enc_process(esp_h264_enc_handle_t enc, esp_h264_enc_in_frame_t *in_frame,
                                    esp_h264_enc_out_frame_t *out_frame)
{
    AvocetPicture picture;
    AvocetPacket packet;
    esp_h264_err_t error = fake_hardware.next_error;
    fake_hardware.next_error = ESP_H264_ERR_OK;
    if (error != ESP_H264_ERR_OK)
        return error;
    avocet_picture_init(&picture, AVOCET_FORMAT_RGB565LE, fake_hardware.config.res.width,
                        fake_hardware.config.res.height, in_frame->raw_data.buffer);
    picture.pts = enc->number++;
    if (avocet_encoder_send(enc->encoder, &picture) < 0 ||
        avocet_encoder_receive(enc->encoder, &packet) != AVOCET_OK)
        return ESP_H264_ERR_FAIL;
    if (packet.size > out_frame->raw_data.len)
        return ESP_H264_ERR_OVERFLOW;
    memcpy(out_frame->raw_data.buffer, packet.data, packet.size);
    out_frame->length = (uint32_t)packet.size;
    out_frame->frame_type = packet.keyframe ? ESP_H264_FRAME_TYPE_IDR : ESP_H264_FRAME_TYPE_P;
    fake_hardware.frames++;
    return ESP_H264_ERR_OK;
}

esp_h264_err_t esp_h264_enc_close(esp_h264_enc_handle_t enc)
{
    avocet_encoder_close(&enc->encoder);
    return ESP_H264_ERR_OK;
}

esp_h264_err_t esp_h264_enc_del(esp_h264_enc_handle_t enc)
{
    avocet_encoder_close(&enc->encoder);
    free(enc);
    fake_hardware.open_now = 0;
    return ESP_H264_ERR_OK;
}

esp_h264_err_t esp_h264_enc_set_fps(esp_h264_enc_param_handle_t handle, uint8_t fps)
{
    (void)handle;
    fake_hardware.config.fps = fps;
    return ESP_H264_ERR_OK;
}

esp_h264_err_t esp_h264_enc_set_bitrate(esp_h264_enc_param_handle_t handle, uint32_t bitrate)
{
    (void)handle;
    fake_hardware.config.rc.bitrate = bitrate;
    return ESP_H264_ERR_OK;
}
