/* conv_own.h - a convolution of tensors with the channels innermost as products
 * of tiles: what each row and column stands for, and where that lies.
 *
 *   forward     Y[pixel][k] = X[pixel, tap][c] * W[k][tap][c]
 *   data       dX[pixel][c] = dY[pixel, tap][k] * W[k][tap][c]
 *   weights  dW[tap, c][k]  = X[pixel, tap][c] * dY[pixel][k]
 *
 * summed over what the left side has not; c counts the channels of X, k those
 * of Y.  Each is, for each group, a product of M x K by K x N.  The left matrix
 * is gathered: X, or dY, read at every tap of every pixel.  Its pixels and its
 * (tap, channel), the channel the faster, are M and K, or for the weights K and
 * M; N is the channels of the other tensor.
 *
 * Strided data: pixels whose rows and columns leave the same remainders by the
 * stride, a phase, see the same taps, and neighbours among them read
 * neighbouring dY.  Each phase is a product of its own.
 *
 * Pixels of an operand, taps times channels of a group, and sides of pictures
 * are below 2^30 (see crema_conv_own_fits); offsets in tensors have 64 bits.
 */
#ifndef CREMA_DEVICE_CUDA_KERNELS_CONV_OWN_H
#define CREMA_DEVICE_CUDA_KERNELS_CONV_OWN_H

#include "device/cuda/kernels/values.h"

enum crema_own_way { OWN_FORWARD, OWN_DATA, OWN_WEIGHTS };

enum {
    OWN_ROWS = 128,  /* of a tile of the result; threads of a block, too */
    OWN_WARPS = 4,   /* two by two, each with 64 rows and half the columns */
    OWN_BYTES = 128, /* of K for each row and column from barrier to barrier */
    OWN_CHUNK = 16,  /* bytes that are copied at once: of one tap */
    OWN_STAGES = 3,  /* such parts of K in shared memory */
    OWN_PHASES = 8,  /* strides of data at most */
    OWN_SPLITS = 64, /* parts at most that the pixels of dW are cut into */
    OWN_OUTSIDE = -(1 << 30) /* no tap brings a pixel from there back */
};

/* What a kernel is compiled for. */
struct crema_own_kind {
    int type; /* CREMA_F32 stands for TF32 */
    int way;
    int width; /* columns of a tile: 64 or 128 */
};

/* Division of numbers below 2^31 by multiplication. */
struct crema_divisor {
    uint32_t by, factor, shift;
};

CREMA_FORMULA struct crema_divisor crema_divisor(uint32_t by)
{
    struct crema_divisor d = { by, 0, 0 };

    while ((uint64_t)1 << d.shift < by) d.shift++;
    d.factor = (uint32_t)(((((uint64_t)1 << d.shift) - by) << 32) / by + 1);
    return d;
}

CREMA_FORMULA uint32_t crema_divide(uint32_t n, struct crema_divisor d)
{
    return ((uint32_t)((uint64_t)n * d.factor >> 32) + n) >> d.shift;
}

/* One axis of a phase.  Pixel i of `count` is first + step i of the picture; at
 * its tap t of `taps` it reads from + stride i + move t of the gathered one,
 * and there meets tap + tap_step t of the kernel. */
struct crema_own_axis {
    int32_t first, step, count;
    int32_t from, stride, move;
    int32_t taps, tap, tap_step;
    struct crema_divisor by_taps;
};

/* All that a launch needs to know. */
struct crema_own {
    struct crema_own_kind kind;
    bool relu;
    int32_t groups, images;
    int32_t phases[2];                         /* of rows, of columns */
    struct crema_own_axis axis[2][OWN_PHASES]; /* rows, columns */
    int32_t size[2], to_size[2]; /* pictures that are read, written */
    int32_t kernel[2];
    int32_t each, to_each; /* channels of a group: gathered; N */
    struct crema_divisor by_each;
    int32_t m_tiles, n_tiles;    /* of the largest phase */
    int32_t splits, split_steps; /* of K, for dW; else 1 and all */
};

/* from: gathered; with: W, or dY for dW; parts: float32 sums where there are
 * splits; bias: of all groups, or NULL. */
struct crema_own_data {
    const void *from, *with;
    const float *bias;
    void *to;
    float *parts;
};

CREMA_FORMULA int crema_own_size(int type)
{
    return type == CREMA_F32 ? 4 : 2;
}

/* Elements of K from barrier to barrier; of a chunk. */
CREMA_FORMULA int crema_own_depth(int type)
{
    return OWN_BYTES / crema_own_size(type);
}

CREMA_FORMULA int crema_own_lanes(int type)
{
    return OWN_CHUNK / crema_own_size(type);
}

/* ---- what a block has to do ---------------------------------------------- */

/* One tile: the result's rows m0.. of m and columns n0.., of one group. */
struct crema_own_block {
    struct crema_own_axis y, x;
    int32_t group, split;
    int32_t m0, m, n0;
    int32_t k;            /* all of K; it is cut into steps */
    int32_t first, steps; /* those of this block */
};

