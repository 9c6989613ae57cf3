/* Records images in QVGA to /sdcard/out.h264. The encoder is the hardware's where there is one,
 * else software. */
#include <stdio.h>
#include <stdlib.h>

#include "driver/sdmmc_host.h"
#include "esp_log.h"
#include "esp_timer.h"
#include "esp_vfs_fat.h"
#include "sdkconfig.h"
#include "sdmmc_cmd.h"

#include "frame_source.h"
#include "live.h"
#include "say.h"

static const char *TAG = "record";
static const char *PATH = "/sdcard/out.h264";

static void *take_memory(void *opaque, size_t size, size_t align)
{
    (void)opaque;
    (void)align;
    return malloc(size);
}

static void give_memory(void *opaque, void *pointer)
{
    (void)opaque;
    free(pointer);
}

static int write_packet(void *opaque, const AvocetPacket *packet)
{
    return fwrite(packet->data, 1, packet->size, opaque) == packet->size ? AVOCET_OK
                                                                         : AVOCET_ERR_IO;
}

static bool mount_card(void)
{
    sdmmc_host_t host = SDMMC_HOST_DEFAULT();
    sdmmc_slot_config_t slot = SDMMC_SLOT_CONFIG_DEFAULT();
    esp_vfs_fat_sdmmc_mount_config_t mount = {.max_files = 2, .allocation_unit_size = 16 * 1024};
    sdmmc_card_t *card;
    slot.width = 1;
    return esp_vfs_fat_sdmmc_mount("/sdcard", &host, &slot, &mount, &card) == ESP_OK;
}

static bool open_encoder(AvoLive *live)
{
    static const AvocetAllocator heap = {take_memory, give_memory, NULL};
    AvoLiveMemory memory = {&heap, NULL, 0};
    AvocetEncoderConfig config;
    char fps[16], message[AVO_LIVE_MESSAGE];
    avo_say(fps, sizeof fps, "%d", CONFIG_RECORD_FPS);
    AvoLiveArgs args = {
        .width = FRAME_WIDTH,
        .height = FRAME_HEIGHT,
        .fps = fps,
        .bitrate = CONFIG_RECORD_BITRATE,
        .qp_min = 25,
        .qp_max = 45,
#if !CONFIG_AVOCET_TINY
        .preset = "ultrafast",
#endif
    };
    int status = avo_live_configure(&config, &args, message, sizeof message);
    if (status == AVOCET_OK)
        status = avo_live_open(live, &config, "auto", &memory, message, sizeof message);
    if (status < 0)
        ESP_LOGE(TAG, "encoder: %s", message);
    return status == AVOCET_OK;
}

static void record(AvoLive *live, FILE *file)
{
    int64_t start = esp_timer_get_time();
    AvocetPicture picture;
    for (int i = 0; i < CONFIG_RECORD_FRAMES && frame_source_take(&picture); i++) {
        int status = avo_live_encode(live, &picture, false, write_packet, file);
        frame_source_return();
        if (status < 0) {
            ESP_LOGE(TAG, "image %d: %s", i, live->message);
            break;
        }
    }
    int64_t ms = (esp_timer_get_time() - start) / 1000;
    ESP_LOGI(TAG, "%d images, %d bytes in %d ms with %s: %s", (int)live->totals.frames,
             (int)live->totals.bytes, (int)ms, live->backend->name, PATH);
}

void app_main(void)
{
    static AvoLive live;
    if (!mount_card() || !frame_source_open()) {
        ESP_LOGE(TAG, "no card, or no camera");
        return;
    }
    FILE *file = fopen(PATH, "wb");
    if (file && open_encoder(&live)) {
        record(&live, file);
        avo_live_close(&live);
    }
    if (file)
        fclose(file);
}
