/* augment_param.c - reads and checks what transform_param says of pictures. */
#include "data/transform_param.h"

#include <string.h>

typedef Crema__TransformationParameter transform_param;

struct reader {
    struct crema_ctx *ctx;
    const struct crema_transform_options *o;
    struct crema_transform *t;
};

#define WRONG(r, field, message, ...)                                          \
    crema_transform_wrong((r)->ctx, (r)->o, field, message, __VA_ARGS__)

/* A field of `message` that is to be within from .. to. */
static enum crema_status within(const struct reader *r, const char *name,
                                const float *field, const void *message,
                                float from, float to)
{
    if (*field >= from && *field <= to) return CREMA_OK;
    return WRONG(r, field, message, "%s must be %g to %g, got %g", name,
                 (double)from, (double)to, (double)*field);
}

/* Both are, and in order. */
static enum crema_status range(const struct reader *r, const char *names,
                               const float *lower, const float *upper,
                               const void *message, float from, float to)
{
    CREMA_TRY(within(r, names, lower, message, from, to));
    CREMA_TRY(within(r, names, upper, message, from, to));
    if (*lower <= *upper) return CREMA_OK;
    return WRONG(r, lower, message, "%s: %g is above %g", names, (double)*lower,
                 (double)*upper);
}

/* Numbers that become bytes; as many as channels, or one. */
static enum crema_status read_values(const struct reader *r, const char *name,
                                     const float *values, size_t n,
                                     const void *message, uint8_t *out,
                                     int *count)
{
    if (n > CREMA_FILL_VALUES)
        return WRONG(r, &values[n - 1], message, "%zu %s: at most %d are used",
                     n, name, CREMA_FILL_VALUES);
    for (size_t i = 0; i < n; i++) {
        CREMA_TRY(within(r, name, &values[i], message, 0, 255));
        out[i] = (uint8_t)(values[i] + 0.5f);
    }
    *count = (int)n;
    return CREMA_OK;
}

/* needs_size: height and width must be said, or a crop's serve. */
static enum crema_status read_resize(const struct reader *r,
                                     const Crema__ResizeParameter *p,
                                     bool needs_size,
                                     struct crema_resize_rule *out)
{
    out->prob = p->prob;
    out->mode = p->resize_mode;
    out->pad_mode = p->pad_mode;
    if (p->height > CREMA_IMAGE_MAX_SIDE || p->width > CREMA_IMAGE_MAX_SIDE)
        return WRONG(
            r, p->height > CREMA_IMAGE_MAX_SIDE ? &p->height : &p->width, p,
            "resize_param: %u x %u is too large", p->height, p->width);
    out->height = (int)p->height;
    out->width = (int)p->width;
    if (!needs_size && !p->height && !p->width) {
        out->height = r->t->crop_height;
        out->width = r->t->crop_width;
    } else if (!p->height || !p->width)
        return WRONG(r, p->height ? &p->width : &p->height, p,
                     "resize_param: give height and width, both positive");
    CREMA_TRY(within(r, "prob", &p->prob, p, 0, 1));
    if (p->n_interp_mode > CREMA_RESIZE_INTERPS)
        return WRONG(r, &p->interp_mode[CREMA_RESIZE_INTERPS], p,
                     "at most %d interp_mode are possible",
                     CREMA_RESIZE_INTERPS);
    out->ninterps = (int)p->n_interp_mode;
    for (size_t i = 0; i < p->n_interp_mode; i++)
        out->interp[i] = p->interp_mode[i];
    CREMA_TRY(crema_transform_known(
        r->ctx, r->o, &p->base,
        "pad_value interp_mode prob resize_mode height width pad_mode "
        "height_scale width_scale"));
    return read_values(r, "pad_value", p->pad_value, p->n_pad_value, p,
                       out->pad, &out->npads);
}

static enum crema_status read_short_side(const struct reader *r,
                                         struct crema_augment *a)
{
    const Crema__RandomResizeParameter *p = r->o->param->random_resize_param;

