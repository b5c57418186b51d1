/* argmax.c - the index, or the value, of the top_k largest: of each image, or
 * along `axis`.  Of equals the higher index comes first.  No gradient flows
 * back. */
#include "layers/layer.h"

#include <math.h>
#include <stdlib.h>

CREMA_LAYER_PARAM(Crema__ArgMaxParameter, CREMA__ARG_MAX_PARAMETER__INIT,
                  argmax_param)

struct entry {
    float value;
    int64_t index;
};

/* What is not a number is smaller than what is. */
static float rank(float value)
{
    return isnan(value) ? -INFINITY : value;
}

static int larger_first(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    float p = rank(x->value), q = rank(y->value);

    if (p != q) return p < q ? 1 : -1;
    return x->index < y->index ? 1 : -1;
}

/* [outer][what is chosen from][inner] */
static struct crema_sides sides_of(const struct crema_layer *l,
                                   const struct crema_shape *x)
{
    const Crema__ArgMaxParameter *p = param(l);

    if (!p->has_axis)
        return (struct crema_sides){ x->dim[0],
                                     crema_shape_product(x, 1, x->ndims), 1 };
    return crema_sides(x, p->axis < 0 ? p->axis + x->ndims : p->axis);
}

/* Without axis and with out_max_val both are put out, the indices first. */
static void put(const struct crema_layer *l, const struct crema_sides *s,
                const struct entry *sorted, int64_t column, float *y)
{
    const Crema__ArgMaxParameter *p = param(l);
    int64_t k = (int64_t)p->top_k, o = column / s->inner, i = column % s->inner;

    for (int64_t j = 0; j < k; j++) {
        float index = (float)sorted[j].index, value = sorted[j].value;

        if (p->has_axis)
            y[(o * k + j) * s->inner + i] = p->out_max_val ? value : index;
        else if (p->out_max_val) {
            y[2 * o * k + j] = index;
            y[(2 * o + 1) * k + j] = value;
        } else
            y[o * k + j] = index;
    }
}

static enum crema_status forward(void *state, struct crema_ctx *ctx, int nx,
                                 const struct crema_host_tensor *x, int ny,
                                 const struct crema_host_tensor *y)
{
    const struct crema_layer *l = state;
    struct crema_sides s = sides_of(l, &x[0].shape);
    struct entry *list = malloc(sizeof *list * (size_t)(s.length + 1));

    (void)nx, (void)ny;
    if (!list) return crema_no_memory(ctx, l->param->name);
    for (int64_t c = 0; c < s.outer * s.inner; c++) {
        const float *from =
            x[0].data + c / s.inner * s.length * s.inner + c % s.inner;

        for (int64_t k = 0; k < s.length; k++)
            list[k] = (struct entry){ from[k * s.inner], k };
        qsort(list, (size_t)s.length, sizeof *list, larger_first);
        put(l, &s, list, c, y[0].diff);
    }
    free(list);
    return CREMA_OK;
}

static enum crema_status setup(struct crema_layer *l)
{
    if (param(l)->top_k > 0) return CREMA_OK;
    return crema_layer_fail(l, &param(l)->top_k, "top_k must be positive");
}

static enum crema_status record(struct crema_layer *l)
{
    const Crema__ArgMaxParameter *p = param(l);
    const struct crema_host_op host = { .forward = forward, .state = l };
    const struct crema_shape *x = &l->bottom[0]->shape;
    struct crema_shape y = *x;
    struct crema_sides s;
    int axis;

    if (p->has_axis) {
        CREMA_TRY(crema_layer_axis(l, &p->axis, p->axis, x->ndims, &axis));
        y.dim[axis] = (int64_t)p->top_k;
    } else if (x->ndims > 0) {
        /* As many axes as before, three at least. */
        y.ndims = x->ndims > 3 ? x->ndims : 3;
        for (int k = 1; k < y.ndims; k++) y.dim[k] = 1;
        y.dim[1] = p->out_max_val ? 2 : 1;
        y.dim[2] = (int64_t)p->top_k;
    } else {
        return crema_layer_fail(l, NULL, "a single number has no largest");
    }
    s = sides_of(l, x);
    if ((int64_t)p->top_k > s.length)
        return crema_layer_fail(l, &p->top_k, "top_k %u of %lld elements",
                                p->top_k, (long long)s.length);
    crema_host(l->program, &host, 1, l->bottom, 1, &y, l->top);
    return CREMA_OK;
}

static const struct crema_param_doc argmax_param = {
    .message = "argmax_param",
    .fields =
        (const struct crema_field_doc[]){
            { "out_max_val",
              "values: besides indices, or with axis instead of them" },
            { "top_k", "how many" },
            { "axis", "along which; when not given, over all of each image" },
            { 0 },
        },
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_MEASURE,
    .line = "which elements are largest",
    .text = "The top_k largest, falling: of each image, or along axis. Of "
            "equals the higher index comes first. No gradient flows back.\n\n"
            "Without axis y is N x 1 x top_k: indices within the image; with "
            "out_max_val N x 2 x top_k: indices, then values. With axis y has "
            "length top_k there: indices, or with out_max_val values.",
    .bottoms = { { "x", "of any shape" } },
    .tops = { { "y", "see above" } },
    .params = { &argmax_param },
    .example = "argmax_param { axis: 1 }",
};

const struct crema_layer_type crema_layer_ArgMax = {
    .name = "ArgMax",
    .min_bottoms = 1,
    .max_bottoms = 1,
    .min_tops = 1,
    .max_tops = 1,
    .setup = setup,
    .record = record,
    .doc = &doc,
};
