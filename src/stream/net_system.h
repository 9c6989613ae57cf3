/* Whether there are sockets to build on, and whose. To be included before any header of the system,
 * which looks at the names of extensions defined here.
 *
 * AVO_HAVE_SOCKETS  POSIX, or the part of it that ESP-IDF has over lwIP
 * AVO_NET_LWIP      the latter: no pipes, no close-on-exec, no getnameinfo, small stacks */
#ifndef AVO_STREAM_NET_SYSTEM_H
#define AVO_STREAM_NET_SYSTEM_H

#if !defined(AVO_NET_LWIP)
#if defined(ESP_PLATFORM)
#define AVO_NET_LWIP 1
#else
#define AVO_NET_LWIP 0
#endif
#endif
#if (defined(__unix__) || defined(__APPLE__) || AVO_NET_LWIP) && !defined(AVOCET_NO_SOCKETS)
#define AVO_HAVE_SOCKETS 1
#if !defined(_GNU_SOURCE)
#define _GNU_SOURCE /* getentropy, MSG_NOSIGNAL */
#endif
#if defined(__APPLE__)
#define _DARWIN_C_SOURCE
#endif
#else
#define AVO_HAVE_SOCKETS 0
#endif

#endif