    if (!p) return CREMA_OK;
    if (!p->min_size || p->max_size < p->min_size ||
        p->max_size > CREMA_IMAGE_MAX_SIDE)
        return WRONG(r, &p->min_size, p,
                     "random_resize_param: no range of sizes: min_size %u, "
                     "max_size %u",
                     p->min_size, p->max_size);
    a->short_rule.prob = 1;
    if (p->resize_param)
        CREMA_TRY(read_resize(r, p->resize_param, false, &a->short_rule));
    a->short_min = (int)p->min_size;
    a->short_max = (int)p->max_size;
    return CREMA_OK;
}

static enum crema_status read_area(const struct reader *r,
                                   struct crema_augment *a)
{
    const Crema__RandomAspectRatioParameter *p =
        r->o->param->random_aspect_ratio_param;
    struct crema_resize_rule *rule = &a->area_rule;

    if (!p) return CREMA_OK;
    CREMA_TRY(range(r, "min_area_ratio and max_area_ratio", &p->min_area_ratio,
                    &p->max_area_ratio, p, 1e-4f, 1));
    CREMA_TRY(within(r, "aspect_ratio_change", &p->aspect_ratio_change, p,
                     0.01f, 100));
    if (p->max_attempt > 1000)
        return WRONG(r, &p->max_attempt, p, "max_attempt %u is above 1000",
                     p->max_attempt);
    rule->prob = 1;
    rule->mode = CREMA__RESIZE_PARAMETER__RESIZE_MODE__WARP;
    rule->height = r->t->crop_height;
    rule->width = r->t->crop_width;
    if (p->resize_param)
        CREMA_TRY(read_resize(r, p->resize_param, false, rule));
    if (!rule->height)
        return WRONG(r, p, r->o->param,
                     "random_aspect_ratio_param wants a size: height and width "
                     "in its resize_param, or a crop_size");
    a->area_min = p->min_area_ratio;
    a->area_max = p->max_area_ratio;
    a->aspect = p->aspect_ratio_change < 1 ? 1 / p->aspect_ratio_change
                                           : p->aspect_ratio_change;
    a->attempts = (int)p->max_attempt;
    return CREMA_OK;
}

static enum crema_status read_distort(const struct reader *r,
                                      struct crema_distort_rule *out)
{
    const Crema__DistortionParameter *p = r->o->param->distort_param;

    if (!p) return CREMA_OK;
    CREMA_TRY(within(r, "brightness_prob", &p->brightness_prob, p, 0, 1));
    CREMA_TRY(within(r, "brightness_delta", &p->brightness_delta, p, 0, 255));
    CREMA_TRY(within(r, "contrast_prob", &p->contrast_prob, p, 0, 1));
    CREMA_TRY(range(r, "contrast_lower and contrast_upper", &p->contrast_lower,
                    &p->contrast_upper, p, 0, 255));
    CREMA_TRY(within(r, "saturation_prob", &p->saturation_prob, p, 0, 1));
    CREMA_TRY(range(r, "saturation_lower and saturation_upper",
                    &p->saturation_lower, &p->saturation_upper, p, 0, 255));
    CREMA_TRY(within(r, "hue_prob", &p->hue_prob, p, 0, 1));
    CREMA_TRY(within(r, "hue_delta", &p->hue_delta, p, 0, 180));
    CREMA_TRY(within(r, "random_order_prob", &p->random_order_prob, p, 0, 1));
    *out = (struct crema_distort_rule){
        p->brightness_prob,  p->brightness_delta,  p->contrast_prob,
        p->contrast_lower,   p->contrast_upper,    p->saturation_prob,
        p->saturation_lower, p->saturation_upper,  p->hue_prob,
        p->hue_delta,        p->random_order_prob,
    };
    return crema_transform_known(
        r->ctx, r->o, &p->base,
        "brightness_prob brightness_delta contrast_prob contrast_lower "
        "contrast_upper saturation_prob saturation_lower saturation_upper "
        "hue_prob hue_delta random_order_prob");
}

static enum crema_status read_noise(const struct reader *r,
                                    struct crema_noise_rule *out)
{
    const Crema__NoiseParameter *p = r->o->param->noise_param;
    const Crema__SaltPepperParameter *s = p ? p->saltpepper_param : NULL;

