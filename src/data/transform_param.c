/* transform_param.c - reads and checks transform_param. */
#include "data/transform_param.h"

#include "data/mean.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* CREMA_EINVAL, with the place of `field` where the text is known. */
static enum crema_status wrong(struct crema_ctx *ctx,
                               const struct crema_transform_options *o,
                               const void *field, const char *fmt, ...)
    CREMA_PRINTF(4, 5) CREMA_MUST_USE;

static enum crema_status wrong(struct crema_ctx *ctx,
                               const struct crema_transform_options *o,
                               const void *field, const char *fmt, ...)
{
    struct crema_place at = { 0 };
    enum crema_status status;
    va_list ap;

    if (o->source) at = crema_source_place(o->source, field, o->param);
    va_start(ap, fmt);
    status = crema_vfail_at(ctx, CREMA_EINVAL, &at, fmt, ap);
    va_end(ap);
    return status;
}

/* Fields of forks that change nothing of what is computed here. */
static bool harmless(uint32_t id)
{
    enum { USE_GPU = 16014, RANDOM_SEED = 16015, DISPLAY = 16016 };

    return id == USE_GPU || id == RANDOM_SEED || id == DISPLAY;
}

static size_t size_of(const ProtobufCFieldDescriptor *f)
{
    switch (f->type) {
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_DOUBLE:
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_UINT64:
        return 8;
    default:
        return 4;
    }
}

/* Does the field say other than its default? */
static bool says_something(const void *param, const ProtobufCFieldDescriptor *f)
{
    static const uint8_t zeros[8];
    const uint8_t *base = param;
    const uint8_t *value = base + f->offset;

    if (f->label == PROTOBUF_C_LABEL_REPEATED) {
        size_t n;

        memcpy(&n, base + f->quantifier_offset, sizeof n);
        return n > 0;
    }
    if (f->type == PROTOBUF_C_TYPE_MESSAGE ||
        f->type == PROTOBUF_C_TYPE_STRING) {
        const void *pointer;

        memcpy(&pointer, value, sizeof pointer);
        return pointer && pointer != f->default_value;
    }
    return memcmp(value, f->default_value ? f->default_value : zeros,
                  size_of(f)) != 0;
}

/* Going on without what a fork would have done would give other numbers. */
static enum crema_status refuse_others(struct crema_ctx *ctx,
                                       const struct crema_transform_options *o)
{
    enum { LAST_OF_CAFFE = 7, CROP_H = 16012, CROP_W = 16013 };
    const ProtobufCMessageDescriptor *d = o->param->base.descriptor;

    for (unsigned i = 0; i < d->n_fields; i++) {
        const ProtobufCFieldDescriptor *f = &d->fields[i];

        if (f->id <= LAST_OF_CAFFE || f->id == CROP_H || f->id == CROP_W ||
            harmless(f->id) || !says_something(o->param, f))
            continue;
        if (wrong(ctx, o, (const uint8_t *)o->param + f->offset,
                  "transform_param: %s of a fork of Caffe is not supported",
                  f->name) != CREMA_OK)
            return ctx->status = CREMA_EUNSUPPORTED;
    }
    return CREMA_OK;
}

static enum crema_status read_crop(struct crema_ctx *ctx,
                                   const struct crema_transform_options *o,
                                   struct crema_transform *t)
{
    const Crema__TransformationParameter *p = o->param;

    if (p->crop_size > CREMA_IMAGE_MAX_SIDE)
        return wrong(ctx, o, &p->crop_size, "crop_size %u is too large",
                     p->crop_size);
    t->crop_height = t->crop_width = (int)p->crop_size;
    if (!p->crop_h && !p->crop_w) return CREMA_OK;
    if (p->crop_size)
        return wrong(ctx, o, &p->crop_h,
                     "give either crop_size or crop_h and crop_w");
    if (!p->crop_h || !p->crop_w || p->crop_h > CREMA_IMAGE_MAX_SIDE ||
        p->crop_w > CREMA_IMAGE_MAX_SIDE)
        return wrong(ctx, o, &p->crop_h, "no crop: crop_h %u, crop_w %u",
                     p->crop_h, p->crop_w);
    t->crop_height = (int)p->crop_h;
    t->crop_width = (int)p->crop_w;
    return CREMA_OK;
}

/* What failed, failed because of this field. */
static enum crema_status blame(struct crema_ctx *ctx,
                               const struct crema_transform_options *o,
                               const void *field, enum crema_status status)
{
    char reason[2048];

    if (status == CREMA_OK || !o->source) return status;
    snprintf(reason, sizeof reason, "%s", crema_ctx_message(ctx));
    if (wrong(ctx, o, field, "%s", reason) != CREMA_OK) ctx->status = status;
    return status;
}

static enum crema_status read_means(struct crema_ctx *ctx,
                                    const struct crema_transform_options *o,
                                    struct crema_transform *t)
{
    const Crema__TransformationParameter *p = o->param;
    bool file = p->mean_file && *p->mean_file;

    if (file && p->n_mean_value)
        return wrong(ctx, o, &p->mean_file,
                     "give either mean_file or mean_value, not both");
    if (file) {
        t->mean_file = strdup(p->mean_file);
        if (!t->mean_file) return crema_no_memory(ctx, p->mean_file);
        return blame(
            ctx, o, &p->mean_file,
            crema_mean_read(ctx, p->mean_file, &t->mean_image, t->mean_shape));
    }
    if (!p->n_mean_value) return CREMA_OK;
    t->means = malloc(p->n_mean_value * sizeof *t->means);
    if (!t->means) return crema_no_memory(ctx, "mean_value");
    memcpy(t->means, p->mean_value, p->n_mean_value * sizeof *t->means);
    t->nmeans = p->n_mean_value;
    return CREMA_OK;
}

static enum crema_status read_param(struct crema_ctx *ctx,
                                    const struct crema_transform_options *o,
                                    struct crema_transform *t)
{
    const Crema__TransformationParameter *p = o->param;

    t->scale = p->scale;
    t->mirror = p->mirror;
    if (p->force_color && p->force_gray)
        return wrong(ctx, o, &p->force_gray,
                     "give either force_color or force_gray, not both");
    CREMA_TRY(refuse_others(ctx, o));
    CREMA_TRY(read_crop(ctx, o, t));
    return read_means(ctx, o, t);
}

enum crema_status crema_transform_new(struct crema_ctx *ctx,
                                      const struct crema_transform_options *o,
                                      struct crema_transform **out)
{
    struct crema_transform *t = calloc(1, sizeof *t);
    enum crema_status status = CREMA_OK;

    if (!t) return crema_no_memory(ctx, "a transform");
    t->train = o->train;
    t->seed = o->seed;
    t->scale = 1;
    if (o->param) status = read_param(ctx, o, t);
    if (status != CREMA_OK) {
        crema_transform_free(t);
        return status;
    }
    *out = t;
    return CREMA_OK;
}

enum crema_image_mode
crema_transform_mode(const Crema__TransformationParameter *p)
{
    if (p && p->force_color) return CREMA_IMAGE_COLOR;
    if (p && p->force_gray) return CREMA_IMAGE_GRAY;
    return CREMA_IMAGE_UNCHANGED;
}
