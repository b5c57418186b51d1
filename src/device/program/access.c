/* access.c - the host's way to tensors and params: dense float32. */
#include "device/program/passes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Elements moved at a time between layouts. */
enum { STRIP = 1 << 16 };

enum crema_status crema_tensor_read(struct crema_device *dev,
                                    const struct crema_tensor *t, float *dense)
{
    int64_t count = crema_shape_count(&t->shape);
    enum crema_status status;
    void *copy;

    if (dev->type->host) {
        crema_layout_unpack(&t->layout, t->data, 0, count, dense);
        return CREMA_OK;
    }
    copy = malloc(t->layout.bytes + 1);
    if (!copy) return crema_no_memory(dev->ctx, "reading a blob");
    status = crema_device_download(dev, copy, t->data, t->layout.bytes);
    if (status == CREMA_OK)
        crema_layout_unpack(&t->layout, copy, 0, count, dense);
    free(copy);
    return status;
}

enum crema_status crema_tensor_write(struct crema_device *dev,
                                     struct crema_tensor *t, const float *dense)
{
    int64_t count = crema_shape_count(&t->shape);

    if (t->layout.type == CREMA_F32 && crema_layout_is_dense(&t->layout))
        return crema_device_upload(dev, t->data, dense, (size_t)count * 4);
    return crema_fail(dev->ctx, CREMA_EUNSUPPORTED,
                      "blob \"%s\" cannot be written by the host",
                      t->name ? t->name : "");
}

enum crema_status crema_tensor_feed(struct crema_device *dev,
                                    struct crema_tensor *t, const void *from)
{
    return t->feed
               ? dev->type->feed(dev, t->feed, t->data, from, t->layout.bytes)
               : crema_device_upload(dev, t->data, from, t->layout.bytes);
}

enum crema_status crema_tensor_feed_cuts(struct crema_device *dev,
                                         struct crema_tensor *t,
                                         const struct crema_cuts *cuts)
{
    return dev->type->feed_cuts(dev, t->feed, t->data, cuts);
}

/* What of a param's memory holds some of its elements, and where the host sees
 * it: there, or in a copy. */
struct window {
    int64_t first; /* element of the param that is the window's first */
    size_t from, bytes;
    void *image;
};

/* Whole rows of axis 0 where that is outermost, as of channels-last weights;
 * else everything. */
static struct window window_of(const struct crema_layout *l, int64_t first,
                               int64_t count)
{
    struct window w = { .bytes = l->bytes };
    int64_t rows = l->ndims > 0 ? l->dim[0] : 0, row = 1;
    size_t step;

    for (int b = 0; b < l->nblocks; b++)
        if (l->block_dim[b] == 0) return w;
    for (int i = 1; i < l->ndims; i++) row *= l->dim[i];
    step = rows ? (size_t)l->stride[0] * crema_type_bytes(l->type) : 0;
    if (count == 0 || rows == 0 || step * (size_t)rows != l->bytes) return w;
    w.first = first / row * row;
    w.from = (size_t)(first / row) * step;
    w.bytes = (size_t)((first + count - 1) / row - first / row + 1) * step;
    return w;
}

static void *place_of(const struct crema_param *param, const struct window *w)
{
    return (char *)param->data + w->from;
}

static enum crema_status open_window(const struct crema_param *param,
                                     int64_t first, int64_t count,
                                     struct window *w)
{
    enum crema_status status;

    *w = window_of(&param->layout, first, count);
    w->image = place_of(param, w);
    if (param->dev->type->host) return CREMA_OK;
    w->image = malloc(w->bytes + 1);
    if (!w->image) return crema_no_memory(param->dev->ctx, param->name);
    status = crema_device_download(param->dev, w->image, place_of(param, w),
                                   w->bytes);
    if (status != CREMA_OK) free(w->image);
    return status;
}

static void close_window(const struct crema_param *param, struct window *w)
{
    if (!param->dev->type->host) free(w->image);
}

static enum crema_status ensure_data(struct crema_param *param)
{
    if (param->data) return CREMA_OK;
    if (!param->settled)
        param->layout = crema_layout_dense(&param->shape, CREMA_F32);
    return crema_device_alloc(param->dev, param->layout.bytes, &param->data);
}

enum crema_status crema_param_read(const struct crema_param *param,
                                   int64_t first, int64_t count, float *dense)
{
    struct window w;

    if (!param->data) {
        memset(dense, 0, (size_t)count * 4);
        return CREMA_OK;
    }
    if (crema_layout_is_dense(&param->layout))
        return crema_device_download(param->dev, dense,
                                     (const float *)param->data + first,
                                     (size_t)count * 4);
    CREMA_TRY(open_window(param, first, count, &w));
    crema_layout_unpack(&param->layout, w.image, first - w.first, count, dense);
    close_window(param, &w);
    return CREMA_OK;
}

