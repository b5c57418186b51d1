/* cut8.h - positions shared out among blocks whose threads have 8 neighbouring
 * channels each, and what comes out of them summed up for each channel.
 */
#ifndef CREMA_DEVICE_CUDA_KERNELS_CUT8_H
#define CREMA_DEVICE_CUDA_KERNELS_CUT8_H

#include "device/cuda/kernels/channels.h"

/* How the N x H x W positions are shared out, by shape alone: each part is a
 * block's, whose threads are `lanes` times the packs of a position. */
struct crema_cut8 {
    int packs, lanes;
    int64_t positions, each; /* of all parts, of one */
    unsigned parts;
};

enum {
    CREMA_CUT8_PARTS = 2048,
    CREMA_CUT8_TURNS = 8, /* positions of a thread that are worth a part */
    CREMA_CUT8_ROOM = 8 * CREMA_BLOCK /* floats of a block */
};

/* Can [outer][channels][inner] be cut so? */
CREMA_FORMULA bool crema_cut8_fits(const struct crema_axis *a)
{
    return a->inner == 1 && a->length > 0 && a->length % 8 == 0 &&
           a->length <= 8 * CREMA_BLOCK;
}

/* channels: 8 .. 8 CREMA_BLOCK, in multiples of 8 */
CREMA_FORMULA struct crema_cut8 crema_cut8(int64_t positions, int64_t channels)
{
    struct crema_cut8 cut;
    int64_t most, turns;

    cut.packs = (int)(channels / 8);
    cut.lanes = CREMA_BLOCK / cut.packs;
    cut.positions = positions;
    most = (int64_t)cut.lanes * CREMA_CUT8_PARTS;
    turns = positions / most + (positions % most != 0);
    if (turns < CREMA_CUT8_TURNS) turns = CREMA_CUT8_TURNS;
    cut.each = turns * cut.lanes;
    cut.parts = crema_blocks(positions, cut.each);
    return cut;
}

/* Bytes for the sums of parts, whichever way they are made. */
CREMA_FORMULA size_t crema_cut8_room(int64_t positions, int64_t channels)
{
    size_t bytes = CREMA_SUM_ROOM, parts = 0;

    if (channels > 0 && channels % 8 == 0 && channels <= 8 * CREMA_BLOCK)
        parts = sizeof(float) * (size_t)channels *
                crema_cut8(positions, channels).parts;
    return parts > bytes ? parts : bytes;
}

/* Number k of a thread lies here in the room. */
CREMA_FORMULA int crema_cut8_at(int k, int thread)
{
    return k * CREMA_BLOCK + thread;
}

CREMA_FORMULA void crema_cut8_show(const struct crema_pack *v, int thread,
                                   float *room)
{
    for (int k = 0; k < 8; k++) room[crema_cut8_at(k, thread)] = v->v[k];
}

/* A part's sum of a channel, when all threads have shown theirs. */
CREMA_FORMULA float crema_cut8_sum(const struct crema_cut8 *cut, int channel,
                                   const float *room)
{
    float sum = 0;

    for (int lane = 0; lane < cut->lanes; lane++)
        sum +=
            room[crema_cut8_at(channel % 8, lane * cut->packs + channel / 8)];
    return sum;
}

#endif
