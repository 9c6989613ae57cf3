/* See esp_h264_types.h. */
#ifndef FAKE_ESP_H264_ALLOC_H
#define FAKE_ESP_H264_ALLOC_H

#include <stdint.h>

#define ESP_H264_MEM_SPIRAM 1
void *esp_h264_aligned_calloc(uint32_t alignment, uint32_t n, uint32_t size, uint32_t *actual_size,
                              uint32_t caps);
void esp_h264_free(void *pointer);

#endif
