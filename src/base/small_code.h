/* Included last by files that steer more than they compute: in the build for small machines what
 * follows is compiled for size, whatever the rest is compiled for. A fifth of their code goes, for
 * less than one in a hundred of all instructions. */
#ifndef AVO_BASE_SMALL_CODE_H
#define AVO_BASE_SMALL_CODE_H

#if AVOCET_TINY && defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("Os")
#endif

#endif
