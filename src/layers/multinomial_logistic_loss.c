/* multinomial_logistic_loss.c - loss = mean of -log P[label], for probabilities
 * that another layer made. */
#include "layers/loss.h"

#include <math.h>

/* Smaller probabilities count as this. */
static const float LEAST = 1e-20f;

static enum crema_status forward(void *state, struct crema_ctx *ctx, int nx,
                                 const struct crema_host_tensor *x, int ny,
                                 const struct crema_host_tensor *y)
{
    int64_t n = x[0].shape.dim[0], class;
    int64_t classes = crema_shape_product(&x[0].shape, 1, x[0].shape.ndims);
    double sum = 0;

    (void)ctx, (void)nx, (void)ny;
    for (int64_t i = 0; i < n; i++) {
        CREMA_TRY(crema_loss_label(state, NULL, x[1].data, i, classes, &class));
        sum -= log((double)fmaxf(x[0].data[i * classes + class], LEAST));
    }
    *y[0].diff = (float)(sum / (double)n);
    return CREMA_OK;
}

static enum crema_status backward(void *state, struct crema_ctx *ctx, int nx,
                                  const struct crema_host_tensor *x, int ny,
                                  const struct crema_host_tensor *y)
{
    int64_t n = x[0].shape.dim[0], class;
    int64_t classes = crema_shape_product(&x[0].shape, 1, x[0].shape.ndims);

    (void)ctx, (void)nx, (void)ny;
    for (int64_t i = 0; i < n && x[0].diff; i++) {
        CREMA_TRY(crema_loss_label(state, NULL, x[1].data, i, classes, &class));
        for (int64_t c = 0; c < classes; c++) {
            int64_t k = i * classes + c;

            x[0].diff[k] =
                c == class ? -*y[0].data / (float)n / fmaxf(x[0].data[k], LEAST)
                           : 0;
        }
    }
    return CREMA_OK;
}

static enum crema_status record(struct crema_layer *l)
{
    const struct crema_host_op host = { forward, backward, l };

    return crema_loss_record_labelled(l, &host);
}

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_LOSS,
    .line = "cross entropy of probabilities made by another layer",
    .text = "  loss = -sum of log x[label] / N\n\n"
            "Probabilities below 1e-20 count as 1e-20.",
    .bottoms = { { "x", "N x classes: probabilities" },
                 { "label",
                   "a whole number, 0 to classes - 1, for each image" } },
    .tops = { { "loss", "a single number" } },
    .quirks =
        "SoftmaxWithLoss computes the same from scores, and more exactly.",
};

const struct crema_layer_type crema_layer_MultinomialLogisticLoss = {
    .name = "MultinomialLogisticLoss",
    .min_bottoms = 2,
    .max_bottoms = 2,
    .min_tops = 1,
    .max_tops = 1,
    .loss = true,
    .record = record,
    .doc = &doc,
};
