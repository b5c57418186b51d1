/* convert_idx.c - idx files, which MNIST and its likes come in.
 *
 * An idx file: two zero bytes, the kind of number (8: bytes), how many
 * dimensions, each as 4 bytes (high byte first), then the numbers.  Labels
 * have one dimension; pictures have count x height x width, or count x
 * channels x height x width.
 */
#include "convert_source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { MAX_DIMS = 4 };

/* Plain or compressed by gzip: zlib sees for itself. */
struct idx {
    struct crema_ctx *ctx;
    const char *path;
    gzFile file;
    int ndims;
    uint32_t dims[MAX_DIMS];
};

struct idx_pair {
    struct convert_source base;
    struct idx pictures, labels;
    size_t size; /* of a picture in bytes */
};

static enum crema_status read_bytes(struct idx *idx, void *out, size_t bytes)
{
    int got = gzread(idx->file, out, (unsigned)bytes);
    int error = 0;

    if (got >= 0 && (size_t)got == bytes) return CREMA_OK;
    return crema_fail(idx->ctx, CREMA_EIO, "%s is cut short or damaged%s%s",
                      idx->path, got < 0 ? ": " : "",
                      got < 0 ? gzerror(idx->file, &error) : "");
}

static enum crema_status read_head(struct idx *idx)
{
    enum { BYTES = 8 };
    uint8_t head[4], dim[4];

    CREMA_TRY(read_bytes(idx, head, sizeof head));
    if (head[0] || head[1] || head[3] < 1 || head[3] > MAX_DIMS)
        return crema_fail(idx->ctx, CREMA_EINVAL,
                          "%s is no idx file: it begins with %02x %02x %02x "
                          "%02x",
                          idx->path, head[0], head[1], head[2], head[3]);
    if (head[2] != BYTES)
        return crema_fail(idx->ctx, CREMA_EUNSUPPORTED,
                          "%s holds numbers of kind %d; bytes (8) are read",
                          idx->path, head[2]);
    idx->ndims = head[3];
    for (int i = 0; i < idx->ndims; i++) {
        CREMA_TRY(read_bytes(idx, dim, sizeof dim));
        idx->dims[i] = (uint32_t)dim[0] << 24 | (uint32_t)dim[1] << 16 |
                       (uint32_t)dim[2] << 8 | dim[3];
    }
    return CREMA_OK;
}

static enum crema_status open_idx(struct crema_ctx *ctx, const char *path,
                                  struct idx *idx)
{
    *idx = (struct idx){ .ctx = ctx, .path = path };
    errno = 0;
    idx->file = gzopen(path, "rb");
    if (!idx->file)
        return crema_fail(ctx, CREMA_EIO, "cannot open %s: %s", path,
                          errno ? strerror(errno) : "out of memory");
    gzbuffer(idx->file, 1 << 17);
    return read_head(idx);
}

static enum crema_status check(struct idx_pair *pair)
{
    const struct idx *p = &pair->pictures, *l = &pair->labels;
    struct convert_source *s = &pair->base;
    double pixels = 1;

    for (int i = 1; i < p->ndims; i++) pixels *= p->dims[i];
    if (l->ndims != 1 || p->ndims < 3)
        return crema_fail(s->ctx, CREMA_EINVAL,
                          "wants a file of pictures and one of labels, but %s "
                          "has %d dimensions and %s %d",
                          p->path, p->ndims, l->path, l->ndims);
    if (p->dims[0] != l->dims[0])
        return crema_fail(s->ctx, CREMA_EINVAL,
                          "%s has %u pictures, %s has %u labels", p->path,
                          p->dims[0], l->path, l->dims[0]);
    if (p->dims[0] == 0 || pixels < 1 || pixels > 1 << 28)
        return crema_fail(s->ctx, CREMA_EINVAL,
                          "%s has %u pictures of %g bytes", p->path, p->dims[0],
                          pixels);
    pair->size = (size_t)pixels;
    s->path = p->path;
    s->count = p->dims[0];
    s->channels = p->ndims == 4 ? (int)p->dims[1] : 1;
    s->height = (int)p->dims[p->ndims - 2];
    s->width = (int)p->dims[p->ndims - 1];
    return CREMA_OK;
}

static enum crema_status next(struct convert_source *source, uint8_t *pixels,
                              int *label)
{
    struct idx_pair *pair = (struct idx_pair *)source;
    uint8_t byte;

    CREMA_TRY(read_bytes(&pair->pictures, pixels, pair->size));
    CREMA_TRY(read_bytes(&pair->labels, &byte, 1));
    *label = byte;
    return CREMA_OK;
}

static void close_idx(struct convert_source *source)
{
    struct idx_pair *pair = (struct idx_pair *)source;

    if (pair->pictures.file) gzclose(pair->pictures.file);
    if (pair->labels.file) gzclose(pair->labels.file);
    free(pair);
}

static const struct convert_kind kind = { "idx", next, close_idx };

static enum crema_status open_both(struct idx_pair *pair, char **files)
{
    struct crema_ctx *ctx = pair->base.ctx;

    CREMA_TRY(open_idx(ctx, files[0], &pair->pictures));
    CREMA_TRY(open_idx(ctx, files[1], &pair->labels));
    if (pair->pictures.ndims == 1) {
        struct idx labels = pair->pictures;

        pair->pictures = pair->labels;
        pair->labels = labels;
    }
    return check(pair);
}

enum crema_status convert_open_idx(struct crema_ctx *ctx, char **files,
                                   struct convert_source **out)
{
    struct idx_pair *pair = calloc(1, sizeof *pair);
    enum crema_status status;

    if (!pair) return crema_no_memory(ctx, files[0]);
    pair->base = (struct convert_source){ .kind = &kind, .ctx = ctx };
    status = open_both(pair, files);
    if (status != CREMA_OK) {
        close_idx(&pair->base);
        return status;
    }
    *out = &pair->base;
    return CREMA_OK;
}
