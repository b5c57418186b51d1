/* detection_output.c - SSD's result: of the boxes that predictions say, those
 * that are the best of their class where they are.
 *
 * A row of the top, 1 x 1 x rows x 7: image, class, score, left, top, right,
 * bottom.  Rows are in the order of images, then classes, then scores.  Where
 * nothing at all is found each image has a row of -1, its number aside.
 *
 * How many rows these are only the data tell: when there are others than
 * recorded, the net is recorded again and runs once more (crema_layer_resize).
 */
#include "layers/detection.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

CREMA_LAYER_PARAM(Crema__DetectionOutputParameter,
                  CREMA__DETECTION_OUTPUT_PARAMETER__INIT,
                  detection_output_param)

enum { COLUMNS = 7 };

struct found {
    float score;
    int32_t class, prior;
};

struct state {
    struct crema_detection d;
    struct crema_suppression suppression;
    float least_score;
    int64_t rows; /* as recorded */
    /* of one image */
    struct crema_box *boxes;     /* [places][priors] */
    struct crema_scored *scored; /* [priors] */
    struct found *found;         /* [classes][most of one class] */
    float *row;                  /* [images][most of one image][COLUMNS] */
};

/* How many boxes of a class, and of an image, can stay. */
static int64_t most_of_class(const struct state *s)
{
    int64_t k = s->suppression.top_k;

    return k >= 0 && k < s->d.priors ? k : s->d.priors;
}

static int64_t most_of_image(const struct crema_layer *l)
{
    const struct state *s = l->state;
    int64_t all = s->d.classes * most_of_class(s);

    return param(l)->keep_top_k >= 0 && param(l)->keep_top_k < all
               ? param(l)->keep_top_k
               : all;
}

static int64_t find_class(const struct state *s, const float *scores,
                          int64_t class, struct found *found)
{
    const struct crema_box *boxes =
        s->boxes + (s->d.places > 1 ? class * s->d.priors : 0);
    int64_t n = 0;

    for (int64_t p = 0; p < s->d.priors; p++) {
        float score = scores[p * s->d.classes + class];

        if (score > s->least_score)
            s->scored[n++] = (struct crema_scored){ score, (int32_t)p };
    }
    n = crema_box_suppress(&s->suppression, boxes, n, s->scored);
    for (int64_t i = 0; i < n; i++)
        found[i] = (struct found){ s->scored[i].score, (int32_t) class,
                                   s->scored[i].box };
    return n;
}

/* The best first. */
static int by_score(const void *a, const void *b)
{
    const struct found *x = a, *y = b;

    if (x->score != y->score) return x->score > y->score ? -1 : 1;
    if (x->class != y->class) return x->class > y->class ? 1 : -1;
    return (x->prior > y->prior) - (x->prior < y->prior);
}

static int by_class(const void *a, const void *b)
{
    const struct found *x = a, *y = b;

    if (x->class != y->class) return x->class > y->class ? 1 : -1;
    return by_score(a, b);
}

/* Of n boxes of all classes the best keep_top_k; returns how many. */
static int64_t keep_best(const struct crema_layer *l, struct found *found,
                         int64_t n)
{
    int64_t keep = param(l)->keep_top_k;

    if (keep < 0 || n <= keep) return n;
    qsort(found, (size_t)n, sizeof *found, by_score);
    if (keep > 0) qsort(found, (size_t)keep, sizeof *found, by_class);
    return keep;
}

/* Writes the rows of one image; returns how many. */
static int64_t find(const struct crema_layer *l,
                    const struct crema_host_tensor *x, int64_t image,
                    float *row)
{
    const struct state *s = l->state;
    const struct crema_detection *d = &s->d;
    const float *scores = x[1].data + image * d->priors * d->classes;
    int64_t n = 0;

    for (int64_t c = 0; c < d->places; c++)
        for (int64_t p = 0; p < d->priors; p++)
            s->boxes[c * d->priors + p] =
                crema_detection_box(d, x[0].data, x[2].data, image, p, c);
    for (int64_t c = 0; c < d->classes; c++)
        if (c != d->background) n += find_class(s, scores, c, s->found + n);
    n = keep_best(l, s->found, n);
    for (int64_t i = 0; i < n; i++, row += COLUMNS) {
        const struct found *f = &s->found[i];
        int64_t place = d->places > 1 ? f->class : 0;

        row[0] = (float)image;
        row[1] = (float)f->class;
        row[2] = f->score;
        memcpy(row + 3, &s->boxes[place * d->priors + f->prior],
               sizeof *s->boxes);
    }
    return n;
}

/* Rows that say of each image that nothing was found; returns how many. */
static int64_t find_nothing(const struct state *s, float *row)
{
    for (int64_t i = 0; i < s->d.images; i++, row += COLUMNS) {
        row[0] = (float)i;
        for (int k = 1; k < COLUMNS; k++) row[k] = -1;
    }
    return s->d.images;
}

static enum crema_status forward(void *user, struct crema_ctx *ctx, int nx,
                                 const struct crema_host_tensor *x, int ny,
                                 const struct crema_host_tensor *y)
{
    const struct crema_layer *l = user;
    struct state *s = l->state;
    int64_t rows = 0;

    (void)ctx, (void)nx, (void)ny;
    for (int64_t i = 0; i < s->d.images; i++)
        rows += find(l, x, i, s->row + rows * COLUMNS);
    if (rows == 0) rows = find_nothing(s, s->row);
    if (rows != s->rows) {
        s->rows = rows;
        return crema_layer_resize(l);
    }
    memcpy(y[0].diff, s->row, sizeof(float) * (size_t)(rows * COLUMNS));
    return CREMA_OK;
}

