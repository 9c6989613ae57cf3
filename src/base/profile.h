/* Which profiles have a chroma part in their sequence parameter sets (7.3.2.1.1). Of the standard,
 * this stands here since containers read these sets, too, and know nothing of the codec. */
#ifndef AVO_BASE_PROFILE_H
#define AVO_BASE_PROFILE_H

#include "base/util.h"

/* From chroma_format_idc to scaling lists. */
static inline bool avo_profile_has_chroma_part(int profile_idc)
{
    static const uint8_t profiles[] = {100, 110, 122, 244, 44,  83, 86,
                                       118, 128, 138, 139, 134, 135};
    for (size_t i = 0; i < AVO_COUNT(profiles); i++)
        if (profiles[i] == profile_idc)
            return true;
    return false;
}

#endif
