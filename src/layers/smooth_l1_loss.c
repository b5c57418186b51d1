/* smooth_l1_loss.c - loss = sum of w_out f(w_in (A - B)) / N, of the detection
 * forks; f(d) = (sigma d)^2 / 2 while |d| < 1 / sigma^2, |d| - 1 / (2 sigma^2)
 * beyond.  Bottoms: A, B and perhaps w_in and w_out. */
#include "layers/loss.h"

#include <math.h>

CREMA_LAYER_PARAM(Crema__SmoothL1LossParameter,
                  CREMA__SMOOTH_L1_LOSS_PARAMETER__INIT, smooth_l1_loss_param)

static float weight(const struct crema_host_tensor *x, int nx, int k, int64_t i)
{
    return k < nx ? x[k].data[i] : 1;
}

static enum crema_status forward(void *state, struct crema_ctx *ctx, int nx,
                                 const struct crema_host_tensor *x, int ny,
                                 const struct crema_host_tensor *y)
{
    float sigma2 = param(state)->sigma * param(state)->sigma;
    int64_t count = crema_shape_count(&x[0].shape);
    double sum = 0;

    (void)ctx, (void)ny;
    for (int64_t i = 0; i < count; i++) {
        float d = fabsf(weight(x, nx, 2, i) * (x[0].data[i] - x[1].data[i]));
        float f = d < 1 / sigma2 ? sigma2 * d * d / 2 : d - 0.5f / sigma2;

        sum += (double)(weight(x, nx, 3, i) * f);
    }
    *y[0].diff = (float)(sum / (double)x[0].shape.dim[0]);
    return CREMA_OK;
}

static enum crema_status backward(void *state, struct crema_ctx *ctx, int nx,
                                  const struct crema_host_tensor *x, int ny,
                                  const struct crema_host_tensor *y)
{
    float sigma2 = param(state)->sigma * param(state)->sigma;
    float rate = *y[0].data / (float)x[0].shape.dim[0];
    int64_t count = crema_shape_count(&x[0].shape);

    (void)ctx, (void)ny;
    for (int64_t i = 0; i < count; i++) {
        float in = weight(x, nx, 2, i), out = weight(x, nx, 3, i);
        float d = in * (x[0].data[i] - x[1].data[i]);
        float slope = fabsf(d) < 1 / sigma2 ? sigma2 * d : d > 0 ? 1.0f : -1.0f;
        float dx = rate * out * in * slope;

        if (x[0].diff) x[0].diff[i] = dx;
        if (x[1].diff) x[1].diff[i] = -dx;
    }
    return CREMA_OK;
}

static enum crema_status setup(struct crema_layer *l)
{
    if (param(l)->sigma > 0) return CREMA_OK;
    return crema_layer_fail(l, &param(l)->sigma, "sigma must be positive");
}

static enum crema_status record(struct crema_layer *l)
{
    const struct crema_host_op host = { forward, backward, l };

    for (int k = 1; k < l->nbottoms; k++) CREMA_TRY(crema_loss_same_size(l, k));
    for (int k = 2; k < l->nbottoms; k++)
        l->bottom[k] = crema_detach(l->program, l->bottom[k]);
    crema_loss_record(l, &host);
    return CREMA_OK;
}

static const struct crema_param_doc smooth_l1_loss_param = {
    .message = "smooth_l1_loss_param",
    .fields =
        (const struct crema_field_doc[]){
            { "sigma", "larger: less of the parabola; positive" },
            { 0 },
        },
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_LOSS,
    .line = "squares of small differences, sizes of large ones",
    .text = "  d = w_in (a - b)\n"
            "  f = (sigma d)^2 / 2          where |d| < 1 / sigma^2\n"
            "  f = |d| - 1 / (2 sigma^2)    elsewhere\n"
            "  loss = sum of w_out f / N",
    .bottoms = { { "a", "N x any axes" },
                 { "b", "of the same number of elements" },
                 { "w_in", "optional, likewise; 1 when not given" },
                 { "w_out", "optional, likewise" } },
    .tops = { { "loss", "a single number" } },
    .params = { &smooth_l1_loss_param },
    .quirks = "From the detection forks. w_in and w_out get no gradient.",
};

const struct crema_layer_type crema_layer_SmoothL1Loss = {
    .name = "SmoothL1Loss",
    .min_bottoms = 2,
    .max_bottoms = 4,
    .min_tops = 1,
    .max_tops = 1,
    .loss = true,
    .setup = setup,
    .record = record,
    .doc = &doc,
};
