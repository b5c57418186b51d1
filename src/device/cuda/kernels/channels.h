/* channels.h - one thread's share of sums over all but one axis, and of batch
 * normalization. */
#ifndef CREMA_DEVICE_CUDA_KERNELS_CHANNELS_H
#define CREMA_DEVICE_CUDA_KERNELS_CHANNELS_H

#include "device/cuda/kernels/values.h"
#include "device/formula/norm.h"

#include <math.h>

/* How the channels of a tensor are normalized.  mean and var have one number
 * for each; where factor is not NULL they are running sums, to be divided by
 * it.  s and b may be NULL: scale 1, bias 0.  floor: formula/norm.h. */
struct crema_normed {
    struct crema_axis axis;
    float eps, floor;
    const float *mean, *var, *factor, *s, *b;
    int type; /* of x, y, z and their gradients */
};

/* One channel's numbers; a: rate times scale. */
struct crema_channel {
    float mean, rate, a, b;
};

/* 1 / factor, where 0 stands for no statistics yet */
CREMA_FORMULA float crema_inverse_factor(const float *factor)
{
    if (!factor) return 1.0f;
    return *factor == 0.0f ? 0.0f : 1.0f / *factor;
}

CREMA_FORMULA struct crema_channel
crema_channel_of(const struct crema_normed *n, int64_t c)
{
    float f = crema_inverse_factor(n->factor);
    struct crema_channel ch;

    ch.mean = n->mean[c] * f;
    ch.rate = 1.0f / sqrtf(n->var[c] * f + n->eps);
    ch.a = n->s ? ch.rate * n->s[c] : ch.rate;
    ch.b = n->b ? n->b[c] : 0.0f;
    return ch;
}

/* dy, or 0 where the ReLU behind the channel did not let it pass */
CREMA_FORMULA float crema_at_passed(const struct crema_normed *n,
                                    const struct crema_channel *ch, float x,
                                    float dy)
{
    return crema_norm_passed(dy, crema_norm_value(x, ch->mean, ch->a, ch->b),
                             n->floor);
}

/* What is summed, per entry c of the axis.  v and w are tensors, mean has one
 * number for each c. */
enum crema_summed {
    CREMA_SUM_V,          /* v */
    CREMA_SUM_SQUARES,    /* (v - mean)^2 */
    CREMA_SUM_PRODUCT,    /* v w, and v */
    CREMA_SUM_NORMALIZED, /* v times w as normalized, and v, where v passes */
};

struct crema_summands {
    enum crema_summed what;
    struct crema_axis axis;
    const void *v, *w; /* w may be NULL: no products */
    const float *mean;
    struct crema_normed norm; /* of CREMA_SUM_NORMALIZED */
    int type;                 /* of v and w */
};

/* How such a sum is shared out, by shape alone.  A block sums for `columns`
 * neighbouring entries of the axis, and of the outer x inner positions a part:
 * `each` of them, the last part perhaps fewer. */
struct crema_sum_cut {
    unsigned columns, parts;
    int64_t each;
};

enum {
    CREMA_SUM_BLOCKS = 1024,
    CREMA_SUM_TURNS = 16, /* elements of a thread that are worth a part */
    /* bytes for two sums a part: columns are 32, or parts x length is less */
    CREMA_SUM_ROOM = 2 * 32 * CREMA_SUM_BLOCKS * (int)sizeof(float)
};

/* Channels innermost: 32 columns, so that a warp reads what lies side by side.
 * Long planes: one, for the same reason. */
CREMA_FORMULA struct crema_sum_cut crema_sum_cut(const struct crema_axis *a)
{
    struct crema_sum_cut cut;
    int64_t n = a->outer * a->inner, parts, most;

    cut.columns = a->inner < 32 ? 32 : 1;
    parts = n / (CREMA_BLOCK / cut.columns * CREMA_SUM_TURNS);
    most = CREMA_SUM_BLOCKS / crema_blocks(a->length, cut.columns);
    if (parts > most) parts = most;
    if (parts < 1) parts = 1;
    cut.each = n / parts + (n % parts != 0);
    cut.parts = n > 0 ? crema_blocks(n, cut.each) : 1;
    return cut;
}

struct crema_two {
    float a, b;
};

/* One more element of a sum of products. */
CREMA_FORMULA void crema_add_product(const struct crema_summands *s,
                                     const struct crema_channel *ch, float v,
                                     float w, struct crema_two *sum)
{
    if (s->what == CREMA_SUM_NORMALIZED) {
        v = crema_at_passed(&s->norm, ch, w, v);
        w = (w - ch->mean) * ch->rate;
    }
    sum->a += v * w;
    sum->b += v;
}

/* The elements first, first + step, ... of those at c that are in the part;
 * type: s->type. */
