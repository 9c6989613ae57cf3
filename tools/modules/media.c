/* The program's side of media.h: opens the module when one of its functions is called, or says that
 * there is none. Where FFmpeg's libraries are linked directly, the functions themselves are here
 * and this file is empty. */
#include "modules/media.h"

#if defined(AVOCET_MEDIA_MODULE)
#include <stdio.h>

/* what, name: "reading", "clip.mkv". */
static const MediaModule *media(const char *what, const char *name, Fault *fault)
{
    char purpose[200];
    snprintf(purpose, sizeof purpose, "%s %.150s", what, name);
    return (const MediaModule *)module_load("media", sizeof(MediaModule), purpose, fault);
}

int input_lavf_available(void)
{
    return 1;
}

Input *input_lavf_open(const InputRequest *request, Fault *fault)
{
    const MediaModule *module = media("reading", request->name, fault);
    return module ? module->input_open(request, fault) : NULL;
}

int output_lavf_check(const char *name, Fault *fault)
{
    const MediaModule *module = media("writing", name, fault);
    return module ? module->output_check(name, fault) : -1;
}

Output *output_lavf_open(const char *name, const OutputTrack *track, Fault *fault)
{
    const MediaModule *module = media("writing", name, fault);
    return module ? module->output_open(name, track, fault) : NULL;
}

int mjpeg_available(void)
{
    Fault fault;
    const MediaModule *module = media("decoding", "Motion JPEG", &fault);
    return module && module->mjpeg_available();
}

Mjpeg *mjpeg_open(int width, int height, Fault *fault)
{
    const MediaModule *module = media("decoding", "Motion JPEG", fault);
    return module ? module->mjpeg_open(width, height, fault) : NULL;
}

#elif !defined(AVOCET_HAVE_LAVF)

int input_lavf_available(void)
{
    return 0;
}

Input *input_lavf_open(const InputRequest *request, Fault *fault)
{
    fault_set(fault, "%s: this build has no libavformat", request->name);
    return NULL;
}

int output_lavf_check(const char *name, Fault *fault)
{
    return fault_set(fault,
                     "output %s: such files are written by libavformat, which this build has not; "
                     ".264 and .mp4 need nothing",
                     name);
}

Output *output_lavf_open(const char *name, const OutputTrack *track, Fault *fault)
{
    (void)track;
    fault_set(fault, "%s: this build has no libavformat", name);
    return NULL;
}

int mjpeg_available(void)
{
    return 0;
}

Mjpeg *mjpeg_open(int width, int height, Fault *fault)
{
    (void)width;
    (void)height;
    fault_set(fault, "Motion JPEG needs a build with libavcodec");
    return NULL;
}
#endif
