/* filter.c - of each bottom the images that the last bottom, the selector, has
 * not 0 for.
 *
 * How many these are only the data tell: when there are others than recorded,
 * the net is recorded again and runs once more (crema_layer_resize).
 */
#include "layers/layer.h"

#include <string.h>

struct state {
    bool known;
    int64_t batch, selected; /* selected: of the last pass */
};

static int64_t count(const struct crema_host_tensor *selector)
{
    int64_t n = 0;

    for (int64_t i = 0; i < selector->shape.dim[0]; i++)
        n += selector->data[i] != 0;
    return n;
}

static int64_t row_of(const struct crema_host_tensor *x)
{
    return crema_shape_product(&x->shape, 1, x->shape.ndims);
}

static enum crema_status forward(void *user, struct crema_ctx *ctx, int nx,
                                 const struct crema_host_tensor *x, int ny,
                                 const struct crema_host_tensor *y)
{
    const struct crema_layer *l = user;
    struct state *s = l->state;
    int64_t selected = count(&x[nx - 1]);

    (void)ctx;
    if (selected != s->selected) {
        s->selected = selected;
        return crema_layer_resize(l);
    }
    for (int k = 0; k < ny; k++) {
        int64_t row = row_of(&x[k]), to = 0;

        for (int64_t i = 0; i < s->batch; i++)
            if (x[nx - 1].data[i] != 0)
                memcpy(y[k].diff + to++ * row, x[k].data + i * row,
                       sizeof(float) * (size_t)row);
    }
    return CREMA_OK;
}

static enum crema_status backward(void *user, struct crema_ctx *ctx, int nx,
                                  const struct crema_host_tensor *x, int ny,
                                  const struct crema_host_tensor *y)
{
    const struct crema_layer *l = user;
    const struct state *s = l->state;

    (void)ctx;
    for (int k = 0; k < ny; k++) {
        int64_t row = row_of(&x[k]), from = 0;

        if (!x[k].diff) continue;
        memset(x[k].diff, 0, sizeof(float) * (size_t)(s->batch * row));
        for (int64_t i = 0; i < s->batch && y[k].data; i++)
            if (x[nx - 1].data[i] != 0)
                memcpy(x[k].diff + i * row, y[k].data + from++ * row,
                       sizeof(float) * (size_t)row);
    }
    return CREMA_OK;
}

static enum crema_status setup(struct crema_layer *l)
{
    if (l->ntops == l->nbottoms - 1) return CREMA_OK;
    return crema_layer_fail(l, NULL,
                            "%d tops; there must be one for each bottom but "
                            "the last, the selector: %d",
                            l->ntops, l->nbottoms - 1);
}

static enum crema_status record(struct crema_layer *l)
{
    const struct crema_host_op host = { forward, backward, l };
    const struct crema_shape *selector = &l->bottom[l->nbottoms - 1]->shape;
    struct crema_shape shapes[CREMA_MAX_PORTS];
    struct state *s = l->state;

    if (selector->ndims < 1 || crema_shape_count(selector) != selector->dim[0])
        return crema_layer_fail(l, NULL,
                                "the selector must have one number for each "
                                "image");
    if (!s->known || s->batch != selector->dim[0])
        s->selected = selector->dim[0];
    s->known = true;
    s->batch = selector->dim[0];
    for (int k = 0; k < l->ntops; k++) {
        shapes[k] = l->bottom[k]->shape;
        if (shapes[k].ndims < 1 || shapes[k].dim[0] != s->batch)
            return crema_layer_fail(l, &l->param->bottom[k],
                                    "bottom %d does not have the %lld images "
                                    "of the selector",
                                    k, (long long)s->batch);
        shapes[k].dim[0] = s->selected;
    }
    l->bottom[l->nbottoms - 1] =
        crema_detach(l->program, l->bottom[l->nbottoms - 1]);
    crema_host(l->program, &host, l->nbottoms, l->bottom, l->ntops, shapes,
               l->top);
    return CREMA_OK;
}

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_SHAPE,
    .line = "only those images that a selector names",
    .text = "Of each bottom but the last, the images for which the last, the "
            "selector, is not 0, in their order. The selector has one number "
            "for each image.",
    .bottoms = { { "x", "N x any axes; more may follow" },
                 { "selector", "N, or N x 1; always the last" } },
    .tops = { { "y", "M x the other axes of x; one for each bottom but the "
                     "selector" } },
    .quirks = "M is known only when the data are: when it changes, the net is "
              "laid out again. There may be none: N is 0 then. No gradient "
              "flows to the selector.",
};

const struct crema_layer_type crema_layer_Filter = {
    .name = "Filter",
    .min_bottoms = 2,
    .max_bottoms = CREMA_MAX_PORTS,
    .min_tops = 1,
    .max_tops = -1,
    .state_size = sizeof(struct state),
    .setup = setup,
    .record = record,
    .doc = &doc,
};
