/* What the bindings' RTSP servers must know of an access unit. */
#ifndef AVO_BINDINGS_ACCESS_UNIT_H
#define AVO_BINDINGS_ACCESS_UNIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Is there an IDR slice among these NAL units with start codes? */
bool avo_is_keyframe(const uint8_t *data, size_t size);

#endif
