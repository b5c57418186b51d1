/* cuda_launches_conv.c - the launchers of own convolutions: every block, warp
 * after warp from barrier to barrier. */
#include "support/cuda_launches.h"
#include "support/own_warp.h"

#include "device/cuda/kernels/conv_own_block.h"

#include <stdlib.h>

struct own_copies own_copies;

struct block {
    const struct crema_own *o;
    const struct crema_own_data *d;
    struct crema_own_block b;
    struct crema_own_warp warp[OWN_WARPS];
    char *room;
};

/* Warps come in this order, or where copies are late in the other. */
static int turn(int i)
{
    return own_copies.late ? OWN_WARPS - 1 - i : i;
}

static void run_block(struct block *x)
{
    const struct crema_own_kind kind = x->o->kind;

    for (int i = 0; i < OWN_WARPS; i++)
        crema_own_begin(x->o, &x->b, kind, turn(i), x->room, &x->warp[turn(i)]);
    for (int i = 0; i < OWN_WARPS; i++)
        crema_own_lead(x->o, &x->b, kind, x->d, turn(i), x->room);
    for (int32_t step = 0; step < x->b.steps; step++) {
        for (int t = 0; t < OWN_ROWS; t++) own_wait(t);
        for (int i = 0; i < OWN_WARPS; i++)
            crema_own_step(x->o, &x->b, kind, x->d, turn(i), step, x->room,
                           &x->warp[turn(i)]);
    }
    for (int i = 0; i < OWN_WARPS; i++)
        crema_own_end(x->o, &x->b, kind, x->d, turn(i), &x->warp[turn(i)]);
}

int crema_cuda_own_prepare(const struct crema_own_kind *kind, int *blocks)
{
    *blocks = kind->width == 64 ? 3 : 2;
    return 0;
}

/* What shared memory holds before it is written is nobody's business: there are
 * numbers that are none. */
int crema_cuda_own_conv(cudaStream_t s, const struct crema_own *o,
                        const struct crema_own_data *d)
{
    size_t room = crema_own_room(o->kind);
    struct block *x = calloc(1, sizeof *x);
    int error = 1;

    (void)s;
    if (x) x->room = aligned_alloc(128, (room + 127) / 128 * 128);
    if (x && x->room) {
        x->o = o;
        x->d = d;
        for (uint32_t i = 0; i < crema_own_blocks(o); i++) {
            memset(x->room, 0xff, room);
            memset(own_copies.thread, 0, sizeof own_copies.thread);
            x->b = crema_own_block(o, o->kind, i);
            run_block(x);
        }
        error = own_copies.misplaced > 0;
    }
    if (x) free(x->room);
    free(x);
    if (error || o->kind.way != OWN_WEIGHTS || o->splits == 1) return error;
    EACH(i, crema_own_weights(o) / 4)
    crema_at_own_parts(o, d->parts, d->to, i);
    return 0;
}
