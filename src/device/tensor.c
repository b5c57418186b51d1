/* tensor.c - shapes and layouts. */
#include "device/tensor.h"

#include "device/formula/bf16.h"
#include "device/formula/f16.h"

#include <stdio.h>
#include <string.h>

int64_t crema_shape_product(const struct crema_shape *s, int from, int to)
{
    int64_t count = 1;

    for (int i = from; i < to; i++) count *= s->dim[i];
    return count;
}

int64_t crema_shape_count(const struct crema_shape *s)
{
    return crema_shape_product(s, 0, s->ndims);
}

bool crema_shape_equal(const struct crema_shape *a, const struct crema_shape *b)
{
    if (a->ndims != b->ndims) return false;
    for (int i = 0; i < a->ndims; i++)
        if (a->dim[i] != b->dim[i]) return false;
    return true;
}

bool crema_shape_valid(const struct crema_shape *s)
{
    const int64_t most = (int64_t)1 << 40;
    int64_t count = 1;

    if (s->ndims < 0 || s->ndims > CREMA_MAX_DIMS) return false;
    for (int i = 0; i < s->ndims; i++) {
        if (s->dim[i] < 0 || s->dim[i] > most) return false;
        if (s->dim[i] > 0 && count > most / s->dim[i]) return false;
        if (s->dim[i] > 0) count *= s->dim[i];
    }
    return true;
}

const char *crema_shape_text(const struct crema_shape *s,
                             char out[CREMA_SHAPE_TEXT])
{
    size_t used = 0;

    if (s->ndims == 0) snprintf(out, CREMA_SHAPE_TEXT, "scalar");
    for (int i = 0; i < s->ndims; i++)
        used += (size_t)snprintf(out + used, CREMA_SHAPE_TEXT - used, "%s%lld",
                                 i ? "x" : "", (long long)s->dim[i]);
    return out;
}

size_t crema_type_bytes(enum crema_type type)
{
    switch (type) {
    case CREMA_BF16:
    case CREMA_F16:
        return 2;
    case CREMA_U8:
        return 1;
    default:
        return 4;
    }
}

/* Strides by an order of the axes, innermost last. */
static struct crema_layout ordered(const struct crema_shape *s,
                                   enum crema_type type, const int *order)
{
    struct crema_layout l = { .type = type, .ndims = s->ndims };
    int64_t stride = 1;

    for (int i = s->ndims - 1; i >= 0; i--) {
        int d = order[i];

        l.dim[d] = l.padded[d] = s->dim[d];
        l.stride[d] = stride;
        stride *= s->dim[d];
    }
    l.bytes = (size_t)stride * crema_type_bytes(type);
    return l;
}

struct crema_layout crema_layout_dense(const struct crema_shape *s,
                                       enum crema_type type)
{
    static const int order[CREMA_MAX_DIMS] = { 0, 1, 2, 3, 4, 5, 6, 7 };

    return ordered(s, type, order);
}

struct crema_layout crema_layout_channels_last(const struct crema_shape *s,
                                               enum crema_type type)
{
    int order[CREMA_MAX_DIMS] = { 0 };

    for (int i = 1; i < s->ndims; i++) order[i] = i == s->ndims - 1 ? 1 : i + 1;
    return ordered(s, type, order);
}

struct crema_layout crema_layout_as(const struct crema_layout *l,
                                    enum crema_type type)
{
    struct crema_layout as = *l;

    as.bytes = l->bytes / crema_type_bytes(l->type) * crema_type_bytes(type);
    as.type = type;
    return as;
}

struct crema_layout crema_layout_bytes(size_t bytes)
{
    return crema_layout_dense(&CREMA_SHAPE((int64_t)bytes), CREMA_U8);
}

bool crema_layout_is_dense(const struct crema_layout *l)
{
    int64_t stride = 1;

    for (int i = l->ndims - 1; i >= 0; i--) {
        if (l->stride[i] != stride && l->dim[i] != 1) return false;
        stride *= l->dim[i];
    }
    return l->nblocks == 0;
}

bool crema_layout_is_padded(const struct crema_layout *l)
{
    for (int i = 0; i < l->ndims; i++)
        if (l->padded[i] != l->dim[i]) return true;
    return false;
}

bool crema_layout_equal(const struct crema_layout *a,
                        const struct crema_layout *b)
{
    if (a->type != b->type || a->bytes != b->bytes) return false;
    if (crema_layout_is_dense(a) && crema_layout_is_dense(b)) return true;
    if (a->ndims != b->ndims || a->nblocks != b->nblocks) return false;
    for (int i = 0; i < a->ndims; i++) {
        if (a->dim[i] != b->dim[i] || a->padded[i] != b->padded[i])
            return false;
        if (a->stride[i] != b->stride[i] && a->dim[i] != 1) return false;
    }
    for (int i = 0; i < a->nblocks; i++)
        if (a->block[i] != b->block[i] || a->block_dim[i] != b->block_dim[i])
            return false;
    return true;
}

/* Position of the element whose index per axis is at[]; spoils at[]. */
static int64_t offset_at(const struct crema_layout *l, int64_t *at)
{
    int64_t offset = 0, inner = 1;

    for (int b = l->nblocks - 1; b >= 0; b--) {
        int d = l->block_dim[b];

        offset += at[d] % l->block[b] * inner;
        at[d] /= l->block[b];
        inner *= l->block[b];
    }
    for (int d = 0; d < l->ndims; d++) offset += at[d] * l->stride[d];
    return offset;
}

