/* my_layers.c - two layers that crema does not have, as a plugin.
 *
 *   Mish    an activation, by C of its own: forward and gradient
 *   ReZero  a residual branch with a learned gain, put together from crema's
 *           ops: no gradient is written, and it runs on GPUs as it is
 */
#include "layers/plugin.h"

#include <math.h>

/* ---- Mish: y = x tanh(softplus(beta x)), softplus(v) = log(1 + e^v) ---------
 */

struct mish {
    float beta;
};

/* log(1 + e^v), without overflow. */
static float softplus(float v)
{
    return fmaxf(v, 0) + log1pf(expf(-fabsf(v)));
}

static enum crema_status mish_forward(void *state, struct crema_ctx *ctx,
                                      int nx, const struct crema_host_tensor *x,
                                      int ny, const struct crema_host_tensor *y)
{
    const struct mish *m = state;
    int64_t count = crema_shape_count(&x[0].shape);

    (void)ctx, (void)nx, (void)ny;
    for (int64_t i = 0; i < count; i++)
        y[0].diff[i] = x[0].data[i] * tanhf(softplus(m->beta * x[0].data[i]));
    return CREMA_OK;
}

/* dy/dx = t + x beta (1 - t^2) sigmoid(beta x),  t = tanh(softplus(beta x)) */
static enum crema_status mish_backward(void *state, struct crema_ctx *ctx,
                                       int nx,
                                       const struct crema_host_tensor *x,
                                       int ny,
                                       const struct crema_host_tensor *y)
{
    const struct mish *m = state;
    int64_t count = crema_shape_count(&x[0].shape);

    (void)ctx, (void)nx, (void)ny;
    if (!x[0].diff || !y[0].data) return CREMA_OK;
    for (int64_t i = 0; i < count; i++) {
        float v = x[0].data[i], t = tanhf(softplus(m->beta * v));
        float sigmoid = 1 / (1 + expf(-m->beta * v));

        x[0].diff[i] = y[0].data[i] * (t + v * m->beta * (1 - t * t) * sigmoid);
    }
    return CREMA_OK;
}

static enum crema_status mish_setup(struct crema_layer *l)
{
    struct mish *m = l->state;
    double beta;

    CREMA_TRY(crema_layer_number(l, "beta", 1, 0, 100, &beta));
    m->beta = (float)beta;
    return CREMA_OK;
}

static enum crema_status mish_record(struct crema_layer *l)
{
    const struct crema_host_op host = { mish_forward, mish_backward, l->state };

    crema_host(l->program, &host, 1, l->bottom, 1,
               crema_tensor_shape(l->bottom[0]), l->top);
    return CREMA_OK;
}

static const struct crema_param_doc mish_param = {
    .message = "plugin_param",
    .fields =
        (const struct crema_field_doc[]){
            { "beta", "a number, 0 to 100; 1 when not given: how steep" },
            { 0 },
        },
};

static const struct crema_layer_doc mish_doc = {
    .kind = CREMA_LAYER_ACTIVATION,
    .line = "a smooth ReLU that dips below 0",
    .text = "  y = x tanh(log(1 + e^(beta x)))",
    .bottoms = { { "x", "of any shape" } },
    .tops = { { "y", "of the same shape" } },
    .params = { &mish_param },
    .quirks = "On a GPU it runs on the processor, through copies.",
    .example = "plugin_param { name: \"beta\" number: 1 }",
};

static const struct crema_layer_type mish = {
    .name = "Mish",
    .min_bottoms = 1,
    .max_bottoms = 1,
    .min_tops = 1,
    .max_tops = 1,
    .state_size = sizeof(struct mish),
    .doc = &mish_doc,
    .setup = mish_setup,
    .record = mish_record,
};

/* ---- ReZero: y = x + g f, g a learned number --------------------------------
 */

static enum crema_status rezero_record(struct crema_layer *l)
{
    static const struct crema_shape one = { 0 };
    struct crema_tensor *pair[2] = { l->bottom[0], NULL };
    struct crema_tensor *g = crema_layer_filled(l, 0, &one, "gain", 0);

    pair[1] = crema_scale(l->program, 0, l->bottom[1], g, NULL);
    l->top[0] = crema_sum(l->program, 2, pair, NULL);
    return CREMA_OK;
}

static const struct crema_param_doc rezero_param = {
    .message = "plugin_param",
    .fields =
        (const struct crema_field_doc[]){
            { "gain", "a filler: what g begins with; 0 when not given" },
            { 0 },
        },
};

static const struct crema_layer_doc rezero_doc = {
    .kind = CREMA_LAYER_ARITHMETIC,
    .line = "a residual branch with a learned gain",
    .text = "  y = x + g f\n\n"
            "The weight g is a single number. While it is 0, the branch is not "
            "there; training turns it up.",
    .bottoms = { { "x", "of any shape" }, { "f", "of the same shape" } },
    .tops = { { "y", "of the same shape" } },
    .params = { &rezero_param },
};

static const struct crema_layer_type rezero = {
    .name = "ReZero",
    .min_bottoms = 2,
    .max_bottoms = 2,
    .min_tops = 1,
    .max_tops = 1,
    .doc = &rezero_doc,
    .record = rezero_record,
};

/* ---- what crema asks for
 * ----------------------------------------------------- */

const struct crema_plugin *crema_plugin(void)
{
    static const struct crema_layer_type *const layers[] = { &mish, &rezero,
                                                             NULL };
    static const struct crema_plugin plugin = { CREMA_PLUGIN, layers };

    return &plugin;
}
