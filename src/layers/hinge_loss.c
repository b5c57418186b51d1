/* hinge_loss.c - loss = sum of m or m^2 over N, where m = max(0, 1 - s X) and s
 * is 1 for the labelled class, -1 for the others. */
#include "layers/loss.h"

CREMA_LAYER_PARAM(Crema__HingeLossParameter, CREMA__HINGE_LOSS_PARAMETER__INIT,
                  hinge_loss_param)

static bool is_l2(const struct crema_layer *l)
{
    return param(l)->norm == CREMA__HINGE_LOSS_PARAMETER__NORM__L2;
}

/* The margin of score x, and the sign it has in it. */
static float margin(float x, bool labelled, float *sign)
{
    float m;

    *sign = labelled ? -1 : 1;
    m = 1 + *sign * x;
    return m > 0 ? m : 0;
}

static enum crema_status forward(void *state, struct crema_ctx *ctx, int nx,
                                 const struct crema_host_tensor *x, int ny,
                                 const struct crema_host_tensor *y)
{
    const struct crema_layer *l = state;
    int64_t n = x[0].shape.dim[0], class;
    int64_t classes = crema_shape_product(&x[0].shape, 1, x[0].shape.ndims);
    double sum = 0;
    float sign;

    (void)ctx, (void)nx, (void)ny;
    for (int64_t i = 0; i < n; i++) {
        CREMA_TRY(crema_loss_label(l, NULL, x[1].data, i, classes, &class));
        for (int64_t c = 0; c < classes; c++) {
            double m =
                (double)margin(x[0].data[i * classes + c], c == class, &sign);

            sum += is_l2(l) ? m * m : m;
        }
    }
    *y[0].diff = (float)(sum / (double)n);
    return CREMA_OK;
}

static enum crema_status backward(void *state, struct crema_ctx *ctx, int nx,
                                  const struct crema_host_tensor *x, int ny,
                                  const struct crema_host_tensor *y)
{
    const struct crema_layer *l = state;
    int64_t n = x[0].shape.dim[0], class;
    int64_t classes = crema_shape_product(&x[0].shape, 1, x[0].shape.ndims);
    float rate = *y[0].data / (float)n, sign;

    (void)ctx, (void)nx, (void)ny;
    for (int64_t i = 0; i < n && x[0].diff; i++) {
        CREMA_TRY(crema_loss_label(l, NULL, x[1].data, i, classes, &class));
        for (int64_t c = 0; c < classes; c++) {
            int64_t k = i * classes + c;
            float m = margin(x[0].data[k], c == class, &sign);

            x[0].diff[k] = rate * sign * (is_l2(l) ? 2 * m : m > 0 ? 1.0f : 0);
        }
    }
    return CREMA_OK;
}

static enum crema_status record(struct crema_layer *l)
{
    const struct crema_host_op host = { forward, backward, l };

    return crema_loss_record_labelled(l, &host);
}

static const struct crema_param_doc hinge_loss_param = {
    .message = "hinge_loss_param",
    .fields =
        (const struct crema_field_doc[]){
            { "norm", "L1 or L2" },
            { 0 },
        },
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_LOSS,
    .line = "one-versus-all hinge: margins of 1",
    .text = "  m = max(0, 1 - s x),  s = 1 for the labelled class, -1 for the "
            "others\n"
            "  loss = sum of m, or with norm L2 of m^2, over N",
    .bottoms = { { "x", "N x classes" },
                 { "label",
                   "a whole number, 0 to classes - 1, for each image" } },
    .tops = { { "loss", "a single number" } },
    .params = { &hinge_loss_param },
    .example = "hinge_loss_param { norm: L2 }",
};

const struct crema_layer_type crema_layer_HingeLoss = {
    .name = "HingeLoss",
    .min_bottoms = 2,
    .max_bottoms = 2,
    .min_tops = 1,
    .max_tops = 1,
    .loss = true,
    .record = record,
    .doc = &doc,
};
