/* multibox_loss.c - SSD's loss: of the boxes of priors that match ground truth,
 * times loc_weight, and of the scores of these and of some that match none;
 * both divided by what loss_param says, the number of matches by default.
 *
 * Bottoms: detection.h's, and the ground truth, 1 x 1 x rows x 8.
 */
#include "layers/multibox.h"

#include <stdlib.h>
#include <string.h>

CREMA_LAYER_PARAM(Crema__MultiBoxLossParameter,
                  CREMA__MULTI_BOX_LOSS_PARAMETER__INIT, multibox_loss_param)

enum { COLUMNS = 8 };

struct state {
    struct crema_multibox m;
    struct crema_loss_rule rule;
};

static bool mines(const struct crema_multibox *m)
{
    return m->mining != CREMA__MULTI_BOX_LOSS_PARAMETER__MINING_TYPE__NONE;
}

/* propagate_down: false of bottom k takes its part out of the loss too. */
static bool has_part(const struct crema_layer *l, size_t k)
{
    return l->param->n_propagate_down <= k || l->param->propagate_down[k];
}

static double divisor(const struct state *s)
{
    const struct crema_detection *d = &s->m.d;

    return crema_loss_divisor(&s->rule, d->images * d->priors, d->images,
                              s->m.matches);
}

/* The label by which the scores of a prior are judged; false: they are not. */
static bool judged(const struct crema_multibox *m, int64_t image, int64_t prior,
                   int64_t *label)
{
    bool matched = false;

    *label = crema_multibox_label(m, image, prior);
    for (int64_t p = 0; p < m->d.places; p++)
        matched = matched || crema_multibox_matched(m, image, p, prior) >= 0;
    if (mines(m)) return matched || m->negative[image * m->d.priors + prior];
    if (!matched &&
        m->param->conf_loss_type ==
            CREMA__MULTI_BOX_LOSS_PARAMETER__CONF_LOSS_TYPE__LOGISTIC)
        *label = -1;
    return true;
}

static int64_t count_matches(const struct crema_multibox *m)
{
    int64_t n = 0;

    for (int64_t i = 0; i < m->d.images * m->d.places * m->d.priors; i++)
        n += m->match[i] >= 0;
    return n;
}

static double sum_boxes(const struct crema_multibox *m,
                        const struct crema_host_tensor *x)
{
    double sum = 0;

    for (int64_t i = 0; i < m->d.images; i++)
        for (int64_t c = 0; c < m->d.places; c++)
            for (int64_t p = 0; p < m->d.priors; p++)
                if (crema_multibox_matched(m, i, c, p) >= 0)
                    sum += (double)crema_multibox_box_loss(m, i, c, p, x, NULL);
    return sum;
}

static double sum_scores(const struct crema_multibox *m, const float *score)
{
    double sum = 0;
    int64_t label;

    for (int64_t i = 0; i < m->d.images; i++)
        for (int64_t p = 0; p < m->d.priors; p++, score += m->d.classes)
            if (judged(m, i, p, &label))
                sum += (double)crema_multibox_score_loss(m, label, score, NULL);
    return sum;
}

static enum crema_status forward(void *user, struct crema_ctx *ctx, int nx,
                                 const struct crema_host_tensor *x, int ny,
                                 const struct crema_host_tensor *y)
{
    const struct crema_layer *l = user;
    struct state *s = l->state;
    struct crema_multibox *m = &s->m;
    double loss = 0;

    (void)ctx, (void)nx, (void)ny;
    CREMA_TRY(crema_multibox_read(m, x[3].data));
    for (int64_t i = 0; i < m->d.images; i++) {
        crema_multibox_match(m, i, x);
        if (mines(m)) crema_multibox_mine(m, i, x);
    }
    m->matches = count_matches(m);
    if (has_part(l, 0)) loss += (double)m->param->loc_weight * sum_boxes(m, x);
    if (has_part(l, 1)) loss += sum_scores(m, x[1].data);
    *y[0].diff = (float)(loss / divisor(s));
    return CREMA_OK;
}

static void descend_boxes(const struct crema_multibox *m, float rate,
                          const struct crema_host_tensor *x)
{
    const struct crema_detection *d = &m->d;
    float *dx = x[0].diff, slope[4];

    for (int64_t i = 0; i < d->images; i++)
        for (int64_t p = 0; p < d->priors; p++)
            for (int64_t c = 0; c < d->places; c++, dx += 4) {
                if (crema_multibox_matched(m, i, c, p) < 0) {
                    memset(dx, 0, sizeof slope);
                    continue;
                }
                (void)crema_multibox_box_loss(m, i, c, p, x, slope);
                for (int k = 0; k < 4; k++) dx[k] = rate * slope[k];
            }
}