int64_t crema_layout_offset(const struct crema_layout *l, int64_t i)
{
    int64_t at[CREMA_MAX_DIMS];

    for (int d = l->ndims - 1; d >= 0; d--) {
        at[d] = i % l->dim[d];
        i /= l->dim[d];
    }
    return offset_at(l, at);
}

const char *crema_layout_text(const struct crema_layout *l,
                              char out[CREMA_LAYOUT_TEXT])
{
    static const char *const types[] = { "f32", "bf16", "f16", "i32", "u8" };
    bool used[CREMA_MAX_DIMS] = { false }, blocked[CREMA_MAX_DIMS] = { false };
    int n = 0;

    for (int b = 0; b < l->nblocks; b++) blocked[l->block_dim[b]] = true;
    for (int k = 0; k < l->ndims; k++) { /* by falling stride */
        int best = -1;

        for (int d = 0; d < l->ndims; d++)
            if (!used[d] && (best < 0 || l->stride[d] > l->stride[best]))
                best = d;
        used[best] = true;
        n += snprintf(out + n, 4, "%c", (blocked[best] ? 'A' : 'a') + best);
    }
    for (int b = 0; b < l->nblocks; b++)
        n += snprintf(out + n, 8, "%lld%c", (long long)l->block[b],
                      'a' + l->block_dim[b]);
    snprintf(out + n, (size_t)(CREMA_LAYOUT_TEXT - n), ":%s", types[l->type]);
    return out;
}

/* Row-major order, in runs of elements of the last axis that lie evenly. */
struct walk {
    const struct crema_layout *l;
    int64_t at[CREMA_MAX_DIMS];
    int64_t even, step; /* as many of the last axis lie `step` apart */
};

struct run {
    int64_t offset, count;
};

static void walk_start(struct walk *w, const struct crema_layout *l, int64_t i)
{
    int last = l->ndims - 1, b = l->nblocks - 1;

    w->l = l;
    for (int d = last; d >= 0; d--) {
        w->at[d] = i % l->dim[d];
        i /= l->dim[d];
    }
    for (w->step = 1; b >= 0 && l->block_dim[b] != last; b--)
        w->step *= l->block[b];
    w->even = b >= 0 ? l->block[b] : last < 0 ? 1 : l->dim[last];
    if (b < 0 && last >= 0) w->step = l->stride[last];
}

/* At most `most` elements. */
static struct run walk_next(struct walk *w, int64_t most)
{
    int last = w->l->ndims - 1;
    int64_t at[CREMA_MAX_DIMS];
    struct run r = { 0, 1 };

    memcpy(at, w->at, sizeof at);
    if (last < 0) return r;
    r.count = w->even - at[last] % w->even;
    if (r.count > w->l->dim[last] - at[last])
        r.count = w->l->dim[last] - at[last];
    if (r.count > most) r.count = most;
    w->at[last] += r.count;
    for (int d = last; d > 0 && w->at[d] == w->l->dim[d]; d--) {
        w->at[d] = 0;
        w->at[d - 1]++;
    }
    r.offset = offset_at(w->l, at);
    return r;
}

static float element(const struct crema_layout *l, const void *data, int64_t at)
{
    switch (l->type) {
    case CREMA_F32:
        return ((const float *)data)[at];
    case CREMA_I32:
        return (float)((const int32_t *)data)[at];
    case CREMA_U8:
        return (float)((const uint8_t *)data)[at];
    case CREMA_F16:
        return crema_from_f16(((const uint16_t *)data)[at]);
    default:
        return crema_from_bf16(((const uint16_t *)data)[at]);
    }
}

static void store(const struct crema_layout *l, void *data, int64_t at, float f)
{
    switch (l->type) {
    case CREMA_F32:
        ((float *)data)[at] = f;
        break;
    case CREMA_I32:
        ((int32_t *)data)[at] = (int32_t)f;
        break;
    case CREMA_U8:
        ((uint8_t *)data)[at] = (uint8_t)f;
        break;
    case CREMA_F16:
        ((uint16_t *)data)[at] = crema_to_f16(f);
        break;
    case CREMA_BF16:
        ((uint16_t *)data)[at] = crema_to_bf16(f);
        break;
    }
}

void crema_layout_unpack(const struct crema_layout *l, const void *data,
                         int64_t first, int64_t count, float *dense)
{
    struct walk w;
    struct run r;

    if (count == 0) return;
    if (l->type == CREMA_F32 && crema_layout_is_dense(l)) {
        memcpy(dense, (const float *)data + first, (size_t)count * 4);
        return;
    }
    walk_start(&w, l, first);
    for (int64_t i = 0; i < count; i += r.count) {
        r = walk_next(&w, count - i);
        for (int64_t k = 0; k < r.count; k++)
            dense[i + k] = element(l, data, r.offset + k * w.step);
    }
}

void crema_layout_pack(const struct crema_layout *l, void *data, int64_t first,
                       int64_t count, const float *dense)
{
    struct walk w;
    struct run r;

    if (count == 0) return;
    if (l->type == CREMA_F32 && crema_layout_is_dense(l)) {
        memcpy((float *)data + first, dense, (size_t)count * 4);
        return;
    }
    walk_start(&w, l, first);
    for (int64_t i = 0; i < count; i += r.count) {
        r = walk_next(&w, count - i);
        for (int64_t k = 0; k < r.count; k++)
            store(l, data, r.offset + k * w.step, dense[i + k]);
    }
}