CREMA_FORMULA struct crema_two
crema_part_of_sum(const struct crema_summands *s,
                  const struct crema_sum_cut *cut, int type, int64_t part,
                  int64_t c, int64_t first, int64_t step)
{
    int64_t n = s->axis.outer * s->axis.inner, from = part * cut->each;
    int64_t to = n - from < cut->each ? n : from + cut->each;
    float mean = s->mean ? s->mean[c] : 0.0f;
    struct crema_channel ch = { 0, 1, 1, 0 };
    struct crema_two sum = { 0, 0 };

    if (s->what == CREMA_SUM_NORMALIZED) ch = crema_channel_of(&s->norm, c);
    for (int64_t k = from + first; k < to; k += step) {
        int64_t i = crema_offset3(&s->axis, k, c);
        float v = crema_load(s->v, type, i);

        switch (s->what) {
        case CREMA_SUM_V:
            sum.a += v;
            break;
        case CREMA_SUM_SQUARES:
            sum.a += (v - mean) * (v - mean);
            break;
        default:
            crema_add_product(s, &ch, v,
                              s->w ? crema_load(s->w, type, i) : 0.0f, &sum);
        }
    }
    return sum;
}

enum { CREMA_PART_COLUMNS = 8 }; /* of a block that adds parts up */

/* The sums of parts first, first + step, ... of entry c. */
CREMA_FORMULA float crema_part_of_parts(const float *sums, int64_t length,
                                        int64_t parts, int64_t c, int64_t first,
                                        int64_t step)
{
    float sum = 0;

    for (int64_t k = first; k < parts; k += step) sum += sums[k * length + c];
    return sum;
}

/* A pack of Y; z may be NULL, else it is added before the ReLU.  type: n->type
 */
CREMA_FORMULA void crema_pack_norm(const struct crema_normed *n, int type,
                                   int64_t pack, const void *x, const void *z,
                                   void *y)
{
    int size = crema_pack_size(type);
    int64_t count = crema_count3(&n->axis);
    struct crema_pack v = crema_load_pack(x, type, count, pack);
    struct crema_pack more = { { 0 } };
    struct crema_entry at = crema_entry_at(&n->axis, pack * size);

    if (z) more = crema_load_pack(z, type, count, pack);
    for (int k = 0; k < size; k++) {
        struct crema_channel ch = crema_channel_of(n, at.c);
        float y1 = crema_norm_value(v.v[k], ch.mean, ch.a, ch.b);

        v.v[k] = crema_norm_above(z ? y1 + more.v[k] : y1, n->floor);
        crema_next_entry(&n->axis, &at);
    }
    crema_store_pack(y, type, count, pack, &v);
}

/* dX of an element of channel c; dot[c] is the sum of dY times X as normalized,
 * sum[c] of dY, where it passes.  dot NULL: the statistics are not the batch's,
 * and x counts only for the ReLU. */
CREMA_FORMULA float crema_at_norm_bwd(const struct crema_normed *n,
                                      const float *dot, const float *sum,
                                      int64_t c, float x, float dy)
{
    float m = (float)(n->axis.outer * n->axis.inner);
    struct crema_channel ch = crema_channel_of(n, c);

    dy = crema_at_passed(n, &ch, x, dy);
    if (!dot) return dy * ch.a;
    return crema_norm_back(x, ch.mean, dy, -dot[c] / m * ch.rate, -sum[c] / m,
                           ch.a);
}

/* x may be NULL where it does not count. */
CREMA_FORMULA void crema_pack_norm_bwd(const struct crema_normed *n, int type,
                                       const float *dot, const float *sum,
                                       int64_t pack, const void *x,
                                       const void *dy, void *dx)
{
    int size = crema_pack_size(type);
    int64_t count = crema_count3(&n->axis);
    struct crema_pack d = crema_load_pack(dy, type, count, pack);
    struct crema_pack v = { { 0 } };
    struct crema_entry at = crema_entry_at(&n->axis, pack * size);

    if (x) v = crema_load_pack(x, type, count, pack);
    for (int k = 0; k < size; k++) {
        d.v[k] = crema_at_norm_bwd(n, dot, sum, at.c, v.v[k], d.v[k]);
        crema_next_entry(&n->axis, &at);
    }
    crema_store_pack(dx, type, count, pack, &d);
}

/* Entry c of the sums that outlive a batch. */
CREMA_FORMULA void crema_at_running(float fraction, float of_mean, float of_var,
                                    int64_t c, const float *mean,
                                    const float *var, float *sum_mean,
                                    float *sum_var)
{
    sum_mean[c] = sum_mean[c] * fraction + mean[c] * of_mean;
    sum_var[c] = sum_var[c] * fraction + var[c] * of_var;
}

/* Entry c of what normalization comes down to: Y = X a + shift, where `added`
 * (may be NULL) went to X before. */
CREMA_FORMULA void crema_at_affine(const struct crema_normed *n, int64_t c,
                                   const float *added, float *a, float *shift)
{
    struct crema_channel ch = crema_channel_of(n, c);

    a[c] = ch.a;
    shift[c] = ch.b + ((added ? added[c] : 0.0f) - ch.mean) * ch.a;
}

#endif
