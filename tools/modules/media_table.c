/* What avocet-media.so exports. See media.h. */
#include "modules/media.h"

#ifdef AVOCET_BUILD_MODULE
extern const MediaModule avocet_module;

__attribute__((visibility("default"))) const MediaModule avocet_module = {
    .head = {AVOCET_BUILD_MODULE, sizeof(MediaModule)},
    .input_open = input_lavf_open,
    .output_check = output_lavf_check,
    .output_open = output_lavf_open,
    .mjpeg_available = mjpeg_available,
    .mjpeg_open = mjpeg_open,
};
#endif
