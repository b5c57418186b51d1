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
    const Crema__ScaleParameter *p = param(l);

    if (p->num_axes < -1)
        return crema_layer_fail(l, &p->num_axes,
                                "num_axes must be at least -1, got %d",
                                p->num_axes);
    return crema_layer_forks(l, p, 5, "");
}

/* The shape of s, and the axis of X that it begins at. */
static enum crema_status place(const struct crema_layer *l, int *axis,
                               struct crema_shape *s)
{
    const Crema__ScaleParameter *p = param(l);
    const struct crema_shape *x = &l->bottom[0]->shape;

    *axis = 0;
    *s = (struct crema_shape){ 0 };
    if (l->nbottoms > 1) *s = l->bottom[1]->shape;
    if (l->nbottoms > 1 ? s->ndims == 0 : p->num_axes == 0) return CREMA_OK;
    CREMA_TRY(crema_layer_axis(l, &p->axis, p->axis, x->ndims, axis));
    if (l->nbottoms == 1) {
        s->ndims = p->num_axes < 0 ? x->ndims - *axis : p->num_axes;
        if (s->ndims > x->ndims - *axis)
            return crema_layer_fail(l, &p->num_axes,
                                    "%d axes from axis %d on do not exist in a "
                                    "blob of %d axes",
                                    s->ndims, *axis, x->ndims);
        for (int i = 0; i < s->ndims; i++) s->dim[i] = x->dim[*axis + i];
    }
    return CREMA_OK;
}

static enum crema_status record(struct crema_layer *l)
{
    const Crema__ScaleParameter *p = param(l);
    Crema__FillerParameter one = CREMA__FILLER_PARAMETER__INIT;
    struct crema_tensor *s = l->bottom[l->nbottoms - 1], *b = NULL;
    struct crema_shape shape;
    int axis;

    CREMA_TRY(place(l, &axis, &shape));
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
