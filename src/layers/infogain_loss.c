/* infogain_loss.c - loss = -sum over c of H[label][c] log softmax(X)[c], over
 * what loss_param says; H is a file's matrix or the third bottom.  Top 1, if
 * there is one: the softmax. */
#include "layers/loss.h"

#include "proto/blob_file.h"

#include <math.h>
#include <stdlib.h>

CREMA_LAYER_PARAM(Crema__InfogainLossParameter,
                  CREMA__INFOGAIN_LOSS_PARAMETER__INIT, infogain_loss_param)

/* Smaller probabilities count as this. */
static const float LEAST = 1e-20f;

struct state {
    struct crema_loss_rule rule;
    int axis;
    float *h; /* of the file, [count]; or NULL */
    int64_t count;
    float *room; /* one softmax */
};

static void softmax(const struct crema_sides *d, const float *x, float *p)
{
    float most = x[0];
    double sum = 0;

    for (int64_t c = 1; c < d->length; c++) most = fmaxf(most, x[c * d->inner]);
    for (int64_t c = 0; c < d->length; c++) {
        p[c] = expf(x[c * d->inner] - most);
        sum += (double)p[c];
    }
    for (int64_t c = 0; c < d->length; c++) p[c] = (float)(p[c] / sum);
}

/* The row of H for position i; NULL where its label is ignored. */
static enum crema_status row(const struct crema_layer *l, int nx,
                             const struct crema_host_tensor *x,
                             const struct crema_sides *d, int64_t i,
                             const float **h)
{
    const struct state *s = l->state;
    int64_t class;

    CREMA_TRY(crema_loss_label(l, &s->rule, x[1].data, i, d->length, &class));
    *h = nx > 2 ? x[2].data : s->h;
    *h = class < 0 ? NULL : *h + class * d->length;
    return CREMA_OK;
}

static enum crema_status forward(void *user, struct crema_ctx *ctx, int nx,
                                 const struct crema_host_tensor *x, int ny,
                                 const struct crema_host_tensor *y)
{
    const struct crema_layer *l = user;
    const struct state *s = l->state;
    struct crema_sides d = crema_sides(&x[0].shape, s->axis);
    int64_t valid = 0;
    double sum = 0;

    (void)ctx;
    for (int64_t i = 0; i < d.outer * d.inner; i++) {
        int64_t at = i / d.inner * d.length * d.inner + i % d.inner;
        const float *h;

        softmax(&d, x[0].data + at, s->room);
        for (int64_t c = 0; c < d.length && ny > 1; c++)
            y[1].diff[at + c * d.inner] = s->room[c];
        CREMA_TRY(row(l, nx, x, &d, i, &h));
        valid += h != NULL;
        for (int64_t c = 0; c < d.length && h; c++)
            sum -= (double)h[c] * log((double)fmaxf(s->room[c], LEAST));
    }
    *y[0].diff = (float)(sum / crema_loss_divisor(&s->rule, d.outer * d.inner,
                                                  d.outer, valid));
    return CREMA_OK;
}

/* d loss / d x[c] = p[c] sum of H[label] - H[label][c] */
static void descend(const struct crema_sides *d, const float *h, const float *p,
                    double rate, float *dx)
{
    double whole = 0;

    for (int64_t c = 0; c < d->length && h; c++) whole += (double)h[c];
    for (int64_t c = 0; c < d->length; c++)
        dx[c * d->inner] =
            h ? (float)(rate * ((double)p[c] * whole - (double)h[c])) : 0;
}

static enum crema_status backward(void *user, struct crema_ctx *ctx, int nx,
                                  const struct crema_host_tensor *x, int ny,
                                  const struct crema_host_tensor *y)
{
    const struct crema_layer *l = user;
    const struct state *s = l->state;
    struct crema_sides d = crema_sides(&x[0].shape, s->axis);
    int64_t valid = 0, positions = d.outer * d.inner;
    const float *h;
    double rate;

    (void)ctx, (void)ny;
    if (!x[0].diff) return CREMA_OK;
    for (int64_t i = 0; i < positions; i++) {
        CREMA_TRY(row(l, nx, x, &d, i, &h));
        valid += h != NULL;
    }
    rate = *y[0].data / crema_loss_divisor(&s->rule, positions, d.outer, valid);
    for (int64_t i = 0; i < positions; i++) {
        int64_t at = i / d.inner * d.length * d.inner + i % d.inner;

        CREMA_TRY(row(l, nx, x, &d, i, &h));
        softmax(&d, x[0].data + at, s->room);
        descend(&d, h, s->room, rate, x[0].diff + at);
    }
    return CREMA_OK;
}