    if (!p) return CREMA_OK;
    CREMA_TRY(within(r, "prob", &p->prob, p, 0, 1));
    out->prob = p->has_prob ? p->prob : 1;
    out->decolorize = p->decolorize;
    out->posterize = p->posterize;
    out->inverse = p->inverse;
    if (s) {
        CREMA_TRY(within(r, "fraction", &s->fraction, s, 0, 1));
        CREMA_TRY(read_values(r, "value", s->value, s->n_value, s, out->value,
                              &out->nvalues));
    }
    if (p->saltpepper && s) out->pepper = s->fraction;
    return crema_transform_known(r->ctx, r->o, &p->base,
                                 "prob decolorize posterize inverse saltpepper "
                                 "saltpepper_param");
}

static enum crema_status read_erase(const struct reader *r,
                                    struct crema_erase_rule *out)
{
    const transform_param *p = r->o->param;

    CREMA_TRY(within(r, "erase_ratio", &p->erase_ratio, p, 0, 1));
    if (!(p->erase_ratio > 0)) {
        if (p->has_scale_min || p->has_scale_max || p->has_aspect_min ||
            p->has_aspect_max)
            return WRONG(r,
                         p->has_scale_min    ? &p->scale_min
                         : p->has_scale_max  ? &p->scale_max
                         : p->has_aspect_min ? &p->aspect_min
                                             : &p->aspect_max,
                         p,
                         "transform_param: scale_min to aspect_max say what is "
                         "erased: give erase_ratio, too");
        return CREMA_OK;
    }
    CREMA_TRY(range(r, "scale_min and scale_max", &p->scale_min, &p->scale_max,
                    p, 0, 1));
    CREMA_TRY(range(r, "aspect_min and aspect_max", &p->aspect_min,
                    &p->aspect_max, p, 0, 100));
    *out =
        (struct crema_erase_rule){ p->erase_ratio, p->scale_min, p->scale_max,
                                   p->aspect_min, p->aspect_max };
    return CREMA_OK;
}

static enum crema_status read_expand(const struct reader *r,
                                     struct crema_augment *a)
{
    const Crema__ExpansionParameter *p = r->o->param->expand_param;

    if (!p) return CREMA_OK;
    CREMA_TRY(within(r, "prob", &p->prob, p, 0, 1));
    CREMA_TRY(within(r, "max_expand_ratio", &p->max_expand_ratio, p, 1, 100));
    a->expand_prob = p->max_expand_ratio > 1 ? p->prob : 0;
    a->expand_most = p->max_expand_ratio;
    return CREMA_OK;
}

/* Is there anything to do for a picture? */
static bool any(const struct crema_augment *a)
{
    const struct crema_noise_rule *n = &a->noise;
    const struct crema_distort_rule *d = &a->distort;

    if (a->resize.height || a->area_max > 0 || a->short_max) return true;
    if (n->decolorize || n->posterize || n->inverse)
        if (a->train || n->prob >= 1) return true;
    return a->train &&
           (d->brightness_prob > 0 || d->contrast_prob > 0 ||
            d->saturation_prob > 0 || d->hue_prob > 0 || d->order_prob > 0 ||
            a->expand_prob > 0 || a->quarters || a->degrees > 0 ||
            n->pepper > 0 || a->erase.prob > 0);
}

enum crema_status
crema_transform_read_augment(struct crema_ctx *ctx,
                             const struct crema_transform_options *o,
                             struct crema_transform *t)
{
    const struct reader r = { ctx, o, t };
    const transform_param *p = o->param;
    struct crema_augment *a = &t->augment;

    a->train = t->train;
    a->seed = t->seed;
    if (p->resize_param)
        CREMA_TRY(read_resize(&r, p->resize_param, true, &a->resize));
    CREMA_TRY(read_short_side(&r, a));
    CREMA_TRY(read_area(&r, a));
    CREMA_TRY(read_distort(&r, &a->distort));
    CREMA_TRY(read_expand(&r, a));
    CREMA_TRY(read_noise(&r, &a->noise));
    CREMA_TRY(read_erase(&r, &a->erase));
    if (p->max_rotation_angle > 180)
        return WRONG(&r, &p->max_rotation_angle, p,
                     "max_rotation_angle %u is above 180 degrees",
                     p->max_rotation_angle);
    a->degrees = (float)p->max_rotation_angle;
    a->quarters = p->rotate;
    a->any = any(a);
    return CREMA_OK;
}
