/* channels.h - a walk over the numbers of channels; for channels*.c only.
 *
 * Everything is done by vectors of up to 16 numbers: channels where they lie
 * side by side, positions of one channel where the tensor is dense.  A strip of
 * vectors stays in the first cache while all that is to be known of it is
 * gathered, so that each tensor is read from memory once; values of 16 bits are
 * widened into a buffer there, and narrowed behind the loop.  Loops over a
 * vector's lanes must not be unrolled: gcc then makes no vectors of them.
 */
#ifndef CREMA_DEVICE_CPU_CHANNELS_H
#define CREMA_DEVICE_CPU_CHANNELS_H

#include "device/cpu/own.h"

enum {
    CREMA_CPU_STRIP = 256, /* vectors that stay in cache */
    CREMA_CPU_STRIP_ROOM = CREMA_CPU_STRIP * CREMA_CPU_UNIT, /* numbers */
};

/* `count` vectors of `width` numbers, `step` apart; the first at number `at` of
 * the data. */
struct crema_cpu_vectors {
    int64_t at, count, step;
    int width;
};

/* A walk over all strips of a group of units. */
struct crema_cpu_walk {
    struct crema_cpu_view v;
    int64_t unit, run, from, most;
    struct crema_cpu_vectors strip; /* of the group's first unit */
};

/* Before the first strip of the n units from `unit` on. */
struct crema_cpu_walk crema_cpu_walk(const struct crema_cpu_view *,
                                     int64_t unit, int n);
/* To the next strip; false: there is none left. */
bool crema_cpu_walk_on(struct crema_cpu_walk *);

/* How many units a block of channels has. */
static inline int64_t crema_cpu_units_per_block(const struct crema_cpu_view *v)
{
    return (v->lanes + CREMA_CPU_UNIT - 1) / CREMA_CPU_UNIT;
}

/* The same vectors of unit number i of the group. */
static inline struct crema_cpu_vectors
crema_cpu_walk_unit(const struct crema_cpu_walk *w, int i)
{
    struct crema_cpu_vectors s = w->strip;
    int64_t left;

    if (w->v.lanes == 1) return s;
    left = w->v.lanes -
           (w->unit % crema_cpu_units_per_block(&w->v) + i) * CREMA_CPU_UNIT;
    s.at += (int64_t)i * CREMA_CPU_UNIT;
    s.width = left < CREMA_CPU_UNIT ? (int)left : CREMA_CPU_UNIT;
    return s;
}

/* Values of 16 bits; room[count][CREMA_CPU_UNIT] */
void crema_cpu_widen_vectors(const struct crema_cpu_vectors *,
                             const uint16_t *x, float *room);
void crema_cpu_narrow_vectors(const struct crema_cpu_vectors *,
                              const float *room, uint16_t *x);

/* The strip of data as float32: in its place, or in room. */
static inline const float *
crema_cpu_walk_load(const struct crema_cpu_walk *w,
                    const struct crema_cpu_vectors *s, const void *data,
                    float *room)
{
    if (!data || w->v.type == CREMA_F32)
        return data ? (const float *)data + s->at : NULL;
    crema_cpu_widen_vectors(s, (const uint16_t *)data + s->at, room);
    return room;
}

/* Where a strip of results goes, until it is stored. */
static inline float *crema_cpu_walk_place(const struct crema_cpu_walk *w,
                                          const struct crema_cpu_vectors *s,
                                          void *data, float *room)
{
    return w->v.type == CREMA_F32 ? (float *)data + s->at : room;
}

static inline void crema_cpu_walk_store(const struct crema_cpu_walk *w,
                                        const struct crema_cpu_vectors *s,
                                        const float *room, void *data)
{
    if (w->v.type != CREMA_F32)
        crema_cpu_narrow_vectors(s, room, (uint16_t *)data + s->at);
}

/* The strip as it lies once loaded. */
static inline struct crema_cpu_vectors
crema_cpu_walk_loaded(const struct crema_cpu_walk *w,
                      const struct crema_cpu_vectors *s)
{
    struct crema_cpu_vectors l = *s;

    l.at = 0;
    if (w->v.type != CREMA_F32) l.step = CREMA_CPU_UNIT;
    return l;
}

/* fn(count, step, width, ...) of vectors; the widths that most have are
 * constants, so that an inlined fn is compiled for each. */
#define CREMA_CPU_BY_WIDTH(fn, s, ...)                                         \
    ((s)->width == CREMA_CPU_UNIT                                              \
         ? fn((s)->count, (s)->step, CREMA_CPU_UNIT, __VA_ARGS__)              \
     : (s)->width == CREMA_CPU_UNIT / 2                                        \
         ? fn((s)->count, (s)->step, CREMA_CPU_UNIT / 2, __VA_ARGS__)          \
         : fn((s)->count, (s)->step, (s)->width, __VA_ARGS__))

/* In a dense tensor all 16 lanes belong to one channel: they get the number of
 * lane 0. */
static inline void crema_cpu_spread(const struct crema_cpu_view *v,
                                    float a[CREMA_CPU_UNIT])
{
    for (int l = 1; l < CREMA_CPU_UNIT && v->lanes == 1; l++) a[l] = a[0];
}

/* All numbers of a unit likewise. */
void crema_cpu_spread_all(const struct crema_cpu_view *,
                          struct crema_cpu_affine *);

#endif
