/* wide.h - loops compiled for the widest registers a machine may have.  Floor
 * 0.
 *
 * A function marked CREMA_WIDE is compiled for plain x86-64, for AVX2 with FMA
 * (x86-64-v3) and for AVX-512 (v4); the loader chooses once, when the library
 * is loaded, by what the processor can do: a processor's name instead of a
 * level would fit that one model only.  Sanitizers cannot have that and get the
 * plain one.
 */
#ifndef CREMA_BASE_WIDE_H
#define CREMA_BASE_WIDE_H

#if defined(__x86_64__) && defined(__GNUC__) && __GNUC__ >= 12 &&              \
    !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) &&                   \
    !defined(__SANITIZE_THREAD__)
#define CREMA_WIDE                                                             \
    __attribute__((                                                            \
        target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define CREMA_WIDE
#endif

#endif
