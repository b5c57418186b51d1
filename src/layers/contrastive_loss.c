/* contrastive_loss.c - pairs (a, b): alike ones are drawn together, others
 * apart up to the margin.
 *
 *   loss = sum of (alike ? d^2 : max(margin - d, 0)^2) / (2 N),  d = |a - b|
 *
 * The legacy version has max(margin - d^2, 0) in place of the square.
 */
#include "layers/loss.h"

#include <math.h>

CREMA_LAYER_PARAM(Crema__ContrastiveLossParameter,
                  CREMA__CONTRASTIVE_LOSS_PARAMETER__INIT,
                  contrastive_loss_param)

/* Caffe's guard against a distance of 0. */
static const float TINY = 1e-4f;

/* Square of the distance of pair i. */
static double square(const struct crema_host_tensor *x, int64_t length,
                     int64_t i)
{
    const float *a = x[0].data + i * length, *b = x[1].data + i * length;
    double sum = 0;

    for (int64_t k = 0; k < length; k++) {
        double d = (double)a[k] - (double)b[k];

        sum += d * d;
    }
    return sum;
}

static enum crema_status forward(void *state, struct crema_ctx *ctx, int nx,
                                 const struct crema_host_tensor *x, int ny,
                                 const struct crema_host_tensor *y)
{
    const Crema__ContrastiveLossParameter *p = param(state);
    int64_t n = x[0].shape.dim[0];
    int64_t length = crema_shape_product(&x[0].shape, 1, x[0].shape.ndims);
    double sum = 0;

    (void)ctx, (void)nx, (void)ny;
    for (int64_t i = 0; i < n; i++) {
        double d2 = square(x, length, i), far;

        if (x[2].data[i] != 0) {
            sum += d2;
            continue;
        }
        far = fmax(p->margin - (p->legacy_version ? d2 : sqrt(d2)), 0);
        sum += p->legacy_version ? far : far * far;
    }
    *y[0].diff = (float)(sum / (double)n / 2);
    return CREMA_OK;
}

/* d loss / d a_i is this times a_i - b_i. */
static float slope(const Crema__ContrastiveLossParameter *p, bool alike,
                   float d2)
{
    float d = sqrtf(d2);

    if (alike) return 1;
    if (p->legacy_version) return p->margin > d2 ? -1.0f : 0;
    return p->margin > d ? -(p->margin - d) / (d + TINY) : 0;
}

static enum crema_status backward(void *state, struct crema_ctx *ctx, int nx,
                                  const struct crema_host_tensor *x, int ny,
                                  const struct crema_host_tensor *y)
{
    int64_t n = x[0].shape.dim[0];
    int64_t length = crema_shape_product(&x[0].shape, 1, x[0].shape.ndims);

    (void)ctx, (void)nx, (void)ny;
    for (int64_t i = 0; i < n; i++) {
        float rate =
            *y[0].data / (float)n *
            slope(param(state), x[2].data[i] != 0, (float)square(x, length, i));

        for (int64_t k = i * length; k < (i + 1) * length; k++) {
            float d = rate * (x[0].data[k] - x[1].data[k]);

            if (x[0].diff) x[0].diff[k] = d;
            if (x[1].diff) x[1].diff[k] = -d;
        }
    }
    return CREMA_OK;
}

static enum crema_status record(struct crema_layer *l)
{
    const struct crema_host_op host = { forward, backward, l };

    CREMA_TRY(crema_loss_same_size(l, 1));
    if (crema_shape_count(&l->bottom[2]->shape) != l->bottom[0]->shape.dim[0])
        return crema_layer_fail(l, NULL,
                                "the third bottom must say of each of the %lld "
                                "pairs whether they are alike",
                                (long long)l->bottom[0]->shape.dim[0]);
    l->bottom[2] = crema_detach(l->program, l->bottom[2]);
    crema_loss_record(l, &host);
    return CREMA_OK;
}

static const struct crema_param_doc contrastive_loss_param = {
    .message = "contrastive_loss_param",
    .fields =
        (const struct crema_field_doc[]){
            { "margin", "how far apart pairs that differ must be" },
            { "legacy_version", "max(margin - d^2, 0) in place of the square, "
                                "as Caffe had it at first" },
            { 0 },
        },
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_LOSS,
    .line = "draws like pairs together and others apart",
    .text = "  loss = sum of (alike ? d^2 : max(margin - d, 0)^2) / (2 N),  d "
            "= |a - b|",
    .bottoms = { { "a", "N x any axes" },
                 { "b", "of the same number of elements" },
                 { "alike", "N: 0 where a and b differ, else 1" } },
    .tops = { { "loss", "a single number" } },
    .params = { &contrastive_loss_param },
    .quirks = "As in Caffe the gradient divides by d + 0.0001. The third "
              "bottom gets none.",
    .example = "contrastive_loss_param { margin: 1 }",
};

const struct crema_layer_type crema_layer_ContrastiveLoss = {
    .name = "ContrastiveLoss",
    .min_bottoms = 3,
    .max_bottoms = 3,
    .min_tops = 1,
    .max_tops = 1,
    .loss = true,
    .record = record,
    .doc = &doc,
};
