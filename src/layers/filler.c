/* filler.c - first values of weights.
 *
 *   constant           value
 *   uniform            [min, max)
 *   gaussian           mean + std z
 *            sparse k: kept with probability k / shape[0]
 *   positive_unitball  [0, 1), each row then divided by its sum
 *   xavier             [-a, a), a = sqrt(3 / n)
 *   msra               sqrt(2 / n) z
 *   bilinear           the kernel that interpolates, for upsampling
 *
 * n is the fan-in, shape[0]'s share of the elements, the fan-out, shape[1]'s
 * share, or their mean.  z is normal.  Four elements share one block of bits.
 */
#include "layers/filler.h"

#include "base/philox.h"

#include <math.h>
#include <string.h>

struct job {
    struct crema_ctx *ctx;
    const Crema__FillerParameter *param;
    const struct crema_shape *shape;
    struct crema_stream stream;
};

typedef enum crema_status filler(const struct job *, int64_t first,
                                 int64_t count, float *out);

enum { KEEPS = 1u << 31 }; /* of an index: bits for `sparse` */

static struct crema_philox bits(const struct job *j, int64_t block,
                                uint32_t purpose)
{
    const struct crema_stream *s = &j->stream;

    return crema_philox((uint32_t)block, (uint32_t)((uint64_t)block >> 32),
                        s->pass, s->index | purpose, s->seed, s->name);
}

static float uniform(const struct job *j, int64_t i)
{
    return crema_uniform(bits(j, i / 4, 0).v[i % 4]);
}

/* [from, from + width) */
static void fill_uniform(const struct job *j, float from, float width,
                         int64_t first, int64_t count, float *out)
{
#pragma omp parallel for
    for (int64_t i = first; i < first + count; i++)
        out[i - first] = from + width * uniform(j, i);
}

/* Box and Muller: two normal numbers of each pair of uniform ones. */
static void normal_pair(const uint32_t bits[2], float z[2])
{
    double radius = sqrt(-2 * log(((double)bits[0] + 1) / 4294967296.0));
    double angle = 6.283185307179586 * ((double)bits[1] / 4294967296.0);

    z[0] = (float)(radius * cos(angle));
    z[1] = (float)(radius * sin(angle));
}

/* A block of bits at a time, and of it what lies in first..first + count. */
static void fill_normal(const struct job *j, float mean, float std,
                        int64_t first, int64_t count, float *out)
{
    int64_t end = first + count;

#pragma omp parallel for
    for (int64_t block = first / 4; block < (end + 3) / 4; block++) {
        struct crema_philox b = bits(j, block, 0);
        float z[4];

        normal_pair(b.v, z);
        normal_pair(b.v + 2, z + 2);
        for (int64_t i = 4 * block; i < 4 * block + 4; i++)
            if (i >= first && i < end) out[i - first] = mean + std * z[i % 4];
    }
}

/* n of xavier and msra. */
static float fan(const struct job *j)
{
    const struct crema_shape *s = j->shape;
    int64_t count = crema_shape_count(s);
    float in = (float)count, out = (float)count;

    if (s->ndims > 0 && s->dim[0] > 0) in = (float)(count / s->dim[0]);
    if (s->ndims > 1 && s->dim[1] > 0) out = (float)(count / s->dim[1]);
    switch (j->param->variance_norm) {
    case CREMA__FILLER_PARAMETER__VARIANCE_NORM__FAN_OUT:
        return out;
    case CREMA__FILLER_PARAMETER__VARIANCE_NORM__AVERAGE:
        return (in + out) / 2;
    default:
        return in;
    }
}

/* ---- one function for each type ----------------------------------------- */

static enum crema_status constant(const struct job *j, int64_t first,
                                  int64_t count, float *out)
{
    (void)first;
    for (int64_t i = 0; i < count; i++) out[i] = j->param->value;
    return CREMA_OK;
}

static enum crema_status between(const struct job *j, int64_t first,
                                 int64_t count, float *out)
{
    fill_uniform(j, j->param->min, j->param->max - j->param->min, first, count,
                 out);
    return CREMA_OK;
}