static enum crema_status setup(struct crema_layer *l)
{
    const Crema__DetectionOutputParameter *p = param(l);
    struct state *s = l->state;

    CREMA_TRY(crema_detection_classes(l, p->has_num_classes, &p->num_classes,
                                      p->share_location, &s->d));
    CREMA_TRY(crema_detection_suppression(l, p->nms_param, &s->suppression));
    s->d.background = p->background_label_id;
    s->d.code = (enum crema_box_code)p->code_type;
    s->d.with_variance = p->variance_encoded_in_target;
    s->least_score =
        p->has_confidence_threshold ? p->confidence_threshold : -FLT_MAX;
    return CREMA_OK;
}

static void free_state(struct crema_layer *l)
{
    struct state *s = l->state;

    free(s->boxes);
    free(s->scored);
    free(s->found);
    free(s->row);
    s->boxes = NULL;
    s->scored = NULL;
    s->found = NULL;
    s->row = NULL;
}

/* Room for what one pass can find at most. */
static enum crema_status make_room(struct crema_layer *l)
{
    struct state *s = l->state;
    size_t priors = (size_t)s->d.priors;
    size_t image = (size_t)(most_of_image(l) > 1 ? most_of_image(l) : 1);

    free_state(l);
    s->boxes = calloc(priors * (size_t)s->d.places + 1, sizeof *s->boxes);
    s->scored = calloc(priors + 1, sizeof *s->scored);
    s->found =
        calloc((size_t)(s->d.classes * most_of_class(s)) + 1, sizeof *s->found);
    s->row = calloc(image * (size_t)s->d.images + 1, COLUMNS * sizeof(float));
    if (s->boxes && s->scored && s->found && s->row) return CREMA_OK;
    return crema_no_memory(l->ctx, l->param->name);
}

static enum crema_status record(struct crema_layer *l)
{
    const struct crema_host_op host = { forward, NULL, l };
    struct state *s = l->state;
    struct crema_shape shape;

    CREMA_TRY(crema_detection_measure(l, &s->d));
    CREMA_TRY(make_room(l));
    if (s->rows == 0) s->rows = s->d.images;
    shape = CREMA_SHAPE(1, 1, s->rows, COLUMNS);
    crema_host(l->program, &host, l->nbottoms, l->bottom, 1, &shape, l->top);
    return CREMA_OK;
}

static const struct crema_param_doc detection_output_param = {
    .message = "detection_output_param",
    .fields =
        (const struct crema_field_doc[]){
            { "num_classes", "number of classes, the background included" },
            { "share_location", "one box for all classes, or one for each" },
            { "background_label_id",
              "the class that is none and gives no rows; -1: there is none" },
            { "nms_param",
              "of boxes of a class that overlap more than nms_threshold the "
              "better one stays; top_k of the best are looked at; with eta "
              "below 1 a threshold above 0.5 falls by that factor with each "
              "box that stays" },
            { "code_type", "what the four numbers of a prediction say: "
                           "distances of the corners, centre and size, or "
                           "distances of the corners in sizes of the prior" },
            { "keep_top_k", "so many rows an image at most; -1: no limit" },
            { "variance_encoded_in_target",
              "predictions are not multiplied by the priors' variances" },
            { "confidence_threshold", "only scores above it count" },
            { 0 },
        },
    .ignored = "save_output_param visualize visualize_threshold save_file",
    .refused = "objectness_score output_logits",
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_DETECTION,
    .line = "boxes from SSD's predictions",
    .text = "Decodes a box for each prior, keeps of each class the best that "
            "do not overlap, and of all classes the best keep_top_k. A row is "
            "image, class, score, left, top, right, bottom, in parts of the "
            "picture. Where nothing is found at all each image has a row of "
            "-1.",
    .bottoms = { { "loc", "N x (priors 4), or N x (priors classes 4)" },
                 { "conf", "N x (priors classes), usually behind Softmax" },
                 { "prior", "1 x 2 x (priors 4), of PriorBox" },
                 { "data", "optional; not read" } },
    .tops = { { "detection", "1 x 1 x rows x 7; rows depends on the data" } },
    .params = { &detection_output_param },
    .quirks = "SSD's. save_output_param, visualize and what belongs to them "
              "have no effect: read the top. soft_nms is refused. Of equal "
              "scores the first prior wins.",
    .example = "detection_output_param {\n"
               "  num_classes: 21\n"
               "  code_type: CENTER_SIZE\n"
               "  keep_top_k: 200\n"
               "  confidence_threshold: 0.01\n"
               "  nms_param { nms_threshold: 0.45 top_k: 400 }\n"
               "}",
};

const struct crema_layer_type crema_layer_DetectionOutput = {
    .name = "DetectionOutput",
    .min_bottoms = 3,
    .max_bottoms = 4,
    .min_tops = 1,
    .max_tops = 1,
    .state_size = sizeof(struct state),
    .setup = setup,
    .record = record,
    .free = free_state,
    .doc = &doc,
};