static enum crema_status read_h(struct crema_layer *l)
{
    const char *path = param(l)->source;
    struct state *s = l->state;
    struct crema_blob_file *file;
    enum crema_status status;

    CREMA_TRY(crema_layer_blame(l, &param(l)->source,
                                crema_blob_open(l->ctx, path, &file)));
    s->count = file->blobs ? file->blobs->count : 0;
    s->h = malloc(sizeof *s->h * (size_t)(s->count + 1));
    status = !s->h ? crema_no_memory(l->ctx, path)
             : !s->count
                 ? CREMA_OK
                 : crema_blob_file_read(file, file->blobs, 0, s->count, s->h);
    crema_blob_file_free(file);
    return status;
}

static enum crema_status setup(struct crema_layer *l)
{
    struct state *s = l->state;

    s->rule = crema_loss_rule(l, CREMA_NORMALIZE_VALID);
    if (l->nbottoms > 2 || !l->lender->opens_data) return CREMA_OK;
    if (param(l)->source) return read_h(l);
    return crema_layer_fail(l, NULL,
                            "wants its matrix: infogain_loss_param { source: "
                            ".. } or a third bottom");
}

static enum crema_status record(struct crema_layer *l)
{
    const struct crema_host_op host = { forward, backward, l };
    const struct crema_shape *x = &l->bottom[0]->shape;
    struct crema_shape shapes[2] = { { 0 }, *x };
    struct state *s = l->state;
    int64_t h = s->count;
    struct crema_sides d;

    CREMA_TRY(crema_layer_axis(l, &param(l)->axis, param(l)->axis, x->ndims,
                               &s->axis));
    d = crema_sides(x, s->axis);
    if (crema_shape_count(&l->bottom[1]->shape) != d.outer * d.inner)
        return crema_layer_fail(l, NULL,
                                "%lld labels are needed, one for each position "
                                "outside axis %d",
                                (long long)(d.outer * d.inner), s->axis);
    if (l->nbottoms > 2) h = crema_shape_count(&l->bottom[2]->shape);
    if (l->lender->opens_data && h != d.length * d.length)
        return crema_layer_fail(l, &param(l)->source,
                                "a matrix of %lld numbers for %lld classes",
                                (long long)h, (long long)d.length);
    free(s->room);
    s->room = malloc(sizeof *s->room * (size_t)(d.length + 1));
    if (!s->room) return crema_no_memory(l->ctx, l->param->name);
    crema_expect_labels(l->bottom[1], d.length, s->rule.ignores,
                        s->rule.ignore_label);
    for (int k = 1; k < l->nbottoms; k++)
        l->bottom[k] = crema_detach(l->program, l->bottom[k]);
    crema_host(l->program, &host, l->nbottoms, l->bottom, l->ntops, shapes,
               l->top);
    if (l->ntops > 1 && l->top[1]) l->top[1]->needs_grad = false;
    return CREMA_OK;
}

static void free_state(struct crema_layer *l)
{
    struct state *s = l->state;

    free(s->h);
    free(s->room);
}

static const struct crema_param_doc infogain_loss_param = {
    .message = "infogain_loss_param",
    .fields =
        (const struct crema_field_doc[]){
            { "source", "a .binaryproto with H" },
            { "axis", "along which the classes lie; -1 is the last" },
            { 0 },
        },
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_LOSS,
    .line = "cross entropy weighted by a matrix H of classes",
    .text = "  loss = -sum over c of H[label,c] log softmax(x)[c], over what "
            "loss_param says\n\n"
            "H is classes x classes, from a file or a third bottom; with the "
            "unit matrix this is SoftmaxWithLoss.",
    .bottoms = { { "x", "classes along axis; any others" },
                 { "label", "a class for each position outside axis" },
                 { "h", "optional: H, instead of the file" } },
    .tops = { { "loss", "a single number" },
              { "softmax", "optional, of the shape of x" } },
    .params = { &infogain_loss_param, &crema_loss_param_doc },
    .quirks = "loss_param's normalization is VALID when not given. Neither "
              "label nor H gets a gradient.",
    .example = "infogain_loss_param { source: \"infogain.binaryproto\" }",
};

const struct crema_layer_type crema_layer_InfogainLoss = {
    .name = "InfogainLoss",
    .min_bottoms = 2,
    .max_bottoms = 3,
    .min_tops = 1,
    .max_tops = 2,
    .state_size = sizeof(struct state),
    .loss = true,
    .setup = setup,
    .record = record,
    .free = free_state,
    .doc = &doc,
};