/* Blocks that run together share what they read: neighbours first have the
 * same pixels, then the same weights. */
CREMA_FORMULA struct crema_own_block
crema_own_block(const struct crema_own *o, const struct crema_own_kind kind,
                uint32_t index)
{
    int32_t phase, pixels, reach, steps, depth = crema_own_depth(kind.type);
    struct crema_own_block b;

    b.n0 = (int32_t)(index % (uint32_t)o->n_tiles) * kind.width;
    index /= (uint32_t)o->n_tiles;
    b.group = (int32_t)(index % (uint32_t)o->groups);
    index /= (uint32_t)o->groups;
    b.m0 = (int32_t)(index % (uint32_t)o->m_tiles) * OWN_ROWS;
    index /= (uint32_t)o->m_tiles;
    b.split = (int32_t)(index % (uint32_t)o->splits);
    phase = (int32_t)(index / (uint32_t)o->splits);
    b.y = o->axis[0][phase / o->phases[1]];
    b.x = o->axis[1][phase % o->phases[1]];
    pixels = o->images * b.y.count * b.x.count;
    reach = b.y.taps * b.x.taps * o->each;
    b.m = kind.way == OWN_WEIGHTS ? reach : pixels;
    b.k = kind.way == OWN_WEIGHTS ? pixels : reach;
    b.first = b.split * o->split_steps;
    steps = b.k / depth + (b.k % depth != 0) - b.first;
    if (steps > o->split_steps) steps = o->split_steps;
    b.steps = steps < 0 ? 0 : steps;
    return b;
}

CREMA_FORMULA int64_t crema_own_blocks(const struct crema_own *o)
{
    return (int64_t)o->n_tiles * o->groups * o->m_tiles * o->splits *
           o->phases[0] * o->phases[1];
}

/* ---- where things lie ---------------------------------------------------- */

/* A pixel where tap 0 reads: the offset of the group's first channel. */
struct crema_own_pixel {
    int64_t offset; /* below 0 where it is in the padding */
    int32_t y, x;
};

CREMA_FORMULA struct crema_own_pixel
crema_own_pixel(const struct crema_own *o, const struct crema_own_block *b,
                int32_t index)
{
    struct crema_own_pixel p = { 0, OWN_OUTSIDE, OWN_OUTSIDE };
    uint32_t rest = (uint32_t)index, columns = (uint32_t)b->x.count,
             rows = (uint32_t)b->y.count, image;

    if (index >= o->images * b->y.count * b->x.count) return p;
    p.x = b->x.from + b->x.stride * (int32_t)(rest % columns);
    rest /= columns;
    p.y = b->y.from + b->y.stride * (int32_t)(rest % rows);
    image = rest / rows;
    p.offset = (((int64_t)image * o->size[0] + p.y) * o->size[1] + p.x) *
                   o->groups * o->each +
               (int64_t)b->group * o->each;
    return p;
}

/* Where (tap, channel) number `index` is seen from a pixel. */
struct crema_own_tap {
    int64_t offset;
    int32_t y, x;
    int32_t at, channel; /* the kernel's tap; of the group */
};

CREMA_FORMULA struct crema_own_tap
crema_own_tap(const struct crema_own *o, const struct crema_own_block *b,
              int32_t index)
{
    uint32_t tap = crema_divide((uint32_t)index, o->by_each);
    uint32_t row = crema_divide(tap, b->x.by_taps);
    int32_t r = (int32_t)row, s = (int32_t)(tap - row * b->x.by_taps.by);
    struct crema_own_tap t;

    t.channel = index - (int32_t)(tap * o->by_each.by);
    t.y = r * b->y.move;
    t.x = s * b->x.move;
    t.at = (b->y.tap + r * b->y.tap_step) * o->kernel[1] + b->x.tap +
           s * b->x.tap_step;
    t.offset =
        ((int64_t)t.y * o->size[1] + t.x) * o->groups * o->each + t.channel;
    return t;
}

CREMA_FORMULA bool crema_own_inside(const struct crema_own *o,
                                    const struct crema_own_pixel *p,
                                    const struct crema_own_tap *t)
{
    return (uint32_t)(p->y + t->y) < (uint32_t)o->size[0] &&
           (uint32_t)(p->x + t->x) < (uint32_t)o->size[1];
}

/* The first of the group's channels at pixel `index` of what is written. */
CREMA_FORMULA int64_t crema_own_to(const struct crema_own *o,
                                   const struct crema_own_block *b,
                                   int32_t index)
{
    uint32_t rest = (uint32_t)index, columns = (uint32_t)b->x.count,
             rows = (uint32_t)b->y.count;
    int32_t x = b->x.first + b->x.step * (int32_t)(rest % columns), y;

    rest /= columns;
    y = b->y.first + b->y.step * (int32_t)(rest % rows);
    return (((int64_t)(rest / rows) * o->to_size[0] + y) * o->to_size[1] + x) *
               o->groups * o->to_each +
           (int64_t)b->group * o->to_each;
}

