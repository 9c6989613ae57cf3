/* What is known of an input before anything is. See input.h. */
#include "input/input.h"

InputInfo input_info_unknown(const char *kind)
{
    InputInfo info = {
        .kind = kind, .full_range = -1, .primaries = -1, .transfer = -1, .matrix = -1};
    info.frames = -1;
    return info;
}