enum crema_status crema_param_write(struct crema_param *param, int64_t first,
                                    int64_t count, const float *dense)
{
    enum crema_status status = CREMA_OK;
    struct window w;

    CREMA_TRY(ensure_data(param));
    param->version++;
    if (crema_layout_is_dense(&param->layout))
        return crema_device_upload(param->dev, (float *)param->data + first,
                                   dense, (size_t)count * 4);
    CREMA_TRY(open_window(param, first, count, &w));
    crema_layout_pack(&param->layout, w.image, first - w.first, count, dense);
    if (!param->dev->type->host)
        status = crema_device_upload(param->dev, place_of(param, &w), w.image,
                                     w.bytes);
    close_window(param, &w);
    return status;
}

void crema_param_release(struct crema_param *param)
{
    if (param->data) crema_device_release(param->dev, param->data);
    param->data = NULL;
    param->settled = false;
}

/* Gives the whole pages among these bytes back: what they held is lost, and
 * they are zero from then on.  Of memory that malloc has to itself. */
static void forget(void *memory, size_t bytes)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t begin = ((uintptr_t)memory + page - 1) / page * page;
    uintptr_t end = ((uintptr_t)memory + bytes) / page * page;

    /* advice that is not taken costs memory only */
    if (begin < end) (void)!madvise((void *)begin, end - begin, MADV_DONTNEED);
}

/* Dense values into another layout, both in host memory.  A large matrix does
 * not lie there twice: what was packed is forgotten, strip by strip. */
static void repack(float *dense, int64_t count, const struct crema_layout *l,
                   void *to)
{
    bool large = count > 4 * STRIP;

#pragma omp parallel for
    for (int64_t i = 0; i < count; i += STRIP) {
        int64_t n = count - i < STRIP ? count - i : STRIP;

        crema_layout_pack(l, to, i, n, dense + i);
        if (large) forget(dense + i, (size_t)n * sizeof *dense);
    }
}

/* The param's values, which lie dense; they are lost there. */
static enum crema_status move(struct crema_param *param,
                              const struct crema_layout *l, void *to)
{
    struct crema_device *dev = param->dev;
    int64_t count = crema_shape_count(&param->shape);
    enum crema_status status;
    struct window from;
    void *image;

    CREMA_TRY(open_window(param, 0, count, &from));
    image = dev->type->host ? to : calloc(1, l->bytes + 1);
    status = image ? CREMA_OK : crema_no_memory(dev->ctx, param->name);
    if (image) repack(from.image, count, l, image);
    if (image && image != to) {
        status = crema_device_upload(dev, to, image, l->bytes);
        free(image);
    }
    close_window(param, &from);
    return status;
}

/* Until it is written to, fresh memory of the host is one page of zeros, and
 * reading it costs less than reading weights does. */
static void write_zeros(struct crema_device *dev, char *data, size_t bytes)
{
    if (!dev->type->host) return;
#pragma omp parallel for
    for (size_t i = 0; i < bytes; i += STRIP)
        memset(data + i, 0, bytes - i < STRIP ? bytes - i : STRIP);
}

/* Why there is no memory for the param, and for which. */
static enum crema_status no_room(const struct crema_param *param,
                                 enum crema_status status)
{
    struct crema_ctx *ctx = param->dev->ctx;
    char why[sizeof ctx->message];

    snprintf(why, sizeof why, "%s", ctx->message);
    return crema_fail(ctx, status, "weights \"%s\": %.400s", param->name, why);
}

enum crema_status crema_param_settle(struct crema_param *param,
                                     const struct crema_layout *l)
{
    void *data = NULL;
    enum crema_status status;

    if (param->settled) return CREMA_OK;
    if (param->data && crema_layout_equal(&param->layout, l)) {
        param->settled = true;
        param->layout = *l;
        return CREMA_OK;
    }
    status = crema_device_alloc(param->dev, l->bytes, &data);
    if (status != CREMA_OK) return no_room(param, status);
    if (param->data)
        status = move(param, l, data);
    else
        write_zeros(param->dev, data, l->bytes);
    if (status != CREMA_OK) {
        crema_device_release(param->dev, data);
        return status;
    }
    crema_device_release(param->dev, param->data);
    param->data = data;
    param->layout = *l;
    param->settled = true;
    return CREMA_OK;
}