static void descend_scores(const struct crema_multibox *m, float rate,
                           const struct crema_host_tensor *x)
{
    const float *score = x[1].data;
    float *dx = x[1].diff;
    int64_t n = m->d.classes, label;

    for (int64_t i = 0; i < m->d.images; i++)
        for (int64_t p = 0; p < m->d.priors; p++, score += n, dx += n) {
            if (!judged(m, i, p, &label)) {
                memset(dx, 0, sizeof *dx * (size_t)n);
                continue;
            }
            (void)crema_multibox_score_loss(m, label, score, dx);
            for (int64_t c = 0; c < n; c++) dx[c] *= rate;
        }
}

static enum crema_status backward(void *user, struct crema_ctx *ctx, int nx,
                                  const struct crema_host_tensor *x, int ny,
                                  const struct crema_host_tensor *y)
{
    const struct crema_layer *l = user;
    const struct state *s = l->state;
    float rate = (float)((double)*y[0].data / divisor(s));

    (void)ctx, (void)nx, (void)ny;
    if (x[0].diff) descend_boxes(&s->m, rate * s->m.param->loc_weight, x);
    if (x[1].diff) descend_scores(&s->m, rate, x);
    return CREMA_OK;
}

/* ---- parameters -----------------------------------------------------------
 */

/* do_neg_mining is older than mining_type and says less. */
static enum crema_status set_mining(struct crema_layer *l)
{
    const Crema__MultiBoxLossParameter *p = param(l);
    struct crema_multibox *m = &((struct state *)l->state)->m;

    m->mining = p->mining_type;
    if (p->has_do_neg_mining && !p->has_mining_type && !p->do_neg_mining)
        m->mining = CREMA__MULTI_BOX_LOSS_PARAMETER__MINING_TYPE__NONE;
    if (p->has_do_neg_mining && p->do_neg_mining != mines(m))
        return crema_layer_fail(l, &p->do_neg_mining,
                                "do_neg_mining contradicts mining_type");
    if (mines(m) && !p->share_location)
        return crema_layer_fail(l, &p->share_location,
                                "mining_type must be NONE where share_location "
                                "is false");
    if (p->sample_size <= 0)
        return crema_layer_fail(l, &p->sample_size,
                                "sample_size must be positive");
    CREMA_TRY(crema_detection_suppression(l, p->nms_param, &m->suppression));
    m->suppresses = p->nms_param && p->nms_param->nms_threshold > 0;
    m->suppression.eta = 1;
    m->suppression.least = 1e-5f;
    return CREMA_OK;
}

static enum crema_status setup(struct crema_layer *l)
{
    const Crema__MultiBoxLossParameter *p = param(l);
    struct state *s = l->state;
    struct crema_detection *d = &s->m.d;

    s->m.layer = l;
    s->m.param = p;
    s->rule = crema_loss_rule(l, CREMA_NORMALIZE_VALID);
    CREMA_TRY(crema_detection_classes(l, p->has_num_classes, &p->num_classes,
                                      p->share_location, d));
    d->background = p->background_label_id;
    d->code = (enum crema_box_code)p->code_type;
    d->with_variance = p->encode_variance_in_target;
    if (d->background >= d->classes &&
        p->conf_loss_type ==
            CREMA__MULTI_BOX_LOSS_PARAMETER__CONF_LOSS_TYPE__SOFTMAX)
        return crema_layer_fail(
            l, &p->background_label_id,
            "background_label_id must be below num_classes");
    if (p->map_object_to_agnostic && d->background + 1 >= d->classes)
        return crema_layer_fail(l, &p->map_object_to_agnostic,
                                "map_object_to_agnostic wants a class behind "
                                "the background's");
    return set_mining(l);
}

static void free_state(struct crema_layer *l)
{
    struct crema_multibox *m = &((struct state *)l->state)->m;

    free(m->truth);
    free(m->first);
    free(m->match);
    free(m->negative);
    free(m->box);
    free(m->overlap);
    free(m->near);
    free(m->scored);
    free(m->best);
    free(m->taken);
    m->truth = NULL;
    m->first = NULL;
    m->match = NULL;
    m->negative = NULL;
    m->box = NULL;
    m->overlap = NULL;
    m->near = NULL;
    m->scored = NULL;
    m->best = NULL;
    m->taken = NULL;
}

static enum crema_status make_room(struct crema_layer *l)
{
    struct crema_multibox *m = &((struct state *)l->state)->m;
    size_t priors = (size_t)m->d.priors + 1, rows = (size_t)m->rows + 1;
    size_t images = (size_t)m->d.images + 1;

    free_state(l);
    m->truth = calloc(rows, sizeof *m->truth);
    m->first = calloc(images, sizeof *m->first);
    m->match = calloc(images * priors * (size_t)m->d.places, sizeof *m->match);
    m->negative = calloc(images * priors, sizeof *m->negative);
    m->box = calloc(priors, sizeof *m->box);
    m->overlap = calloc(priors, sizeof *m->overlap);
    m->near = calloc(priors, sizeof *m->near);
    m->scored = calloc(priors, sizeof *m->scored);
    m->best = calloc(rows, sizeof *m->best);
    m->taken = calloc(priors > rows ? priors : rows, sizeof *m->taken);
    if (m->truth && m->first && m->match && m->negative && m->box &&
        m->overlap && m->near && m->scored && m->best && m->taken)
        return CREMA_OK;
    return crema_no_memory(l->ctx, l->param->name);
}

