/* NAL units out of bytes that may be cut anywhere, and what each type of unit does.
 * See decoder.h. */
#include "dec/decoder.h"
#include "base/rbsp.h"

#define MAX_UNIT ((size_t)64 << 20) /* longer units are damage: bounds memory */

int avo_dec_reserve(AvocetDecoder *dec, AvoDecBuffer *buffer, size_t size)
{
    if (size <= buffer->capacity)
        return AVOCET_OK;
    if (size > MAX_UNIT + 2 * AVO_SB_PADDING)
        return avo_fail(&dec->message, AVOCET_ERR_DATA, "a NAL unit of %l bytes is too long",
                        (int64_t)size);
    size_t capacity = size + size / 2 + 4096;
    uint8_t *data = dec->allocator.alloc(dec->allocator.opaque, capacity, 64);
    if (!data)
        return avo_fail(&dec->message, AVOCET_ERR_MEMORY, "no memory for a NAL unit of %l bytes",
                        (int64_t)size);
    if (buffer->size)
        memcpy(data, buffer->data, buffer->size);
    if (buffer->data)
        dec->allocator.free(dec->allocator.opaque, buffer->data);
    buffer->data = data;
    buffer->capacity = capacity;
    return AVOCET_OK;
}

/* ---- cutting ---- */

static void advance(AvoNalSource *s, size_t n)
{
    if (n)
        s->data += n;
    s->size -= n;
    s->offset += n;
}

/* Index of the 01 that completes a start code, zeros of earlier bytes counted in; size if there is
 * none. *zeros is the number of zero bytes (up to 2) right before the returned index. */
static size_t find_start_code(const uint8_t *p, size_t size, int *zeros)
{
    size_t i = 0;
    int run = *zeros;
    while (i < size) {
        if (p[i] > 1 && i + 2 < size) { /* none of the next two can complete one */
            i += p[i + 2] > 1 ? 3 : 1;
            run = 0;
            continue;
        }
        if (p[i] == 1 && run >= 2)
            break;
        run = p[i] == 0 ? avo_min(run + 1, 2) : 0;
        i++;
    }
    *zeros = run;
    return i;
}

static size_t trim_zeros(const uint8_t *unit, size_t size)
{
    while (size > 0 && unit[size - 1] == 0)
        size--;
    return size;
}

static int append_pending(AvocetDecoder *dec, const uint8_t *data, size_t size)
{
    AvoDecBuffer *b = &dec->source.pending;
    AVO_RETURN_IF_ERROR(avo_dec_reserve(dec, b, b->size + size));
    if (size)
        memcpy(b->data + b->size, data, size);
    b->size += size;
    return AVOCET_OK;
}

/* Removes emulation prevention into dec->rbsp. */
static int load_unit(AvocetDecoder *dec, const uint8_t *unit, size_t size)
{
    dec->rbsp.size = 0;
    AVO_RETURN_IF_ERROR(avo_dec_reserve(dec, &dec->rbsp, size + AVO_SB_PADDING));
    dec->unit_header = unit[0];
    dec->rbsp.size = avo_rbsp_unescape(dec->rbsp.data, size - 1, unit + 1, size - 1);
    memset(dec->rbsp.data + dec->rbsp.size, 0, AVO_SB_PADDING);
    dec->has_unit = true;
    return AVOCET_OK;
}

/* The unit made of the pending bytes and n more ends here. Empty units are passed over. */
static int end_unit(AvocetDecoder *dec, const uint8_t *data, size_t n)
{
    AvoNalSource *s = &dec->source;
    int status = AVOCET_OK;
    if (s->pending.size) {
        status = append_pending(dec, data, n);
        data = s->pending.data;
        n = s->pending.size;
    }
    n = trim_zeros(data, n);
    if (status == AVOCET_OK && n > 0)
        status = load_unit(dec, data, n);
    s->pending.size = 0;
    return status;
}

/* Marks the first byte of data as the start of a unit. */
static void begin_unit(AvoNalSource *s)
{
    s->in_unit = true;
    s->zeros = 0;
    s->unit_offset = s->offset;
    s->unit_pts = s->pts;
}

/* Annex B. is_last: nothing follows data, so its end ends the unit too. */
static int next_annexb_unit(AvocetDecoder *dec, bool is_last)
{
    AvoNalSource *s = &dec->source;
    while (!dec->has_unit) {
        bool was_in_unit = s->in_unit;
        int status = AVOCET_OK;
        size_t n = find_start_code(s->data, s->size, &s->zeros);
        const uint8_t *data = s->data;
        if (n < s->size) {
            advance(s, n + 1);
            uint64_t offset = s->unit_offset;
            int64_t pts = s->unit_pts;
            begin_unit(s);
            if (was_in_unit) {
                status = end_unit(dec, data, n);
                dec->unit_offset = offset;
                dec->unit_pts = pts;
            }
        } else {
            advance(s, n);
            if (was_in_unit && !is_last)
                status = append_pending(dec, data, n);
            else if (was_in_unit)
                status = end_unit(dec, data, n);
            dec->unit_offset = s->unit_offset;
            dec->unit_pts = s->unit_pts;
            if (is_last || status < 0) {
                s->in_unit = false;
                s->zeros = 0;
                s->pending.size = 0;
            }
            if (status == AVOCET_OK && !dec->has_unit)
                return AVOCET_NEED_INPUT;
        }
        AVO_RETURN_IF_ERROR(status);
    }
    return AVOCET_OK;
}

