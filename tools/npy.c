/* npy.c - NumPy's files of numbers: a line of text, then the numbers. */
#include "npy.h"

#include "base/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of little-endian numbers. */
static float f4(const void *p)
{
    float v;

    memcpy(&v, p, sizeof v);
    return v;
}
static float f8(const void *p)
{
    double v;

    memcpy(&v, p, sizeof v);
    return (float)v;
}
static float i4(const void *p)
{
    int32_t v;

    memcpy(&v, p, sizeof v);
    return (float)v;
}
static float i8(const void *p)
{
    int64_t v;

    memcpy(&v, p, sizeof v);
    return (float)v;
}
static float u1(const void *p)
{
    return (float)*(const unsigned char *)p;
}

static const struct kind {
    const char *descr;
    size_t bytes;
    float (*read)(const void *);
} kinds[] = {
    { "'<f4'", 4, f4 }, { "'<f8'", 8, f8 }, { "'<i4'", 4, i4 },
    { "'<i8'", 8, i8 }, { "'|u1'", 1, u1 },
};

/* The text behind "'name': " in the header; NULL when it is not there. */
static const char *entry(const char *header, const char *name)
{
    char quoted[32];
    const char *at;

    snprintf(quoted, sizeof quoted, "'%s':", name);
    at = strstr(header, quoted);
    return at ? at + strlen(quoted) + strspn(at + strlen(quoted), " ") : NULL;
}

static const struct kind *find_kind(const char *descr)
{
    for (size_t i = 0; descr && i < sizeof kinds / sizeof *kinds; i++)
        if (!strncmp(descr, kinds[i].descr, strlen(kinds[i].descr)))
            return &kinds[i];
    return NULL;
}

/* "(2, 3)", "(4,)" or "()" */
static bool read_shape(const char *text, struct crema_shape *shape)
{
    char *end;

    *shape = (struct crema_shape){ 0 };
    if (!text || *text != '(') return false;
    for (text++; *text != ')'; text = end + strspn(end, ", ")) {
        if (shape->ndims == CREMA_MAX_DIMS) return false;
        shape->dim[shape->ndims++] = strtoll(text, &end, 10);
        if (end == text) return false;
    }
    return crema_shape_valid(shape);
}

static enum crema_status refuse(struct crema_ctx *ctx, const char *path,
                                const char *what)
{
    return crema_fail(ctx, CREMA_EINVAL, "%s: %s", path, what);
}

/* What stands in front of the numbers, ended by '\0'; *used its length. */
static char *header_of(const char *data, size_t length, size_t *used)
{
    bool first = length > 6 && data[6] == 1;
    size_t start = first ? 10 : 12, n;
    const unsigned char *size = (const unsigned char *)data + 8;

    if (length < start || memcmp(data, "\x93NUMPY", 6) != 0) return NULL;
    n = (size_t)size[0] | (size_t)size[1] << 8;
    if (!first) n |= (size_t)size[2] << 16 | (size_t)size[3] << 24;
    if (n > length - start) return NULL;
    *used = start + n;
    return strndup(data + start, n);
}

static enum crema_status take(struct crema_ctx *ctx, const char *path,
                              const char *header, const char *data,
                              size_t length, struct crema_shape *shape,
                              float **values)
{
    const struct kind *kind = find_kind(entry(header, "descr"));
    const char *order = entry(header, "fortran_order");
    int64_t n;

    if (!kind)
        return refuse(ctx, path,
                      "float32, float64, int32, int64 and uint8 "
                      "are read, no other kind");
    if (!read_shape(entry(header, "shape"), shape))
        return refuse(ctx, path, "its shape cannot be read");
    if (order && !strncmp(order, "True", 4) && shape->ndims > 1)
        return refuse(ctx, path, "it is in Fortran order; save a C-order copy");
    n = crema_shape_count(shape);
    if (length < (size_t)n * kind->bytes)
        return refuse(ctx, path, "it is cut short");
    *values = malloc((size_t)n * sizeof **values + 1);
    if (!*values) return crema_no_memory(ctx, path);
    for (int64_t i = 0; i < n; i++)
        (*values)[i] = kind->read(data + (size_t)i * kind->bytes);
    return CREMA_OK;
}

enum crema_status npy_read(struct crema_ctx *ctx, const char *path,
                           struct crema_shape *shape, float **values)
{
    enum crema_status status;
    size_t length, used = 0;
    char *data, *header;

    CREMA_TRY(crema_file_read(ctx, path, &data, &length));
    header = header_of(data, length, &used);
    status = header ? take(ctx, path, header, data + used, length - used, shape,
                           values)
                    : refuse(ctx, path, "not a .npy file");
    free(header);
    free(data);
    return status;
}

/* Version, length of the header, the header; returns the length of all. */
static int word_head(const struct crema_shape *shape, char *head, int size)
{
    enum { START = 10, ALIGN = 64 };
    int used = START + snprintf(head + START, (size_t)(size - START),
                                "{'descr': '<f4', 'fortran_order': False, "
                                "'shape': (");
    int whole;

    for (int i = 0; i < shape->ndims; i++)
        used += snprintf(head + used, (size_t)(size - used), "%s%lld%s",
                         i ? ", " : "", (long long)shape->dim[i],
                         shape->ndims == 1 ? "," : "");
    used += snprintf(head + used, (size_t)(size - used), "), }");
    whole = (used + ALIGN) / ALIGN * ALIGN;
    memset(head + used, ' ', (size_t)(whole - used));
    head[whole - 1] = '\n';
    memcpy(head, "\x93NUMPY\x01\x00", 8);
    head[8] = (char)((whole - START) & 0xFF);
    head[9] = (char)((whole - START) >> 8);
    return whole;
}

enum crema_status npy_write(struct crema_ctx *ctx, const char *path,
                            const struct crema_shape *shape,
                            const float *values)
{
    size_t n = (size_t)crema_shape_count(shape), whole;
    FILE *f = fopen(path, "wb");
    char head[512];
    bool good;

    if (!f)
        return crema_fail(ctx, CREMA_EIO, "cannot write %s: %s", path,
                          strerror(errno));
    whole = (size_t)word_head(shape, head, sizeof head);
    good = fwrite(head, 1, whole, f) == whole &&
           fwrite(values, sizeof *values, n, f) == n;
    good &= fclose(f) == 0;
    if (good) return CREMA_OK;
    return crema_fail(ctx, CREMA_EIO, "cannot write %s: %s", path,
                      strerror(errno));
}