static enum crema_status record(struct crema_layer *l)
{
    const struct crema_host_op host = { forward, backward, l };
    const struct crema_shape *truth = &l->bottom[3]->shape;
    struct state *s = l->state;
    char text[CREMA_SHAPE_TEXT];

    CREMA_TRY(crema_detection_measure(l, &s->m.d));
    if (truth->ndims < 2 || truth->dim[truth->ndims - 1] != COLUMNS ||
        crema_shape_count(truth) / COLUMNS > INT32_MAX)
        return crema_layer_fail(l, &l->param->bottom[3],
                                "bottom 3 is %s, not ground truth: "
                                "1 x 1 x rows x 8",
                                crema_shape_text(truth, text));
    s->m.rows = crema_shape_count(truth) / COLUMNS;
    CREMA_TRY(make_room(l));
    for (int k = 2; k < 4; k++)
        l->bottom[k] = crema_detach(l->program, l->bottom[k]);
    crema_loss_record(l, &host);
    return CREMA_OK;
}

static const struct crema_param_doc multibox_loss_param = {
    .message = "multibox_loss_param",
    .fields =
        (const struct crema_field_doc[]){
            { "loc_loss_type",
              "of each number of a box: half its square, or "
              "that below 1 and the magnitude less 1/2 above" },
            { "conf_loss_type", "of scores: softmax with logarithm, or cross "
                                "entropy of the sigmoid of each" },
            { "loc_weight", "by which the boxes' loss is multiplied" },
            { "num_classes", "number of classes, the background included" },
            { "share_location", "one box for all classes, or one for each" },
            { "match_type", "each ground truth has one prior, or any that "
                            "overlap it enough as well" },
            { "overlap_threshold", "what is enough" },
            { "use_prior_for_matching",
              "priors are matched; else the boxes that are predicted" },
            { "background_label_id", "the class of what matches nothing" },
            { "use_difficult_gt", "ground truth marked as difficult counts" },
            { "do_neg_mining", "older than mining_type: false is NONE" },
            { "neg_pos_ratio", "MAX_NEGATIVE: so many for each match" },
            { "neg_overlap",
              "MAX_NEGATIVE: of what overlaps ground truth less than this" },
            { "code_type", "what the four numbers of a prediction say" },
            { "encode_variance_in_target",
              "predictions are divided by the variances as well as what is "
              "expected" },
            { "map_object_to_agnostic",
              "all ground truth is of the class behind the background's" },
            { "ignore_cross_boundary_bbox",
              "boxes that reach out of the picture match nothing and are no "
              "background" },
            { "bp_inside", "sides outside of the picture learn nothing" },
            { "mining_type",
              "all priors' scores count; those of matches and of the hardest "
              "others; or those of the hardest of all" },
            { "nms_param", "of candidates that overlap more than "
                           "nms_threshold only the hardest is taken; top_k of "
                           "them are looked at" },
            { "sample_size", "HARD_EXAMPLE: so many an image" },
            { "use_prior_for_nms", "that overlap is of the priors; else of "
                                   "the boxes that are predicted" },
            { 0 },
        },
    .refused = "ignore_difficult_gt objectness_score",
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_LOSS,
    .line = "SSD's loss of boxes and scores",
    .text = "    loss = (loc_weight sum of box losses + sum of score losses) "
            "/ n\n\nPriors are matched with the ground truth. Boxes count "
            "where a prior is matched, scores there and where it is taken as "
            "background. n is the number of matches, or what loss_param says, "
            "at least 1. propagate_down: false of loc or conf takes that part "
            "out of the loss.",
    .bottoms = { { "loc", "N x (priors 4), or N x (priors classes 4)" },
                 { "conf", "N x (priors classes)" },
                 { "prior", "1 x 2 x (priors 4), of PriorBox" },
                 { "label", "1 x 1 x rows x 8: image (-1: none), label, a "
                            "number that is not read, left, top, right, "
                            "bottom, difficult" } },
    .tops = { { "loss", "one number" } },
    .params = { &multibox_loss_param },
    .quirks = "SSD's. An image without ground truth gives no background where "
              "examples are mined. With encode_variance_in_target the "
              "gradient is divided by the variances, which SSD leaves out. "
              "With nms_param and no top_k all candidates are looked at.",
    .example = "multibox_loss_param {\n"
               "  num_classes: 21\n"
               "  code_type: CENTER_SIZE\n"
               "  mining_type: MAX_NEGATIVE\n"
               "}",
};

const struct crema_layer_type crema_layer_MultiBoxLoss = {
    .name = "MultiBoxLoss",
    .min_bottoms = 4,
    .max_bottoms = 4,
    .min_tops = 1,
    .max_tops = 1,
    .state_size = sizeof(struct state),
    .loss = true,
    .setup = setup,
    .record = record,
    .free = free_state,
    .doc = &doc,
};
