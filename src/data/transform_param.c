/* transform_param.c - reads and checks transform_param. */
#include "data/transform_param.h"

#include "data/mean.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum crema_status crema_transform_wrong(struct crema_ctx *ctx,
                                        const struct crema_transform_options *o,
                                        const void *field, const void *message,
                                        const char *fmt, ...)
{
    struct crema_place at = { 0 };
    enum crema_status status;
    va_list ap;

    if (o->source) at = crema_source_place(o->source, field, message);
    if (o->source && !at.line)
        at = crema_source_place(o->source, field, o->param);
    va_start(ap, fmt);
    status = crema_vfail_at(ctx, CREMA_EINVAL, &at, fmt, ap);
    va_end(ap);
    return status;
}

/* Is `name` one of the words, which blanks divide? */
static bool listed(const char *words, const char *name)
{
    size_t n = strlen(name);

    for (const char *w = words; (w = strstr(w, name)); w += n)
        if ((w == words || w[-1] == ' ') && (w[n] == ' ' || w[n] == '\0'))
            return true;
    return false;
}

/* Fields of forks that change nothing of what is computed here. */
static const char without_effect[] =
    "use_gpu_transform random_seed display emit_constraint height_scale "
    "width_scale";

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
enum crema_status crema_transform_known(struct crema_ctx *ctx,
                                        const struct crema_transform_options *o,
                                        const ProtobufCMessage *message,
                                        const char *known)
{
    const ProtobufCMessageDescriptor *d = message->descriptor;

    for (unsigned i = 0; i < d->n_fields; i++) {
        const ProtobufCFieldDescriptor *f = &d->fields[i];

        if (listed(known, f->name) || !says_something(message, f)) continue;
        if (listed(without_effect, f->name)) {
            if (o->dry)
                crema_log(ctx, CREMA_WARNING,
                          "%s of transform_param, which only some forks of "
                          "Caffe have, has no effect",
                          f->name);
            continue;
        }
        if (crema_transform_wrong(
                ctx, o, (const uint8_t *)message + f->offset, message,
                "transform_param: %s of a fork of Caffe is not supported%s",
                f->name, o->plain ? " here" : "") != CREMA_OK)
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
        return crema_transform_wrong(ctx, o, &p->crop_size, p,
                                     "crop_size %u is too large", p->crop_size);
    t->crop_height = t->crop_width = (int)p->crop_size;
    if (!p->crop_h && !p->crop_w) return CREMA_OK;
    if (p->crop_size)
        return crema_transform_wrong(
            ctx, o, &p->crop_h, p,
            "give either crop_size or crop_h and crop_w");
    if (!p->crop_h || !p->crop_w || p->crop_h > CREMA_IMAGE_MAX_SIDE ||
        p->crop_w > CREMA_IMAGE_MAX_SIDE)
        return crema_transform_wrong(ctx, o, &p->crop_h, p,
                                     "no crop: crop_h %u, crop_w %u", p->crop_h,
                                     p->crop_w);
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
    if (crema_transform_wrong(ctx, o, field, o->param, "%s", reason) !=
        CREMA_OK)
        ctx->status = status;
    return status;
}

static enum crema_status read_mean_file(struct crema_ctx *ctx,
                                        const struct crema_transform_options *o,
                                        struct crema_transform *t)
{
    const Crema__TransformationParameter *p = o->param;

    if (o->dry) return CREMA_OK;
    t->mean_file = strdup(p->mean_file);
    if (!t->mean_file) return crema_no_memory(ctx, p->mean_file);
    return blame(
        ctx, o, &p->mean_file,
        crema_mean_read(ctx, p->mean_file, &t->mean_image, t->mean_shape));
}

static enum crema_status read_means(struct crema_ctx *ctx,
                                    const struct crema_transform_options *o,
                                    struct crema_transform *t)
{
    const Crema__TransformationParameter *p = o->param;
    bool file = p->mean_file && *p->mean_file;

    if (file && p->n_mean_value)
        return crema_transform_wrong(
            ctx, o, &p->mean_file, p,
            "give either mean_file or mean_value, not both");
    if (file) return read_mean_file(ctx, o, t);
    if (!p->n_mean_value) return CREMA_OK;
    t->means = malloc(p->n_mean_value * sizeof *t->means);
    if (!t->means) return crema_no_memory(ctx, "mean_value");
    memcpy(t->means, p->mean_value, p->n_mean_value * sizeof *t->means);
    t->nmeans = p->n_mean_value;
    return CREMA_OK;
}

/* What an expanded picture's surroundings are: the mean of each channel. */
static void choose_fill(struct crema_transform *t)
{
    size_t area = (size_t)t->mean_shape[1] * (size_t)t->mean_shape[2];

    for (int c = 0; c < CREMA_FILL_VALUES; c++) {
        double mean = 0;

        if (t->nmeans) mean = (double)t->means[(size_t)c < t->nmeans ? c : 0];
        for (size_t i = 0; t->mean_image && c < t->mean_shape[0] && i < area;
             i++)
            mean += (double)t->mean_image[(size_t)c * area + i] / (double)area;
        t->augment.fill[c] = (uint8_t)rint(fmin(fmax(mean, 0), 255));
    }
}

/* lighting_file: a row for each principal component of the colours, times its
 * standard deviation. */
static enum crema_status read_lighting(struct crema_ctx *ctx,
                                       const struct crema_transform_options *o,
                                       struct crema_transform *t)
{
    const Crema__TransformationParameter *p = o->param;
    int shape[3];

    if (!(p->lighting_std >= 0 && p->lighting_std <= 100))
        return crema_transform_wrong(ctx, o, &p->lighting_std, p,
                                     "lighting_std must be 0 to 100, got %g",
                                     (double)p->lighting_std);
    if (!p->lighting_file || !*p->lighting_file) {
        if (!p->has_lighting_std) return CREMA_OK;
        return crema_transform_wrong(ctx, o, &p->lighting_std, p,
                                     "lighting_std wants a lighting_file, "
                                     "which compute_image_mean --pca writes");
    }
    if (o->dry || !t->train) return CREMA_OK;
    CREMA_TRY(
        blame(ctx, o, &p->lighting_file,
              crema_mean_read(ctx, p->lighting_file, &t->lighting, shape)));
    if (shape[0] != 1 || shape[1] != shape[2] || shape[1] > CREMA_FILL_VALUES)
        return crema_transform_wrong(
            ctx, o, &p->lighting_file, p,
            "%s is %d x %d x %d, not the 1 x C x C that compute_image_mean "
            "--pca writes for pictures of C channels, at most %d",
            p->lighting_file, shape[0], shape[1], shape[2], CREMA_FILL_VALUES);
    t->lights = shape[1];
    t->lighting_std = p->lighting_std;
    return CREMA_OK;
}

static enum crema_status read_param(struct crema_ctx *ctx,
                                    const struct crema_transform_options *o,
                                    struct crema_transform *t)
{
    static const char caffes[] =
        "scale mirror crop_size mean_file mean_value force_color force_gray";
    static const char all[] =
        "scale mirror crop_size mean_file mean_value force_color force_gray "
        "crop_h crop_w center_crop resize_param random_resize_param "
        "random_aspect_ratio_param distort_param expand_param noise_param "
        "rotate max_rotation_angle erase_ratio scale_min scale_max aspect_min "
        "aspect_max lighting_file lighting_std";
    const Crema__TransformationParameter *p = o->param;

    t->scale = p->scale;
    t->mirror = p->mirror;
    t->centred = p->center_crop;
    if (p->force_color && p->force_gray)
        return crema_transform_wrong(
            ctx, o, &p->force_gray, p,
            "give either force_color or force_gray, not both");
    CREMA_TRY(crema_transform_known(ctx, o, &p->base, o->plain ? caffes : all));
    CREMA_TRY(read_crop(ctx, o, t));
    CREMA_TRY(crema_transform_read_augment(ctx, o, t));
    CREMA_TRY(read_lighting(ctx, o, t));
    CREMA_TRY(read_means(ctx, o, t));
    choose_fill(t);
    return CREMA_OK;
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
    t->unscaled = o->unscaled;
    t->oversample = o->oversample;
    if (o->param) status = read_param(ctx, o, t);
    if (status == CREMA_OK && t->oversample && !t->crop_height)
        status = crema_transform_wrong(
            ctx, o, o->param, o->param,
            "corners of pictures are wanted, but no crop is given: say "
            "crop_size in transform_param");
    if (status != CREMA_OK) {
        crema_transform_free(t);
        return status;
    }
    *out = t;
    return CREMA_OK;
}

enum crema_status
crema_transform_check(struct crema_ctx *ctx,
                      const struct crema_transform_options *options)
{
    struct crema_transform_options o = *options;
    struct crema_transform *t;

    o.dry = true;
    CREMA_TRY(crema_transform_new(ctx, &o, &t));
    crema_transform_free(t);
    return CREMA_OK;
}

enum crema_image_mode
crema_transform_mode(const Crema__TransformationParameter *p)
{
    if (p && p->force_color) return CREMA_IMAGE_COLOR;
    if (p && p->force_gray) return CREMA_IMAGE_GRAY;
    return CREMA_IMAGE_UNCHANGED;
}