/* dW[output][tap, channel], row m and column n of the product. */
CREMA_FORMULA int64_t crema_own_to_weight(const struct crema_own *o,
                                          const struct crema_own_block *b,
                                          int32_t m, int32_t n)
{
    return ((int64_t)b->group * o->to_each + n) * b->m + m;
}

CREMA_FORMULA int64_t crema_own_weights(const struct crema_own *o)
{
    return (int64_t)o->groups * o->to_each * o->kernel[0] * o->kernel[1] *
           o->each;
}

/* Element of `with` in row k and column n; -1: zero. */
CREMA_FORMULA int64_t crema_own_with(const struct crema_own *o,
                                     const struct crema_own_block *b, int way,
                                     int32_t k, int32_t n)
{
    int64_t output = (int64_t)b->group * o->to_each + n;

    if (k >= b->k || n >= o->to_each) return -1;
    if (way == OWN_FORWARD) return output * b->k + k;
    if (way == OWN_WEIGHTS) return (int64_t)k * o->groups * o->to_each + output;
    struct crema_own_tap t = crema_own_tap(o, b, k);

    return (((int64_t)b->group * o->each + t.channel) * o->kernel[0] *
                o->kernel[1] +
            t.at) *
               o->to_each +
           n;
}

/* ---- shared memory --------------------------------------------------------
 *
 * A stage has a panel of either matrix, in chunks.  Where K is the contiguous
 * one of its two in memory a panel has OWN_BYTES of K for each row of the tile;
 * else it has a row of the tile for each element of K.  Chunks change places
 * within their row so that the eight threads that are served at once never meet
 * in a bank.
 */
CREMA_FORMULA bool crema_own_turned(int way, bool left)
{
    return left ? way == OWN_WEIGHTS : way != OWN_FORWARD;
}

CREMA_FORMULA int crema_own_across(struct crema_own_kind kind, bool left)
{
    return left ? OWN_ROWS : kind.width;
}

/* Chunks in a row of a panel. */
CREMA_FORMULA int crema_own_chunks(struct crema_own_kind kind, bool left)
{
    return crema_own_turned(kind.way, left)
               ? crema_own_across(kind, left) / crema_own_lanes(kind.type)
               : OWN_BYTES / OWN_CHUNK;
}

/* Byte of the panel where a chunk of a row lies. */
CREMA_FORMULA uint32_t crema_own_place(struct crema_own_kind kind, bool left,
                                       int row, int chunk)
{
    bool words = kind.type == CREMA_F32 && crema_own_turned(kind.way, left);
    int turn = words ? 2 * (row & 3) : row & 7;

    return (uint32_t)(OWN_CHUNK *
                      (row * crema_own_chunks(kind, left) + (chunk ^ turn)));
}

/* Bytes of a panel; where those of a stage, and the table of pixels, begin. */
CREMA_FORMULA uint32_t crema_own_panel(struct crema_own_kind kind, bool left)
{
    return (uint32_t)(crema_own_across(kind, left) * OWN_BYTES);
}

CREMA_FORMULA uint32_t crema_own_stage(struct crema_own_kind kind, int32_t step,
                                       bool left)
{
    uint32_t a = crema_own_panel(kind, true), b = crema_own_panel(kind, false);

    return (uint32_t)(step % OWN_STAGES) * (a + b) + (left ? 0 : a);
}

CREMA_FORMULA uint32_t crema_own_table(struct crema_own_kind kind)
{
    return OWN_STAGES *
           (crema_own_panel(kind, true) + crema_own_panel(kind, false));
}

/* Pixels of dW change from step to step: the table holds those of as many steps
 * as there are stages.  Else they are the tile's rows. */
CREMA_FORMULA int crema_own_pixels(struct crema_own_kind kind)
{
    return kind.way == OWN_WEIGHTS ? OWN_STAGES * crema_own_depth(kind.type)
                                   : OWN_ROWS;
}

/* Bytes in all. */
CREMA_FORMULA uint32_t crema_own_room(struct crema_own_kind kind)
{
    return crema_own_table(kind) +
           (uint32_t)(crema_own_pixels(kind) *
                      (int)sizeof(struct crema_own_pixel));
}

/* ---- the sums of dW -------------------------------------------------------
 */

/* Four elements of dW from the sums of its parts, in their order. */
CREMA_FORMULA void crema_at_own_parts(const struct crema_own *o,
                                      const float *parts, void *to, int64_t at)
{
    int64_t count = crema_own_weights(o);
    float sum[4] = { 0, 0, 0, 0 };

    for (int s = 0; s < o->splits; s++) {
        float part[4];

        crema_load16(parts + s * count + 4 * at, CREMA_F32, part);
        CREMA_UNROLL
        for (int k = 0; k < 4; k++) sum[k] += part[k];
    }
    if (o->kind.type == CREMA_F32) {
        crema_store16((char *)to + 16 * at, CREMA_F32, sum);
    } else {
        uint32_t word[2] = { crema_pair(o->kind.type, sum[0], sum[1]),
                             crema_pair(o->kind.type, sum[2], sum[3]) };

        memcpy(__builtin_assume_aligned((char *)to + 8 * at, 8), word,
               sizeof word);
    }
}

#endif
