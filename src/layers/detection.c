/* detection.c - shapes and parameters of layers that read SSD's predictions. */
#include "layers/detection.h"

static int64_t row_of(const struct crema_tensor *t)
{
    return crema_shape_product(&t->shape, 1, t->shape.ndims);
}

/* Are `count` numbers `each` for every prior? */
static bool fits(const struct crema_detection *d, int64_t count, int64_t each)
{
    return d->priors == 0 ? count == 0
                          : count % d->priors == 0 && count / d->priors == each;
}

enum crema_status crema_detection_measure(const struct crema_layer *l,
                                          struct crema_detection *d)
{
    const struct crema_shape *codes = &l->bottom[0]->shape;
    const struct crema_shape *scores = &l->bottom[1]->shape;
    const struct crema_shape *priors = &l->bottom[2]->shape;
    char text[CREMA_SHAPE_TEXT];

    if (priors->ndims < 3 || priors->dim[1] != 2 ||
        crema_shape_product(priors, 2, priors->ndims) % 4)
        return crema_layer_fail(l, &l->param->bottom[2],
                                "bottom 2 is %s, not priors: 1 x 2 x 4 for "
                                "each",
                                crema_shape_text(priors, text));
    d->priors = crema_shape_product(priors, 2, priors->ndims) / 4;
    if (d->priors > INT32_MAX)
        return crema_layer_fail(l, &l->param->bottom[2], "too many priors");
    if (codes->ndims < 2 || scores->ndims < 2 ||
        codes->dim[0] != scores->dim[0])
        return crema_layer_fail(l, NULL,
                                "bottoms 0 and 1 must have the same number of "
                                "images");
    d->images = codes->dim[0];
    if (!fits(d, row_of(l->bottom[0]), d->places * 4))
        return crema_layer_fail(
            l, &l->param->bottom[0],
            "%lld numbers an image are not 4 for each of %lld priors%s",
            (long long)row_of(l->bottom[0]), (long long)d->priors,
            d->places > 1 ? " and each class" : "");
    if (!fits(d, row_of(l->bottom[1]), d->classes))
        return crema_layer_fail(
            l, &l->param->bottom[1],
            "%lld scores an image are not %lld for each of %lld priors",
            (long long)row_of(l->bottom[1]), (long long)d->classes,
            (long long)d->priors);
    return CREMA_OK;
}

enum crema_status crema_detection_classes(const struct crema_layer *l,
                                          bool given, const uint32_t *field,
                                          bool share_location,
                                          struct crema_detection *d)
{
    if (!given || *field < 1 || *field > INT32_MAX)
        return crema_layer_fail(l, given ? field : NULL,
                                "wants num_classes, at least 1");
    d->classes = *field;
    d->places = share_location ? 1 : d->classes;
    return CREMA_OK;
}

enum crema_status
crema_detection_suppression(const struct crema_layer *l,
                            const Crema__NonMaximumSuppressionParameter *p,
                            struct crema_suppression *out)
{
    *out = (struct crema_suppression){ 0.3f, 1, -1, 0 };
    if (!p) return CREMA_OK;
    if (p->soft_nms)
        return crema_layer_fail(l, &p->soft_nms,
                                "soft_nms, which only some forks of Caffe "
                                "have, is not supported");
    out->threshold = p->nms_threshold;
    out->eta = p->eta;
    if (p->has_top_k) out->top_k = p->top_k;
    if (!(p->nms_threshold >= 0))
        return crema_layer_fail(l, &p->nms_threshold,
                                "nms_threshold must not be negative");
    if (!(p->eta > 0 && p->eta <= 1))
        return crema_layer_fail(l, &p->eta,
                                "eta must be above 0 and at most 1");
    return CREMA_OK;
}

struct crema_box crema_detection_box(const struct crema_detection *d,
                                     const float *codes, const float *priors,
                                     int64_t image, int64_t prior,
                                     int64_t place)
{
    struct crema_box from = crema_box_at(priors, prior);

    return crema_box_decode(
        d->code, &from,
        d->with_variance ? NULL : crema_detection_variance(d, priors, prior),
        crema_detection_code(d, codes, image, prior, place));
}