/* Units with a length in front. */
static int next_sized_unit(AvocetDecoder *dec)
{
    AvoNalSource *s = &dec->source;
    size_t prefix = (size_t)dec->config.nal_length_size, size = 0;
    while (!dec->has_unit) {
        if (s->size == 0)
            return AVOCET_NEED_INPUT;
        dec->unit_offset = s->offset;
        dec->unit_pts = s->pts;
        size = 0;
        for (size_t i = 0; i < prefix && i < s->size; i++)
            size = size << 8 | s->data[i];
        if (s->size < prefix || size > s->size - prefix) {
            advance(s, s->size);
            return avo_fail(&dec->message, AVOCET_ERR_DATA, "NAL unit is longer than its packet");
        }
        const uint8_t *unit = s->data + prefix;
        advance(s, prefix + size);
        if (size)
            AVO_RETURN_IF_ERROR(load_unit(dec, unit, size));
    }
    return AVOCET_OK;
}

/* ---- parameter sets ---- */

static void free_pps(AvocetDecoder *dec, AvoPps *pps)
{
    if (!pps)
        return;
    if (pps->slice_group_id)
        dec->allocator.free(dec->allocator.opaque, pps->slice_group_id);
    dec->allocator.free(dec->allocator.opaque, pps);
}

void avo_dec_free_parameter_sets(AvocetDecoder *dec)
{
    for (int i = 0; i < 32; i++)
        if (dec->sps[i])
            dec->allocator.free(dec->allocator.opaque, dec->sps[i]);
    for (int i = 0; i < 256; i++)
        free_pps(dec, dec->pps[i]);
    memset(dec->sps, 0, sizeof dec->sps);
    memset(dec->pps, 0, sizeof dec->pps);
}

/* A set that repeats the one in place changes nothing,
 * so that streams may resend them at any time. */
static int handle_sps(AvocetDecoder *dec)
{
    AvoSps *sps = dec->allocator.alloc(dec->allocator.opaque, sizeof *sps, 64);
    if (!sps)
        return avo_fail(&dec->message, AVOCET_ERR_MEMORY, "no memory for a parameter set");
    int status = avo_sps_parse(sps, dec->rbsp.data, dec->rbsp.size, &dec->message);
    AvoSps *old = status < 0 ? NULL : dec->sps[sps->id];
    if (status < 0 || (old && memcmp(old, sps, sizeof *sps) == 0)) {
        dec->allocator.free(dec->allocator.opaque, sps);
        return status;
    }
    if (old)
        dec->allocator.free(dec->allocator.opaque, old);
    dec->sps[sps->id] = sps;
    dec->sps_serial[sps->id] = ++dec->last_serial;
    return AVOCET_OK;
}

static int handle_pps(AvocetDecoder *dec)
{
    AvoPps *pps = dec->allocator.alloc(dec->allocator.opaque, sizeof *pps, 64);
    if (!pps)
        return avo_fail(&dec->message, AVOCET_ERR_MEMORY, "no memory for a parameter set");
    int status = avo_pps_parse(pps, dec->rbsp.data, dec->rbsp.size, &dec->allocator, &dec->message);
    const AvoPps *old = status < 0 ? NULL : dec->pps[pps->id];
    if (status < 0 || (old && memcmp(old, pps, sizeof *pps) == 0)) {
        free_pps(dec, pps);
        return status;
    }
    free_pps(dec, dec->pps[pps->id]);
    dec->pps[pps->id] = pps;
    dec->pps_serial[pps->id] = ++dec->last_serial;
    return AVOCET_OK;
}

/* ---- units ---- */

/* Slices of SVC layers and MVC views (Annexes G, H, I): told once per stream, then passed over. */
static int refuse_layer(AvocetDecoder *dec)
{
    if (dec->told_layers)
        return AVOCET_OK;
    dec->told_layers = true;
    return avo_fail(&dec->message, AVOCET_ERR_UNSUPPORTED,
                    "SVC and MVC layers are not supported, the base layer alone is decoded");
}

static int handle_unit(AvocetDecoder *dec)
{
    int type = dec->unit_header & 31, ref_idc = dec->unit_header >> 5 & 3;
    if (dec->unit_header & 0x80)
        return avo_fail(&dec->message, AVOCET_ERR_DATA, "forbidden_zero_bit is set");
    switch (type) {
    case AVO_NAL_SLICE:
        return avo_dec_slice(dec, ref_idc, type);
    case AVO_NAL_IDR:
        if (ref_idc == 0)
            return avo_fail(&dec->message, AVOCET_ERR_DATA, "IDR slice with nal_ref_idc 0");
        return avo_dec_slice(dec, ref_idc, type);
    case 2:
    case 3:
    case 4:
        return avo_fail(&dec->message, AVOCET_ERR_UNSUPPORTED,
                        "data partitioning is not supported");
    case AVO_NAL_SPS:
        return handle_sps(dec);
    case AVO_NAL_PPS:
        return handle_pps(dec);
    case AVO_NAL_SEI:
        if (dec->config.sei)
            avo_sei_parse(dec->rbsp.data, dec->rbsp.size, dec->config.sei, dec->config.sei_opaque);
        return AVOCET_OK;
    case AVO_NAL_AUD:
    case AVO_NAL_END_SEQ:
    case AVO_NAL_END_STREAM:
        avo_dec_finish_picture(dec);
        return AVOCET_OK;
    case 20:
    case 21:
        return refuse_layer(dec);
    default: /* other extensions, filler, reserved and unspecified types: to be passed over */
        return AVOCET_OK;
    }
}

int avo_dec_step(AvocetDecoder *dec)
{
    if (!dec->has_unit) {
        bool whole = dec->config.whole_units || dec->config.nal_length_size || dec->flushing;
        int status =
            dec->config.nal_length_size ? next_sized_unit(dec) : next_annexb_unit(dec, whole);
        if (status != AVOCET_OK)
            return status;
    }
    int status = handle_unit(dec);
    if (status != AVO_DEC_AGAIN)
        dec->has_unit = false;
    return status;
}
