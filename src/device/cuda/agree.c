/* agree.c - what a kernel of our own gives, held against cuDNN's engine: it
 * takes part in a race only where both agree, so that whatever is wrong with it
 * on some GPU costs time, not results.
 */
#include "device/cuda/agree.h"

#include <math.h>
#include <stdlib.h>

/* Numbers until they come again: no side of a tensor divides it. */
enum { PERIOD = 65537 };

/* Of the largest: sums in another order, rounded at the end. */
static const float TOLERANCE = 2e-2f;

/* In [-1, 1), the same in every run: the first from the host, then copies of
 * what is there. */
static enum crema_status fill(struct crema_device *dev, enum crema_type type,
                              size_t bytes, void *data)
{
    size_t done = PERIOD * crema_type_bytes(type);
    enum crema_status status;
    void *drawn = malloc(done);

    if (!drawn) return crema_no_memory(dev->ctx, "random numbers");
    for (uint32_t i = 0; i < PERIOD; i++) {
        float u = crema_uniform(crema_philox(i, 0, 0, 0, 1, 0).v[0]);

        crema_store(drawn, (int)type, i, 2 * u - 1);
    }
    if (done > bytes) done = bytes;
    status = crema_device_upload(dev, data, drawn, done);
    free(drawn);
    while (status == CREMA_OK && done < bytes) {
        size_t more = bytes - done < done ? bytes - done : done;
        int error = crema_cuda_copy(crema_cuda_stream(dev), data,
                                    (char *)data + done, more);

        if (error) return crema_cuda_launch_failed(dev, NULL, error);
        done += more;
    }
    return status;
}

/* The result is zero until it is written. */
static enum crema_status prepare(struct crema_device *dev,
                                 const struct conv_case *c,
                                 enum crema_type bias,
                                 const struct conv_data *d,
                                 const struct crema_layout *result, void *to)
{
    size_t b = (size_t)c->y.padded[1] * crema_type_bytes(bias);
    int error;

    CREMA_TRY(fill(dev, c->x.type, c->x.bytes, d->x));
    CREMA_TRY(fill(dev, c->w.type, c->w.bytes, d->w));
    CREMA_TRY(fill(dev, c->y.type, c->y.bytes, d->y));
    if (c->bias) CREMA_TRY(fill(dev, bias, b, d->b));
    error = crema_cuda_zero(crema_cuda_stream(dev), to, result->bytes);
    return error ? crema_cuda_launch_failed(dev, NULL, error) : CREMA_OK;
}

/* Window i of the result, which has `bytes` at `from`. */
static enum crema_status look(struct crema_device *dev, int i,
                              const struct crema_layout *l, const char *from,
                              void *room, struct conv_sample *out)
{
    size_t each = crema_type_bytes(l->type), all = l->bytes / each;
    size_t n = all < SAMPLE_WINDOW ? all : SAMPLE_WINDOW;
    size_t first = (all - n) * (size_t)i / (SAMPLE_WINDOWS - 1);

    CREMA_TRY(crema_device_download(dev, room, from + first * each, n * each));
    for (size_t k = 0; k < n; k++)
        out->value[out->count++] = crema_load(room, (int)l->type, (int64_t)k);
    return CREMA_OK;
}

enum crema_status crema_cuda_sample(struct crema_device *dev,
                                    const struct conv_case *c,
                                    enum crema_type bias,
                                    const struct conv_data *d,
                                    enum crema_status (*work)(void *user),
                                    void *user, struct conv_sample *out)
{
    bool forward = c->way == CONV_FORWARD, data = c->way == CONV_BWD_DATA;
    const struct crema_layout *l = forward ? &c->y : data ? &c->x : &c->w;
    void *to = forward ? d->y : data ? d->x : d->w;
    void *room = malloc(SAMPLE_WINDOW * sizeof(float));
    enum crema_status status;

    out->count = 0;
    out->value = malloc((size_t)SAMPLE_WINDOWS * SAMPLE_WINDOW * sizeof(float));
    if (!room || !out->value)
        status = crema_no_memory(dev->ctx, "a sample");
    else
        status = prepare(dev, c, bias, d, l, to);
    if (status == CREMA_OK) status = work(user);
    for (int i = 0; i < SAMPLE_WINDOWS && status == CREMA_OK; i++)
        status = look(dev, i, l, to, room, out);
    free(room);
    if (status != CREMA_OK) crema_cuda_sample_free(out);
    return status;
}

void crema_cuda_sample_free(struct conv_sample *s)
{
    free(s->value);
    *s = (struct conv_sample){ 0 };
}

/* NaN agrees with nothing. */
bool crema_cuda_samples_agree(const struct conv_sample *a,
                              const struct conv_sample *b)
{
    float largest = 0, worst = 0;

    if (a->count != b->count) return false;
    for (int64_t i = 0; i < a->count; i++) {
        float d = fabsf(a->value[i] - b->value[i]);

        largest = fmaxf(largest, fabsf(a->value[i]));
        if (!(d <= worst)) worst = d;
        if (isnan(d)) return false;
    }
    return worst <= TOLERANCE * largest;
}
