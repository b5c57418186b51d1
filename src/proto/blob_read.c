/* blob_read.c - the numbers of a stored blob, as floats. */
#include "proto/blob_internal.h"

#include <math.h>
#include <string.h>

enum { STRIP_BYTES = 1 << 13 };

/* IEEE half: 1 sign, 5 exponent, 10 fraction bits. */
static float half(uint16_t bits)
{
    int exponent = bits >> 10 & 31, fraction = bits & 1023;
    float value;

    if (exponent == 31)
        value = fraction ? NAN : INFINITY;
    else if (exponent == 0)
        value = ldexpf((float)fraction, -24);
    else
        value = ldexpf((float)(fraction + 1024), exponent - 25);
    return bits >> 15 ? -value : value;
}

static float number(enum crema_stored_type type, const uint8_t *bytes)
{
    union {
        double d;
        float f;
        uint16_t h;
        int32_t i;
        uint32_t u;
    } v;

    memcpy(&v, bytes, crema_stored__size(type));
    switch (type) {
    case CREMA_STORED_DOUBLE:
        return (float)v.d;
    case CREMA_STORED_FLOAT:
        return v.f;
    case CREMA_STORED_HALF:
        return half(v.h);
    case CREMA_STORED_INT:
        return (float)v.i;
    case CREMA_STORED_UINT:
        return (float)v.u;
    default:
        return bytes[0] ? 1.0f : 0.0f;
    }
}

/* `count` numbers of one run, the first at byte `at`. */
static bool convert(struct crema_wire_input *in, enum crema_stored_type type,
                    uint64_t at, uint64_t stride, int64_t count, float *out)
{
    size_t size = crema_stored__size(type);
    uint8_t bytes[STRIP_BYTES];

    if (type == CREMA_STORED_FLOAT && stride == size)
        return crema_wire_copy(in, at, out, (size_t)count * sizeof *out);
    if (stride > STRIP_BYTES) { /* far apart: one by one */
        for (int64_t i = 0; i < count; i++, at += stride) {
            if (!crema_wire_copy(in, at, bytes, size)) return false;
            *out++ = number(type, bytes);
        }
        return true;
    }
    while (count > 0) {
        int64_t most = (int64_t)((STRIP_BYTES - size) / stride) + 1;
        int64_t n = count < most ? count : most;

        if (!crema_wire_copy(in, at, bytes,
                             (size_t)(n - 1) * (size_t)stride + size))
            return false;
        for (int64_t i = 0; i < n; i++)
            *out++ = number(type, bytes + (uint64_t)i * stride);
        at += (uint64_t)n * stride;
        count -= n;
    }
    return true;
}

enum crema_status crema_blob_file_read(struct crema_blob_file *file,
                                       const struct crema_stored_blob *blob,
                                       int64_t first, int64_t count, float *out)
{
    if (first < 0 || count < 0 || first > blob->count - count)
        return crema_fail(file->ctx, CREMA_EINVAL,
                          "numbers %lld to %lld of a blob of %lld",
                          (long long)first, (long long)(first + count),
                          (long long)blob->count);
    if (file->h5)
        return file->h5->type->read(file->h5, blob->array, CREMA_H5_FLOAT,
                                    first, count, out);
    for (const struct crema_run *run = blob->runs; run && count > 0;
         run = run->next) {
        int64_t n = run->count - first;

        if (n <= 0) {
            first -= run->count;
            continue;
        }
        if (n > count) n = count;
        if (!convert(&file->input, blob->type,
                     run->at + (uint64_t)first * run->stride, run->stride, n,
                     out))
            return crema_fail(file->ctx, CREMA_EIO, "cannot read %s: %s",
                              file->path, strerror(file->input.error));
        out += n;
        count -= n;
        first = 0;
    }
    return CREMA_OK;
}
