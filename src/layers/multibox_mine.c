/* multibox_mine.c - of all priors of an image those of the largest loss.
 *
 * MAX_NEGATIVE takes of the priors that overlap no ground truth much, by their
 * scores' loss, neg_pos_ratio for each that is matched.  HARD_EXAMPLE takes
 * sample_size of all, by the loss of scores and box; what is matched and not
 * taken is background that does not count.
 */
#include "layers/multibox.h"

static bool negatives_alone(const struct crema_multibox *m)
{
    return m->mining ==
           CREMA__MULTI_BOX_LOSS_PARAMETER__MINING_TYPE__MAX_NEGATIVE;
}

static bool eligible(const struct crema_multibox *m, int32_t match, float o)
{
    return !negatives_alone(m) ||
           (match == CREMA_UNMATCHED && o < m->param->neg_overlap);
}

static float loss_of(const struct crema_multibox *m, int64_t image, int64_t i,
                     const struct crema_host_tensor *x)
{
    const float *score = x[1].data + (image * m->d.priors + i) * m->d.classes;
    float loss = crema_multibox_score_loss(m, crema_multibox_label(m, image, i),
                                           score, NULL);

    if (!negatives_alone(m) && crema_multibox_matched(m, image, 0, i) >= 0)
        loss += crema_multibox_box_loss(m, image, 0, i, x, NULL);
    return loss;
}

/* How many of n candidates are taken. */
static int64_t wanted(const struct crema_multibox *m, int64_t matched,
                      int64_t n)
{
    double most = negatives_alone(m)
                      ? (double)matched * (double)m->param->neg_pos_ratio
                      : (double)m->param->sample_size;

    if (!(most >= 1)) return 0;
    return most < (double)n ? (int64_t)most : n;
}

/* Boxes by which candidates are told apart. */
static void lay_out(struct crema_multibox *m, int64_t image,
                    const struct crema_host_tensor *x)
{
    for (int64_t i = 0; i < m->d.priors; i++)
        m->box[i] =
            m->param->use_prior_for_nms
                ? crema_box_at(x[2].data, i)
                : crema_detection_box(&m->d, x[0].data, x[2].data, image, i, 0);
}

/* Marks the priors that are taken. */
static void take(struct crema_multibox *m, int64_t image,
                 const struct crema_host_tensor *x, const int32_t *match)
{
    int64_t n = 0, matched = 0, want;

    for (int64_t i = 0; i < m->d.priors; i++) {
        m->taken[i] = false;
        matched += match[i] >= 0;
        if (eligible(m, match[i], m->overlap[i]))
            m->scored[n++] =
                (struct crema_scored){ loss_of(m, image, i, x), (int32_t)i };
    }
    want = wanted(m, matched, n);
    if (m->suppresses) {
        lay_out(m, image, x);
        n = crema_box_suppress(&m->suppression, m->box, n, m->scored);
    } else {
        crema_scored_sort(n, m->scored);
    }
    for (int64_t i = 0; i < want && i < n; i++)
        m->taken[m->scored[i].box] = true;
}

void crema_multibox_mine(struct crema_multibox *m, int64_t image,
                         const struct crema_host_tensor *x)
{
    int32_t *match = m->match + image * m->d.priors;
    bool *negative = m->negative + image * m->d.priors;

    if (m->first[image] == m->first[image + 1]) {
        for (int64_t i = 0; i < m->d.priors; i++) negative[i] = false;
        return;
    }
    take(m, image, x, match);
    for (int64_t i = 0; i < m->d.priors; i++) {
        negative[i] = match[i] == CREMA_UNMATCHED && m->taken[i];
        if (match[i] >= 0 && !m->taken[i] && !negatives_alone(m))
            match[i] = CREMA_UNMATCHED;
    }
}
