/* Avocet: everything at once. */
#ifndef AVOCET_AVOCET_H
#define AVOCET_AVOCET_H

#define AVOCET_VERSION_MAJOR 0
#define AVOCET_VERSION_MINOR 1
#define AVOCET_VERSION_PATCH 0

#include <avocet/types.h>
#include <avocet/encoder.h>
#include <avocet/decoder.h>
#include <avocet/mux.h>
#include <avocet/stream.h>

#endif