static enum crema_status gaussian(const struct job *j, int64_t first,
                                  int64_t count, float *out)
{
    int32_t sparse = j->param->sparse;
    double keep;

    fill_normal(j, j->param->mean, j->param->std, first, count, out);
    if (sparse < 0) return CREMA_OK;
    if (j->shape->ndims < 1)
        return crema_fail(j->ctx, CREMA_EINVAL,
                          "sparse %d does not fit a blob of no axes", sparse);
    keep = (double)sparse / (double)j->shape->dim[0];
    for (int64_t i = first; i < first + count; i++)
        if (crema_uniform(bits(j, i / 4, KEEPS).v[i % 4]) >= keep)
            out[i - first] = 0;
    return CREMA_OK;
}

/* Sum of the uniform numbers of one row. */
static double row_sum(const struct job *j, int64_t row, int64_t length)
{
    double sum = 0;

    for (int64_t i = row * length; i < (row + 1) * length; i++)
        sum += uniform(j, i);
    return sum;
}

static enum crema_status positive_unitball(const struct job *j, int64_t first,
                                           int64_t count, float *out)
{
    int64_t rows = j->shape->ndims > 0 ? j->shape->dim[0] : 1;
    int64_t length = rows > 0 ? crema_shape_count(j->shape) / rows : 0;
    double sum = 0;

    for (int64_t i = first; i < first + count; i++) {
        if (i == first || i % length == 0) sum = row_sum(j, i / length, length);
        out[i - first] = sum > 0 ? (float)(uniform(j, i) / sum) : 0;
    }
    return CREMA_OK;
}

static enum crema_status xavier(const struct job *j, int64_t first,
                                int64_t count, float *out)
{
    float a = sqrtf(3 / fan(j));

    fill_uniform(j, -a, 2 * a, first, count, out);
    return CREMA_OK;
}

static enum crema_status msra(const struct job *j, int64_t first, int64_t count,
                              float *out)
{
    fill_normal(j, 0, sqrtf(2 / fan(j)), first, count, out);
    return CREMA_OK;
}

static enum crema_status bilinear(const struct job *j, int64_t first,
                                  int64_t count, float *out)
{
    const struct crema_shape *s = j->shape;
    char text[CREMA_SHAPE_TEXT];
    int64_t size;
    double f, c;

    if (s->ndims != 4 || s->dim[2] != s->dim[3])
        return crema_fail(j->ctx, CREMA_EINVAL,
                          "bilinear fills square kernels, K x C x S x S, not "
                          "%s",
                          crema_shape_text(s, text));
    size = s->dim[3];
    f = ceil((double)size / 2);
    c = ((double)size - 1) / (2 * f);
    for (int64_t i = first; i < first + count; i++) {
        double x = (double)(i % size), y = (double)(i / size % size);

        out[i - first] = (float)((1 - fabs(x / f - c)) * (1 - fabs(y / f - c)));
    }
    return CREMA_OK;
}

static const struct {
    const char *name;
    filler *fill;
} types[] = {
    { "bilinear", bilinear },
    { "constant", constant },
    { "gaussian", gaussian },
    { "msra", msra },
    { "positive_unitball", positive_unitball },
    { "uniform", between },
    { "xavier", xavier },
};

enum crema_status crema_filler_values(struct crema_ctx *ctx,
                                      const Crema__FillerParameter *param,
                                      const struct crema_shape *shape,
                                      struct crema_stream stream, int64_t first,
                                      int64_t count, float *out)
{
    struct job job = { ctx, param, shape, stream };

    if (!param) {
        memset(out, 0, sizeof *out * (size_t)count);
        return CREMA_OK;
    }
    if (param->sparse != -1 && strcmp(param->type, "gaussian"))
        return crema_fail(ctx, CREMA_EINVAL,
                          "sparse %d: only gaussian fillers can be sparse",
                          param->sparse);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (!strcmp(param->type, types[i].name))
            return types[i].fill(&job, first, count, out);
    return crema_fail(ctx, CREMA_EINVAL,
                      "unknown filler type \"%s\"; there are bilinear, "
                      "constant, gaussian, msra, positive_unitball, uniform "
                      "and xavier",
                      param->type);
}
