/* cut.c - the part of a picture that a net will see, as bytes: for devices that
 * do the rest of the transform themselves. */
#include "data/pipeline.h"
#include "data/transform_param.h"

#include <stdio.h>
#include <string.h>

/* Rows of `bytes` each, `stride` apart. */
static uint8_t *copy_rows(const uint8_t *from, size_t stride, int rows,
                          size_t bytes, uint8_t *to)
{
    if (stride == bytes) {
        memcpy(to, from, bytes * (size_t)rows);
        return to + bytes * (size_t)rows;
    }
    for (int y = 0; y < rows; y++, from += stride, to += bytes)
        memcpy(to, from, bytes);
    return to;
}

const float *crema_transform_mean(const struct crema_transform *t,
                                  struct crema_shape *shape)
{
    const int *m = t->mean_shape;

    *shape = (struct crema_shape){ 0 };
    if (t->unscaled) return NULL;
    if (t->mean_image) *shape = CREMA_SHAPE(m[0], m[1], m[2]);
    if (t->nmeans) *shape = CREMA_SHAPE((int64_t)t->nmeans);
    return t->mean_image ? t->mean_image : t->means;
}

float crema_transform_scale(const struct crema_transform *t)
{
    return t->unscaled ? 1 : t->scale;
}

void crema_transform_place(const struct crema_transform *t,
                           const struct crema_sample *s, uint64_t ordinal,
                           int32_t place[CREMA_PLACE_NUMBERS])
{
    struct crema_choice choice = crema_transform_choose(t, s, ordinal);

    place[CREMA_PLACE_TOP] = choice.top;
    place[CREMA_PLACE_LEFT] = choice.left;
    place[CREMA_PLACE_MIRROR] = choice.mirror;
    place[CREMA_PLACE_BY_PIXEL] = !s->planes;
}

enum crema_status crema_transform_cut(struct crema_ctx *ctx,
                                      const struct crema_transform *t,
                                      const char *name,
                                      const struct crema_sample *s,
                                      uint64_t ordinal, uint8_t *to,
                                      int32_t place[CREMA_PLACE_NUMBERS])
{
    size_t stride, first;
    int shape[3];

    CREMA_TRY(crema_transform_shape(ctx, t, name, s, shape));
    crema_transform_place(t, s, ordinal, place);
    stride = (size_t)s->width * (size_t)(s->pixels ? shape[0] : 1);
    first = (size_t)place[CREMA_PLACE_TOP] * stride +
            (size_t)place[CREMA_PLACE_LEFT] *
                (size_t)(s->pixels ? shape[0] : 1);
    if (s->pixels) {
        copy_rows(s->pixels + first, stride, shape[1],
                  (size_t)shape[2] * (size_t)shape[0], to);
        return CREMA_OK;
    }
    for (int c = 0; c < shape[0]; c++)
        to = copy_rows(s->planes + (size_t)c * (size_t)s->height * stride +
                           first,
                       stride, shape[1], (size_t)shape[2], to);
    return CREMA_OK;
}

enum crema_status crema_pipeline_decode_cut(struct crema_ctx *ctx,
                                            const struct crema_cuts *cuts,
                                            int64_t i)
{
    const struct crema_filled_batch *batch = cuts->user;
    const int32_t *place = cuts->places + i * CREMA_PLACE_NUMBERS;
    struct crema_encoded *encoded = &cuts->encoded[i];
    uint8_t *at = cuts->bytes + (size_t)i * cuts->stride;
    struct crema_image image = { 0 };
    char name[CREMA_RECORD_NAME];
    enum crema_status status;

    snprintf(name, sizeof name, "record %.*s", (int)batch->keys[i].length,
             (const char *)batch->keys[i].data);
    status = crema_image_decode(ctx, name, at, encoded->length,
                                CREMA_IMAGE_UNCHANGED, &image);
    if (status == CREMA_OK &&
        (image.height != encoded->height || image.width != encoded->width ||
         image.channels != 3))
        status = crema_fail(ctx, CREMA_EINVAL, "%s: its header changes", name);
    if (status == CREMA_OK) {
        size_t pixel = (size_t)image.channels;
        size_t stride = (size_t)image.width * pixel;

        copy_rows(image.pixels + (size_t)place[CREMA_PLACE_TOP] * stride +
                      (size_t)place[CREMA_PLACE_LEFT] * pixel,
                  stride, (int)cuts->rows, (size_t)cuts->row, at);
        encoded->length = 0;
    }
    crema_image_free(&image);
    return status;
}
