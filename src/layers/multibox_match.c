/* multibox_match.c - ground truth, and which prior each belongs to.
 *
 * First each ground truth gets the prior that it overlaps most, the pair of the
 * largest overlap first, no prior twice; then, PER_PREDICTION, each prior that
 * is left the ground truth that it overlaps most, if that is enough.
 */
#include "layers/multibox.h"

enum { COLUMNS = 8 };

/* Two boxes that overlap less do not touch. */
static const float LEAST = 1e-6f;

static enum crema_status read_row(const struct crema_multibox *m,
                                  const float *row, int64_t i,
                                  struct crema_truth *t)
{
    int64_t most = m->param->map_object_to_agnostic ? INT32_MAX : m->d.classes;

    if (!(row[0] >= 0 && row[0] < (float)m->d.images))
        return crema_layer_fail(m->layer, NULL,
                                "row %lld of the ground truth is of image %g; "
                                "there are %lld",
                                (long long)i, (double)row[0],
                                (long long)m->d.images);
    if (!(row[1] >= 0 && row[1] < (float)most))
        return crema_layer_fail(m->layer, NULL,
                                "row %lld of the ground truth has label %g; "
                                "there are %lld classes",
                                (long long)i, (double)row[1],
                                (long long)m->d.classes);
    *t = (struct crema_truth){ { row[3], row[4], row[5], row[6] },
                               (int64_t)row[1] };
    if (t->label != m->d.background) return CREMA_OK;
    return crema_layer_fail(m->layer, NULL,
                            "row %lld of the ground truth has the background's "
                            "label, %lld",
                            (long long)i, (long long)t->label);
}

enum crema_status crema_multibox_read(struct crema_multibox *m,
                                      const float *rows)
{
    struct crema_truth t;
    int64_t n = 0;

    for (int64_t i = 0; i < m->rows; i++)
        if (rows[i * COLUMNS] != -1)
            CREMA_TRY(read_row(m, rows + i * COLUMNS, i, &t));
    for (int64_t image = 0; image < m->d.images; image++) {
        m->first[image] = n;
        for (int64_t i = 0; i < m->rows; i++) {
            const float *row = rows + i * COLUMNS;

            if (row[0] == -1 || (int64_t)row[0] != image) continue;
            if (row[7] != 0 && !m->param->use_difficult_gt) continue;
            CREMA_TRY(read_row(m, row, i, &m->truth[n]));
            n++;
        }
    }
    m->first[m->d.images] = n;
    return CREMA_OK;
}

/* ---- matching -------------------------------------------------------------
 */

/* The ground truth that is looked at: of one image, and of one label unless it
 * is below 0. */
struct choice {
    int64_t from, to, label;
};

static bool chosen(const struct crema_multibox *m, const struct choice *c,
                   int64_t j)
{
    return c->label < 0 || m->truth[j].label == c->label;
}

static bool is_within(float v)
{
    return v >= 0 && v <= 1;
}

static bool crosses(const struct crema_box *b)
{
    return !is_within(b->left) || !is_within(b->top) || !is_within(b->right) ||
           !is_within(b->bottom);
}

/* Overlaps of box i: the best of it, and of each ground truth so far. */
static void compare(struct crema_multibox *m, const struct choice *c, int64_t i)
{
    float most = m->param->overlap_threshold, found = 0;

    m->overlap[i] = 0;
    m->near[i] = -1;
    for (int64_t j = c->from; j < c->to; j++) {
        float o;

        if (!chosen(m, c, j)) continue;
        o = crema_box_overlap(&m->box[i], &m->truth[j].box);
        if (!(o > LEAST)) continue;
        if (o > m->overlap[i]) m->overlap[i] = o;
        if (o > m->best[j].score)
            m->best[j] = (struct crema_scored){ o, (int32_t)i };
        if (o >= most && o > found) {
            found = o;
            m->near[i] = (int32_t)j;
        }
    }
}

