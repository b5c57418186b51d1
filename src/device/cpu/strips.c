/* strips.c - loops of our own over values of 32 or 16 bits.
 *
 * The loops know float32.  Where a tensor is bf16, strips of it are widened
 * into a buffer that stays in the first cache, and narrowed behind the loop.
 */
#include "device/cpu/own.h"

#include <string.h>

enum { GRAIN = 8192, STRIP = 512 };

/* y may not be x */
CREMA_CPU_CLONES
void crema_cpu_widen(int64_t n, const uint16_t *restrict x, float *restrict y)
{
    for (int64_t i = 0; i < n; i++) y[i] = crema_from_bf16(x[i]);
}

CREMA_CPU_CLONES
void crema_cpu_narrow(int64_t n, const float *restrict x, uint16_t *restrict y)
{
    for (int64_t i = 0; i < n; i++) y[i] = crema_to_bf16(x[i]);
}

/* n elements from element `at` of float32 or bf16 data: as they lie, or widened
 * into room.  NULL for NULL. */
static const float *load(enum crema_type type, const void *data, int64_t at,
                         int64_t n, float *room)
{
    if (!data || type == CREMA_F32)
        return data ? (const float *)data + at : NULL;
    crema_cpu_widen(n, (const uint16_t *)data + at, room);
    return room;
}

/* The way back; from: either the data's own place or another. */
static void store(enum crema_type type, void *data, int64_t at, int64_t n,
                  const float *from)
{
    if (type != CREMA_F32)
        crema_cpu_narrow(n, from, (uint16_t *)data + at);
    else if (from != (float *)data + at)
        memcpy((float *)data + at, from, sizeof(float) * (size_t)n);
}

struct strips {
    const struct crema_op *op;
    crema_cpu_strip *fn;
    const void *user;
    int64_t step;
};

static bool is_float(const struct crema_tensor *t)
{
    return !t || t->layout.type == CREMA_F32;
}

static void part(const void *user, int64_t from, int64_t to)
{
    const struct strips *s = user;
    const struct crema_op *op = s->op;
    float room[2 * CREMA_MAX_PORTS][STRIP];
    const float *in[CREMA_MAX_PORTS];
    float *out[CREMA_MAX_PORTS];

    for (int64_t at = from; at < to; at += s->step) {
        int64_t n = to - at < s->step ? to - at : s->step;

        for (int i = 0; i < op->nin; i++)
            in[i] = op->in[i] ? load(op->in[i]->layout.type, op->in[i]->data,
                                     at, n, room[i])
                              : NULL;
        for (int i = 0; i < op->nout; i++) {
            const struct crema_tensor *t = op->out[i];

            out[i] = !t            ? NULL
                     : is_float(t) ? (float *)t->data + at
                                   : room[CREMA_MAX_PORTS + i];
        }
        s->fn(s->user, n, in, out);
        for (int i = 0; i < op->nout; i++)
            if (op->out[i])
                store(op->out[i]->layout.type, op->out[i]->data, at, n, out[i]);
    }
}

void crema_cpu_strips(const struct crema_op *op, crema_cpu_strip *fn,
                      const void *user)
{
    const struct crema_layout *l = &op->out[0]->layout;
    int64_t count = (int64_t)(l->bytes / crema_type_bytes(l->type));
    struct strips s = { op, fn, user, count + 1 };

    for (int i = 0; i < op->nin; i++)
        if (!is_float(op->in[i])) s.step = STRIP;
    for (int i = 0; i < op->nout; i++)
        if (!is_float(op->out[i])) s.step = STRIP;
    crema_cpu_parts(crema_cpu_threads(op), count, GRAIN, part, &s);
}
