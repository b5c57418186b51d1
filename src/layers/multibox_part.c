/* multibox_part.c - the loss of one prior's scores, and of its box. */
#include "layers/multibox.h"

#include <float.h>
#include <math.h>

int64_t crema_multibox_label(const struct crema_multibox *m, int64_t image,
                             int64_t prior)
{
    for (int64_t p = m->d.places; p-- > 0;) {
        int32_t match = crema_multibox_matched(m, image, p, prior);

        if (match >= 0)
            return m->param->map_object_to_agnostic ? m->d.background + 1
                                                    : m->truth[match].label;
    }
    return m->d.background;
}

static float softmax_loss(int64_t n, int64_t label, const float *score,
                          float *slope)
{
    double sum = 0, p;
    float most = score[0];

    for (int64_t c = 1; c < n; c++) most = fmaxf(most, score[c]);
    for (int64_t c = 0; c < n; c++) sum += exp((double)(score[c] - most));
    for (int64_t c = 0; c < n && slope; c++)
        slope[c] = (float)(exp((double)(score[c] - most)) / sum) - (c == label);
    p = exp((double)(score[label] - most)) / sum;
    return p < (double)FLT_MIN ? -logf(FLT_MIN) : (float)-log(p);
}

static float logistic_loss(int64_t n, int64_t label, const float *score,
                           float *slope)
{
    float loss = 0;

    for (int64_t c = 0; c < n; c++) {
        float s = score[c], wanted = c == label;

        loss += fmaxf(s, 0) - s * wanted + log1pf(expf(-fabsf(s)));
        if (slope) slope[c] = 1 / (1 + expf(-s)) - wanted;
    }
    return loss;
}

float crema_multibox_score_loss(const struct crema_multibox *m, int64_t label,
                                const float *score, float *slope)
{
    return m->param->conf_loss_type ==
                   CREMA__MULTI_BOX_LOSS_PARAMETER__CONF_LOSS_TYPE__SOFTMAX
               ? softmax_loss(m->d.classes, label, score, slope)
               : logistic_loss(m->d.classes, label, score, slope);
}

/* With bp_inside nothing is learned from sides outside of the picture. */
static void mind_borders(const struct crema_multibox *m, int64_t image,
                         int64_t place, int64_t prior,
                         const struct crema_host_tensor *x, float unit[4])
{
    struct crema_box b = m->param->use_prior_for_matching
                             ? crema_box_at(x[2].data, prior)
                             : crema_detection_box(&m->d, x[0].data, x[2].data,
                                                   image, prior, place);
    const float side[4] = { b.left, b.top, b.right, b.bottom };

    for (int k = 0; k < 4; k++)
        if (side[k] < 0 || side[k] > 1) unit[k] = 0;
}

float crema_multibox_box_loss(const struct crema_multibox *m, int64_t image,
                              int64_t place, int64_t prior,
                              const struct crema_host_tensor *x, float slope[4])
{
    const struct crema_truth *t =
        &m->truth[crema_multibox_matched(m, image, place, prior)];
    const float *code =
        crema_detection_code(&m->d, x[0].data, image, prior, place);
    const float *variance = crema_detection_variance(&m->d, x[2].data, prior);
    struct crema_box from = crema_box_at(x[2].data, prior);
    bool squares = m->param->loc_loss_type ==
                   CREMA__MULTI_BOX_LOSS_PARAMETER__LOC_LOSS_TYPE__L2;
    float want[4], unit[4] = { 1, 1, 1, 1 }, loss = 0;

    crema_box_encode(m->d.code, &from, m->d.with_variance ? NULL : variance,
                     &t->box, want);
    for (int k = 0; k < 4 && m->d.with_variance; k++) unit[k] /= variance[k];
    if (m->param->bp_inside) mind_borders(m, image, place, prior, x, unit);
    for (int k = 0; k < 4; k++) {
        float d = unit[k] == 0 ? 0 : (code[k] - want[k]) * unit[k];
        bool curved = squares || fabsf(d) < 1;

        loss += curved ? d * d / 2 : fabsf(d) - 0.5f;
        if (slope) slope[k] = unit[k] * (curved ? d : d > 0 ? 1.0f : -1.0f);
    }
    return loss;
}
