/* scale.c - Y = X s + b along `axis`.
 *
 * s is a weight over num_axes axes, or the second bottom; b, with bias_term, is
 * a weight of the same shape.
 */
#include "layers/layer.h"

CREMA_LAYER_PARAM(Crema__ScaleParameter, CREMA__SCALE_PARAMETER__INIT,
                  scale_param)

static enum crema_status setup(struct crema_layer *l)
{
    return crema_layer_forks(l, param(l), 5, "");
}

static enum crema_status record(struct crema_layer *l)
{
    const Crema__ScaleParameter *p = param(l);
    Crema__FillerParameter one = CREMA__FILLER_PARAMETER__INIT;
    struct crema_tensor *s = l->bottom[l->nbottoms - 1], *b = NULL;
    struct crema_shape shape;
    int axis;

    CREMA_TRY(crema_layer_span(l, &p->axis, &p->num_axes, &axis, &shape));
    one.value = 1;
    if (l->nbottoms == 1)
        s = crema_layer_weight(l, 0, &shape, p->filler ? p->filler : &one);
    if (p->bias_term)
        b = crema_layer_weight(l, l->nbottoms == 1 ? 1 : 0, &shape,
                               p->bias_filler);
    l->top[0] = crema_scale(l->program, axis, l->bottom[0], s, b);
    return CREMA_OK;
}

const struct crema_layer_type crema_layer_Scale = {
    .name = "Scale",
    .min_bottoms = 1,
    .max_bottoms = 2,
    .min_tops = 1,
    .max_tops = 1,
    .setup = setup,
    .record = record,
};