/* The best prior of truth j among those that have no match yet. */
static void search_again(struct crema_multibox *m, const int32_t *match,
                         int64_t j)
{
    m->best[j] = (struct crema_scored){ 0, -1 };
    for (int64_t i = 0; i < m->d.priors; i++) {
        float o;

        if (match[i] != CREMA_UNMATCHED) continue;
        o = crema_box_overlap(&m->box[i], &m->truth[j].box);
        if (o > LEAST && o > m->best[j].score)
            m->best[j] = (struct crema_scored){ o, (int32_t)i };
    }
}

/* Of the ground truth without a prior that with the largest overlap, or -1. */
static int64_t next_truth(const struct crema_multibox *m,
                          const struct choice *c)
{
    int64_t next = -1;

    for (int64_t j = c->from; j < c->to; j++) {
        const struct crema_scored *b = &m->best[j];

        if (m->taken[j] || b->box < 0) continue;
        if (next < 0 || b->score > m->best[next].score ||
            (b->score == m->best[next].score && b->box < m->best[next].box))
            next = j;
    }
    return next;
}

static void give_each_truth_a_prior(struct crema_multibox *m,
                                    const struct choice *c, int32_t *match)
{
    int64_t j;

    while ((j = next_truth(m, c)) >= 0) {
        int32_t *prior = &match[m->best[j].box];

        if (*prior == CREMA_UNMATCHED) {
            *prior = (int32_t)j;
            m->taken[j] = true;
        } else {
            search_again(m, match, j);
        }
    }
}

/* Matches m->box, [priors]. */
static void match_boxes(struct crema_multibox *m, const struct choice *c,
                        int32_t *match)
{
    for (int64_t j = c->from; j < c->to; j++) {
        m->best[j] = (struct crema_scored){ 0, -1 };
        m->taken[j] = false;
    }
    for (int64_t i = 0; i < m->d.priors; i++) {
        bool out = m->param->ignore_cross_boundary_bbox && crosses(&m->box[i]);

        match[i] = out && c->from < c->to ? CREMA_LEFT_OUT : CREMA_UNMATCHED;
        m->overlap[i] = 0;
        m->near[i] = -1;
        if (!out) compare(m, c, i);
    }
    give_each_truth_a_prior(m, c, match);
    if (m->param->match_type !=
        CREMA__MULTI_BOX_LOSS_PARAMETER__MATCH_TYPE__PER_PREDICTION)
        return;
    for (int64_t i = 0; i < m->d.priors; i++)
        if (match[i] == CREMA_UNMATCHED && m->near[i] >= 0)
            match[i] = m->near[i];
}

/* Matches of all classes, in place 0, to the place of each one's label. */
static void distribute(struct crema_multibox *m, int32_t *match)
{
    for (int64_t i = 0; i < m->d.priors; i++) {
        int32_t j = match[i];

        for (int64_t c = 0; c < m->d.places; c++)
            match[c * m->d.priors + i] =
                j >= 0 && m->truth[j].label == c ? j : CREMA_UNMATCHED;
    }
}

void crema_multibox_match(struct crema_multibox *m, int64_t image,
                          const struct crema_host_tensor *x)
{
    struct choice c = { m->first[image], m->first[image + 1], -1 };
    int32_t *match = m->match + image * m->d.places * m->d.priors;

    if (m->param->use_prior_for_matching) {
        for (int64_t i = 0; i < m->d.priors; i++)
            m->box[i] = crema_box_at(x[2].data, i);
        match_boxes(m, &c, match);
        if (m->d.places > 1) distribute(m, match);
        return;
    }
    for (int64_t p = 0; p < m->d.places; p++) {
        if (m->d.places > 1) c.label = p;
        for (int64_t i = 0; i < m->d.priors; i++)
            m->box[i] =
                crema_detection_box(&m->d, x[0].data, x[2].data, image, i, p);
        match_boxes(m, &c, match + p * m->d.priors);
    }
}
