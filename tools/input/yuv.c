/* Raw frames without any header: size and format come from the user. */
#include "input/frame_reader.h"

Input *input_yuv_open(const InputRequest *request, ByteSource source, Fault *fault)
{
    InputInfo info = input_info_unknown("raw");
    if (!request->width) {
        byte_source_close(&source);
        fault_set(fault,
                  "%s: raw frames need --size WxH (and --fps N --format F where not 25 and i420)",
                  source.name);
        return NULL;
    }
    info.format = request->format >= 0 ? (AvocetFormat)request->format : AVOCET_FORMAT_I420;
    info.width = request->width;
    info.height = request->height;
    info.fps = request->fps.num ? request->fps : (AvocetRational){25, 1};
    size_t frame = avocet_format_size(info.format, info.width, info.height);
    int64_t size = byte_source_size(&source);
    if (size >= 0 && frame)
        info.frames = size / (int64_t)frame;
    if (size >= 0 && size < (int64_t)frame) {
        byte_source_close(&source);
        fault_set(fault,
                  "%s has %lld bytes, a %dx%d %s picture has %zu: are --size and --format right?",
                  source.name, (long long)size, info.width, info.height,
                  avocet_format_name(info.format), frame);
        return NULL;
    }
    return frame_reader_open(&info, source, 0, fault);
}
