/* The backends of this build. A hardware encoder is listed before the software, so that "auto"
 * prefers it. */
#include "backend.h"

#include <stddef.h>

#if defined(AVOCET_BACKEND_ESP_H264)
extern const AvoBackend avo_backend_esp_h264;
#endif

const AvoBackend *const avo_backends[] = {
#if defined(AVOCET_BACKEND_ESP_H264)
    &avo_backend_esp_h264,
#endif
    &avo_backend_software,
    NULL,
};
