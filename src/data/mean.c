/* mean.c - mean pictures, in Caffe's .binaryproto files: one BlobProto. */
#include "data/mean.h"

#include "proto/blob_file.h"

#include <limits.h>
#include <stdlib.h>

/* The last three dimensions, those before them being 1. */
static bool find_shape(const struct crema_stored_blob *blob, int shape[3])
{
    int before = blob->ndims - 3;

    if (before < 0) return false;
    for (int i = 0; i < blob->ndims; i++) {
        if (blob->dims[i] < 1 || blob->dims[i] > INT_MAX) return false;
        if (i < before && blob->dims[i] != 1) return false;
    }
    for (int i = 0; i < 3; i++) shape[i] = (int)blob->dims[before + i];
    return true;
}

static enum crema_status read_values(struct crema_ctx *ctx, const char *path,
                                     struct crema_blob_file *file,
                                     float **values, int shape[3])
{
    const struct crema_stored_blob *blob = file->blobs;
    enum crema_status status;

    if (!blob || !find_shape(blob, shape))
        return crema_fail(ctx, CREMA_EINVAL,
                          "%s is no mean file: its numbers are not one "
                          "picture of channels x height x width",
                          path);
    *values = malloc((size_t)blob->count * sizeof **values);
    if (!*values) return crema_no_memory(ctx, path);
    status = crema_blob_file_read(file, blob, 0, blob->count, *values);
    if (status == CREMA_OK) return CREMA_OK;
    free(*values);
    *values = NULL;
    return status;
}

enum crema_status crema_mean_read(struct crema_ctx *ctx, const char *path,
                                  float **values, int shape[3])
{
    struct crema_blob_file *file;
    enum crema_status status;

    CREMA_TRY(crema_blob_open(ctx, path, &file));
    status = read_values(ctx, path, file, values, shape);
    crema_blob_file_free(file);
    return status;
}

enum crema_status crema_mean_write(struct crema_ctx *ctx, const char *path,
                                   const float *values, const int shape[3])
{
    const int64_t dims[] = { 1, shape[0], shape[1], shape[2] };
    const struct crema_blob_out blob = {
        .ndims = 4,
        .dims = dims,
        .legacy = true,
        .data = values,
    };
    struct crema_file *file;
    struct crema_sink sink;
    enum crema_status status;

    CREMA_TRY(crema_file_create(ctx, path, &file));
    sink = crema_sink_file(file);
    status = crema_blob_write(ctx, &sink, &blob);
    if (status == CREMA_OK) return crema_file_commit(file);
    crema_file_abandon(file);
    return status;
}
