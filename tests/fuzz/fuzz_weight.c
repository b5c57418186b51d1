/* fuzz_weight.c - any bytes as weights, state and mean image, and upgraded. */
#include "proto/blob_file.h"
#include "proto/upgrade.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef enum crema_status open_fn(struct crema_ctx *, const char *,
                                  struct crema_blob_file **);

static void read_blobs(struct crema_blob_file *file,
                       const struct crema_stored_blob *blob)
{
    float strip[100];

    for (; blob; blob = blob->next)
        for (int64_t at = 0, n; at < blob->count; at += n) {
            n = blob->count - at < 100 ? blob->count - at : 100;
            if (crema_blob_file_read(file, blob, at, n, strip) != CREMA_OK)
                abort();
        }
}

static void try_as(struct crema_ctx *ctx, const char *path, open_fn *open)
{
    struct crema_blob_file *file;

    if (open(ctx, path, &file) != CREMA_OK) return;
    read_blobs(file, file->blobs);
    for (struct crema_stored_layer *layer = file->layers; layer;
         layer = layer->next)
        read_blobs(file, layer->blobs);
    crema_blob_file_free(file);
}

static enum crema_status forget(void *to, const void *data, size_t length)
{
    const uint8_t *bytes = data;

    for (size_t i = 0; i < length; i++) *(uint8_t *)to ^= bytes[i];
    return CREMA_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);
    uint8_t sum = 0;
    const struct crema_sink sink = { forget, &sum };
    struct crema_upgraded what;
    int fd = memfd_create("fuzz", 0);
    char path[40];

    if (!ctx || fd < 0 || write(fd, data, size) != (ssize_t)size) abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    try_as(ctx, path, crema_weights_open);
    try_as(ctx, path, crema_state_open);
    try_as(ctx, path, crema_blob_open);
    (void)!crema_weights_upgrade(ctx, path, &sink, &what);
    close(fd);
    crema_ctx_free(ctx);
    return 0;
}
