/* See parameter_sets.h. */
#include "parameter_sets.h"

#include <string.h>

enum { NAL_SPS = 7, NAL_PPS = 8 };

typedef struct Unit {
    const uint8_t *lead; /* start code or length */
    const uint8_t *data; /* from the NAL header on */
    const uint8_t *end;
} Unit;

/* Three bytes 0 0 1, or end. */
static const uint8_t *find_start_code(const uint8_t *p, const uint8_t *end)
{
    for (; end - p >= 3; p++)
        if (p[0] == 0 && p[1] == 0 && p[2] == 1)
            return p;
    return end;
}

/* The unit whose start code or length stands at or behind p; 0 at the end. */
static int next_unit(Unit *unit, const uint8_t *p, const uint8_t *end, int lengths)
{
    unit->lead = p;
    if (lengths) {
        if (end - p < 4)
            return 0;
        size_t n = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
        unit->data = p + 4;
        unit->end = n < (size_t)(end - unit->data) ? unit->data + n : end;
        return n > 0;
    }
    const uint8_t *code = find_start_code(p, end);
    if (end - code < 4)
        return 0;
    unit->data = code + 3;
    unit->end = find_start_code(unit->data, end);
    if (unit->end < end && unit->end[-1] == 0) /* the zero_byte of the next start code (B.1.2) */
        unit->end--;
    return 1;
}

static int type_of(const Unit *unit)
{
    return unit->data[0] & 31;
}

size_t avo_parameter_sets_copy(const uint8_t *data, size_t data_size, int lengths, uint8_t *out, size_t size)
{
    const uint8_t *end = data + data_size;
    size_t used = 0;
    Unit unit;
    for (const uint8_t *p = data; next_unit(&unit, p, end, lengths); p = unit.end) {
        size_t n = (size_t)(unit.end - unit.lead);
        if (type_of(&unit) != NAL_SPS && type_of(&unit) != NAL_PPS)
            continue;
        if (out && n > size - used)
            return 0;
        if (out)
            memcpy(out + used, unit.lead, n);
        used += n;
    }
    return used;
}

static int is_high(int profile_idc)
{
    return profile_idc == 100 || profile_idc == 110 || profile_idc == 122 || profile_idc == 244;
}

/* How far the Exp-Golomb numbers behind the three fixed bytes say the chroma format: seq_parameter_set_id, then
 * chroma_format_idc. Both are small here, so they lie in the fourth byte: ue(0) = 1, ue(1) = 010, ue(2) = 011. */
static int chroma_format(const uint8_t *sps)
{
    uint8_t bits = (uint8_t)(sps[4] << 1); /* behind seq_parameter_set_id 0 */
    return bits & 0x80 ? 0 : (bits & 0x20 ? 2 : 1);
}

static size_t put_set(uint8_t *out, const Unit *unit)
{
    size_t n = (size_t)(unit->end - unit->data);
    out[0] = 1; /* one set */
    out[1] = (uint8_t)(n >> 8);
    out[2] = (uint8_t)n;
    memcpy(out + 3, unit->data, n);
    return 3 + n;
}

size_t avo_parameter_sets_avcc(const uint8_t *sets, size_t sets_size, int lengths, uint8_t *out, size_t size)
{
    const uint8_t *end = sets + sets_size;
    Unit sps = {0}, pps = {0}, unit;
    for (const uint8_t *p = sets; next_unit(&unit, p, end, lengths); p = unit.end) {
        if (type_of(&unit) == NAL_SPS && !sps.data)
            sps = unit;
        else if (type_of(&unit) == NAL_PPS && !pps.data)
            pps = unit;
    }
    if (!sps.data || !pps.data || sps.end - sps.data < 5)
        return 0;
    size_t need = 5 + 3 + (size_t)(sps.end - sps.data) + 3 + (size_t)(pps.end - pps.data) + 4;
    if (need > size)
        return 0;
    out[0] = 1;           /* configurationVersion */
    out[1] = sps.data[1]; /* profile, compatibility, level */
    out[2] = sps.data[2];
    out[3] = sps.data[3];
    out[4] = 0xff; /* lengths of four bytes */
    size_t n = 5;
    n += put_set(out + n, &sps);
    out[5] |= 0xe0; /* reserved bits of the number of SPS */
    n += put_set(out + n, &pps);
    if (is_high(sps.data[1])) {
        out[n++] = (uint8_t)(0xfc | chroma_format(sps.data));
        out[n++] = 0xf8; /* 8 bits luma */
        out[n++] = 0xf8; /* 8 bits chroma */
        out[n++] = 0;    /* no SPS extensions */
    }
    return n;
}
