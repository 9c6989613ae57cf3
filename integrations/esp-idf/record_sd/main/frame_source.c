/* See frame_source.h. */
#include "frame_source.h"

#include "sdkconfig.h"

#if defined(CONFIG_RECORD_CAMERA)

#include "esp_camera.h"

static camera_fb_t *held;

/* Pins of the ESP32-S3-EYE; other boards: see their schematics. */
static const camera_config_t camera_config = {
    .pin_pwdn = -1,
    .pin_reset = -1,
    .pin_xclk = 15,
    .pin_sccb_sda = 4,
    .pin_sccb_scl = 5,
    .pin_d7 = 16,
    .pin_d6 = 17,
    .pin_d5 = 18,
    .pin_d4 = 12,
    .pin_d3 = 10,
    .pin_d2 = 8,
    .pin_d1 = 9,
    .pin_d0 = 11,
    .pin_vsync = 6,
    .pin_href = 7,
    .pin_pclk = 13,
    .xclk_freq_hz = 20000000,
    .ledc_timer = LEDC_TIMER_0,
    .ledc_channel = LEDC_CHANNEL_0,
    .pixel_format = PIXFORMAT_RGB565,
    .frame_size = FRAMESIZE_QVGA,
    .fb_count = 2,
    .fb_location = CAMERA_FB_IN_PSRAM,
    .grab_mode = CAMERA_GRAB_WHEN_EMPTY,
};

bool frame_source_open(void)
{
    return esp_camera_init(&camera_config) == ESP_OK;
}

/* This driver gives RGB565 with the high byte first. */
bool frame_source_take(AvocetPicture *picture)
{
    held = esp_camera_fb_get();
    if (!held)
        return false;
    avocet_picture_init(picture, AVOCET_FORMAT_RGB565BE, (int)held->width, (int)held->height,
                        held->buf);
    return true;
}

void frame_source_return(void)
{
    esp_camera_fb_return(held);
}

#else

#include <stdlib.h>

static uint16_t *image;
static int number;

bool frame_source_open(void)
{
    image = malloc(FRAME_WIDTH * FRAME_HEIGHT * sizeof *image);
    return image != NULL;
}

/* A panning pattern with a moving square. */
static uint16_t colour_at(int x, int y)
{
    if ((unsigned)(x - number * 3 % FRAME_WIDTH) < 40 &&
        (unsigned)(y - number * 2 % FRAME_HEIGHT) < 40)
        return 0xffe0;
    unsigned shade = (unsigned)(x + number * 2) / 4 + (unsigned)y / 8;
    return (uint16_t)((shade & 31) << 11 | (y / 4 & 63) << 5 | (31 - (shade & 31)));
}

bool frame_source_take(AvocetPicture *picture)
{
    for (int y = 0; y < FRAME_HEIGHT; y++)
        for (int x = 0; x < FRAME_WIDTH; x++)
            image[y * FRAME_WIDTH + x] = colour_at(x, y);
    number++;
    avocet_picture_init(picture, AVOCET_FORMAT_RGB565LE, FRAME_WIDTH, FRAME_HEIGHT,
                        (const uint8_t *)image);
    return true;
}

void frame_source_return(void) {}

#endif
