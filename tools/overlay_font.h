/* Letters for the player's lines of text: printable ASCII, 5 dots wide, 8 high. */
#ifndef TOOLS_OVERLAY_FONT_H
#define TOOLS_OVERLAY_FONT_H

#include <stdint.h>

enum { FONT_WIDTH = 5, FONT_HEIGHT = 8 };

/* Rows from the top, the leftmost dot in bit 4. */
const uint8_t *overlay_font_glyph(char c);

#endif
