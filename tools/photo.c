/* photo.c - pictures for nets, and the names of classes. */
#include "photo.h"

#include "base/file.h"
#include "data/mean.h"

#include <stdlib.h>
#include <string.h>

/* ---- preparing ---------------------------------------------------------- */

static enum crema_status find_input(struct photo *p)
{
    const struct crema_net *net = p->job->net;
    const struct crema_shape *s = NULL;

    for (int i = 0; i < net->nblobs; i++) {
        const struct crema_blob *b = &net->blob[i];

        if (!net->layer[b->producer].type->reshape) continue;
        if (p->input)
            return crema_fail(p->job->ctx, CREMA_EINVAL,
                              "the net has several inputs (%s, %s); pictures "
                              "go into one",
                              p->input, b->name);
        p->input = b->name;
        s = &b->first->shape;
    }
    if (!s)
        return crema_fail(p->job->ctx, CREMA_EINVAL,
                          "%s has no Input layer: give the net's deploy form",
                          p->model);
    if (s->ndims != 4 || (s->dim[1] != 1 && s->dim[1] != 3))
        return crema_fail(p->job->ctx, CREMA_EINVAL,
                          "input \"%s\" takes no pictures: it is not N x 1 x H "
                          "x W or N x 3 x H x W",
                          p->input);
    p->channels = (int)s->dim[1];
    p->height = (int)s->dim[2];
    p->width = (int)s->dim[3];
    return CREMA_OK;
}

/* "104,117,123" */
static enum crema_status read_mean_value(struct photo *p)
{
    const char *text = p->mean_value;
    int n = 0;
    char *end;

    while (text && *text && n < PHOTO_VALUES) {
        p->value[n++] = strtof(text, &end);
        if (end == text) break;
        text = end + (*end == ',');
    }
    if (!p->mean_value || (!*text && (n == 1 || n == p->channels))) {
        for (int c = n; n == 1 && c < p->channels; c++)
            p->value[c] = p->value[0];
        return CREMA_OK;
    }
    return crema_fail(p->job->ctx, CREMA_EINVAL,
                      "--mean_value wants one number%s, got \"%s\"",
                      p->channels > 1 ? " or one for each channel" : "",
                      p->mean_value);
}

static enum crema_status read_mean(struct photo *p)
{
    const int *s = p->mean_shape;
    size_t area;

    CREMA_TRY(read_mean_value(p));
    if (!p->mean_file) return CREMA_OK;
    CREMA_TRY(
        crema_mean_read(p->job->ctx, p->mean_file, &p->mean, p->mean_shape));
    if (s[0] != p->channels)
        return crema_fail(p->job->ctx, CREMA_EINVAL,
                          "%s has %d channels, the net wants %d", p->mean_file,
                          s[0], p->channels);
    if (s[1] >= p->height && s[2] >= p->width) return CREMA_OK;
    /* too small to be cut: its averages */
    area = (size_t)s[1] * (size_t)s[2];
    for (int c = 0; c < p->channels; c++) {
        double sum = 0;

        for (size_t i = 0; i < area; i++)
            sum += (double)p->mean[(size_t)c * area + i];
        p->value[c] = area ? (float)(sum / (double)area) : 0;
    }
    free(p->mean);
    p->mean = NULL;
    return CREMA_OK;
}

/* One cut of the resized picture, from y, x. */
static void cut(const struct photo *p, const struct crema_image *image, int y,
                int x, bool mirror, float *out)
{
    size_t channels = (size_t)p->channels;
    float scale = (float)p->scale;

    for (size_t c = 0; c < channels; c++)
        for (int h = 0; h < p->height; h++)
            for (int w = 0; w < p->width; w++) {
                int from = x + (mirror ? p->width - 1 - w : w);
                size_t at =
                    (size_t)(y + h) * (size_t)image->width + (size_t)from;
                size_t area = (size_t)image->height * (size_t)image->width;
                float mean = p->mean ? p->mean[c * area + at] : p->value[c];

                *out++ =
                    scale * ((float)image->pixels[at * channels + c] - mean);
            }
}

/* Size before cutting. */
static void choose_size(const struct photo *p, int *height, int *width)
{
    *height = p->mean ? p->mean_shape[1] : p->height;
    *width = p->mean ? p->mean_shape[2] : p->width;
    if (!p->oversample || p->mean) return;
    *height = p->height * 256 / 227; /* as the published nets were trained */
    *width = p->width * 256 / 227;
}

static enum crema_status load(struct photo *p, const char *path,
                              struct crema_image *resized)
{
    struct crema_image image = { 0 };
    enum crema_status status;
    int height, width;

    choose_size(p, &height, &width);
    status = crema_image_read(
        p->job->ctx, path,
        p->channels == 1 ? CREMA_IMAGE_GRAY : CREMA_IMAGE_COLOR, &image);
    if (status == CREMA_OK)
        status =
            crema_image_resize(p->job->ctx, &image, height, width, resized);
    crema_image_free(&image);
    return status;
}

enum crema_status photo_feed(struct photo *p, const char *path)
{
    int n = p->oversample ? PHOTO_CROPS : 1;
    const struct crema_shape shape =
        CREMA_SHAPE(n, p->channels, p->height, p->width);
    size_t each = (size_t)(p->channels * p->height * p->width);
    float *values = malloc((size_t)n * each * sizeof *values + 1);
    struct crema_image image = { 0 };
    enum crema_status status =
        values ? load(p, path, &image) : crema_no_memory(p->job->ctx, path);

    if (status == CREMA_OK) {
        int y = image.height - p->height, x = image.width - p->width;
        const int at[PHOTO_CROPS / 2][2] = {
            { y / 2, x / 2 }, { 0, 0 }, { 0, x }, { y, 0 }, { y, x }
        };

        for (int i = 0; i < n; i++)
            cut(p, &image, at[i % 5][0], at[i % 5][1], i >= 5,
                values + (size_t)i * each);
        status = crema_net_write_input(p->job->net, p->input, &shape, values);
    }
    crema_image_free(&image);
    free(values);
    return status;
}

int photo_flags_wrong(const struct flags *flags, const struct photo *p)
{
    if (!p->mean_file || !p->mean_value) return -1;
    return flags_wrong(flags, "give --mean or --mean_value, not both");
}

enum crema_status photo_prepare(struct photo *p)
{
    CREMA_TRY(find_input(p));
    return read_mean(p);
}

void photo_free(struct photo *p)
{
    free(p->mean);
    p->mean = NULL;
}

/* ---- names -------------------------------------------------------------- */

enum crema_status labels_read(struct crema_ctx *ctx, const char *path,
                              struct labels *out)
{
    size_t length, lines = 1;

    *out = (struct labels){ 0 };
    if (!path) return CREMA_OK;
    CREMA_TRY(crema_file_read(ctx, path, &out->text, &length));
    for (size_t i = 0; i < length; i++) lines += out->text[i] == '\n';
    out->line = malloc(lines * sizeof *out->line);
    if (!out->line) return crema_no_memory(ctx, path);
    for (char *line = out->text; *line;) {
        size_t n = strcspn(line, "\n");
        char *next = line + n + (line[n] == '\n');

        line[n] = '\0';
        if (n > 0 && line[n - 1] == '\r') line[n - 1] = '\0';
        out->line[out->n++] = line;
        line = next;
    }
    return CREMA_OK;
}

void labels_free(struct labels *l)
{
    free(l->line);
    free(l->text);
    *l = (struct labels){ 0 };
}
