/* mean.c - mean pictures, in Caffe's .binaryproto files: one BlobProto. */
#include "data/mean.h"

#include "proto/wire.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* Field numbers of BlobProto, and of its BlobShape. */
enum {
    NUM = 1,
    CHANNELS = 2,
    HEIGHT = 3,
    WIDTH = 4,
    DATA = 5,
    SHAPE = 7,
    DOUBLE_DATA = 8,
    DIM = 1
};
enum { MAX_DIMS = 32 };

struct blob {
    int64_t legacy[5]; /* [NUM] to [WIDTH] */
    int64_t dims[MAX_DIMS];
    int ndims;
    float *values;
    size_t count, capacity;
};

static bool add(struct blob *blob, float value)
{
    if (blob->count == blob->capacity) {
        size_t capacity = 2 * blob->capacity + 4096;
        float *more = realloc(blob->values, capacity * sizeof *more);

        if (!more) return false;
        blob->values = more;
        blob->capacity = capacity;
    }
    blob->values[blob->count++] = value;
    return true;
}

static void add_dim(struct blob *blob, uint64_t dim)
{
    if (blob->ndims < MAX_DIMS) blob->dims[blob->ndims] = (int64_t)dim;
    blob->ndims++;
}

static void read_shape(struct crema_wire shape, struct blob *blob)
{
    struct crema_wire_field f;

    while (crema_wire_next(&shape, &f)) {
        if (f.number != DIM) continue;
        if (f.type == CREMA_WIRE_VARINT) add_dim(blob, f.value);
        if (f.type == CREMA_WIRE_BYTES) {
            struct crema_wire packed = crema_wire_inside(&shape, &f);
            uint64_t dim;

            while (crema_wire_varint(&packed, &dim)) add_dim(blob, dim);
        }
    }
}

/* One number or packed ones, floats or doubles. */
static bool read_numbers(struct crema_wire_input *in,
                         const struct crema_wire_field *f, struct blob *blob)
{
    size_t size = f->number == DATA ? sizeof(float) : sizeof(double);
    bool one = f->type ==
               (f->number == DATA ? CREMA_WIRE_FIXED32 : CREMA_WIRE_FIXED64);

    if (!one && f->type != CREMA_WIRE_BYTES) return true;
    for (uint64_t at = f->at; at + size <= f->at + f->length; at += size) {
        float value;
        double wide;

        if (!crema_wire_copy(
                in, at, size == sizeof value ? (void *)&value : (void *)&wide,
                size))
            return true; /* the walk reports it */
        if (!add(blob, size == sizeof value ? value : (float)wide))
            return false;
    }
    return true;
}

static enum crema_status read_blob(struct crema_ctx *ctx, const char *path,
                                   struct crema_wire_input *in,
                                   struct blob *blob)
{
    struct crema_wire w = crema_wire_all(in);
    struct crema_wire_field f;

    while (crema_wire_next(&w, &f)) {
        if (f.number >= NUM && f.number <= WIDTH && f.type == CREMA_WIRE_VARINT)
            blob->legacy[f.number] = (int64_t)f.value;
        else if (f.number == SHAPE && f.type == CREMA_WIRE_BYTES)
            read_shape(crema_wire_inside(&w, &f), blob);
        else if ((f.number == DATA || f.number == DOUBLE_DATA) &&
                 !read_numbers(in, &f, blob))
            return crema_no_memory(ctx, path);
    }
    if (w.fault)
        return crema_fail(ctx, CREMA_EINVAL, "%s is no mean file: %s", path,
                          w.fault);
    return CREMA_OK;
}

/* The last three dimensions, those before them being 1. */
static bool find_shape(const struct blob *blob, int shape[3])
{
    const int64_t *dims = blob->dims;
    int n = blob->ndims;

    if (n == 0) {
        dims = blob->legacy + NUM;
        n = 4;
    }
    if (n < 3 || n > MAX_DIMS) return false;
    for (int i = 0; i < n; i++) {
        if (dims[i] < 1 || dims[i] > INT_MAX) return false;
        if (i < n - 3 && dims[i] != 1) return false;
    }
    for (int i = 0; i < 3; i++) shape[i] = (int)dims[n - 3 + i];
    return (double)shape[0] * shape[1] * shape[2] == (double)blob->count;
}

enum crema_status crema_mean_read(struct crema_ctx *ctx, const char *path,
                                  float **values, int shape[3])
{
    struct crema_wire_input in = { 0 };
    struct blob blob = { 0 };
    enum crema_status status;

    CREMA_TRY(crema_wire_open(ctx, path, &in));
    status = read_blob(ctx, path, &in, &blob);
    crema_wire_close(&in);
    if (status == CREMA_OK && !find_shape(&blob, shape))
        status = crema_fail(ctx, CREMA_EINVAL,
                            "%s is no mean file: its %zu numbers are not one "
                            "picture of channels x height x width",
                            path, blob.count);
    if (status != CREMA_OK) {
        free(blob.values);
        return status;
    }
    *values = blob.values;
    return CREMA_OK;
}

static enum crema_status write_blob(const struct crema_sink *sink,
                                    const float *values, const int shape[3])
{
    size_t n = (size_t)shape[0] * (size_t)shape[1] * (size_t)shape[2];
    const int legacy[] = { 1, shape[0], shape[1], shape[2] };

    for (uint32_t i = 0; i < 4; i++) {
        CREMA_TRY(crema_wire_put_tag(sink, NUM + i, CREMA_WIRE_VARINT));
        CREMA_TRY(crema_wire_put(sink, (uint64_t)legacy[i]));
    }
    CREMA_TRY(crema_wire_put_head(sink, DATA, n * sizeof *values));
    return crema_sink_write(sink, values, n * sizeof *values);
}

enum crema_status crema_mean_write(struct crema_ctx *ctx, const char *path,
                                   const float *values, const int shape[3])
{
    struct crema_file *file;
    struct crema_sink sink;
    enum crema_status status;

    CREMA_TRY(crema_file_create(ctx, path, &file));
    sink = crema_sink_file(file);
    status = write_blob(&sink, values, shape);
    if (status == CREMA_OK) return crema_file_commit(file);
    crema_file_abandon(file);
    return status;
}
