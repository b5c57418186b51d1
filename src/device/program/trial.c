/* trial.c - a convolution and its gradients, timed alone.
 *
 * They are recorded as a program of their own, with fewer images and weights
 * that are zero, and run a few times.  The least time of each op counts: what
 * else the machine does can only make it longer.
 */
#include "device/program/trial.h"

#include "base/clock.h"
#include "device/program/passes.h"

#include <stdlib.h>
#include <string.h>

enum { FEWEST_RUNS = 2, MOST_RUNS = 5 };
enum { LEAST_POSITIONS = 512 };         /* of all images, for a gradient of X */
static const double too_long = 0.2;     /* for a second run; seconds */
static const double least_flops = 2e7;  /* of a forward pass */
static const double long_enough = 0.01; /* of all runs together; seconds */

/* What the trial's program needs to live. */
struct stage {
    struct crema_device *dev;
    struct crema_heap heap;
    struct crema_param w, b;
    struct crema_program *p;
    int64_t images;
};

enum crema_conv_role crema_conv_role(const struct crema_op *op)
{
    if (op->type == &crema_op_conv_bwd_data) return CREMA_CONV_DATA;
    if (op->type == &crema_op_conv_bwd_weights) return CREMA_CONV_WEIGHTS;
    return CREMA_CONV_FORWARD;
}

/* ---- recording ---------------------------------------------------------- */

/* The weights' shape, without the weights. */
static struct crema_tensor *stand_in(struct stage *s, struct crema_param *param,
                                     const struct crema_tensor *like)
{
    if (!like) return NULL;
    *param = (struct crema_param){ .name = "a trial's weights",
                                   .shape = like->shape,
                                   .dev = s->dev };
    return crema_program_param(s->p, param, like->needs_grad);
}

static enum crema_status record(struct stage *s, const struct crema_trial *t)
{
    const struct crema_op *f = t->forward;
    struct crema_program *p = s->p;
    struct crema_shape shape = f->in[0]->shape;
    struct crema_tensor *x, *w, *y, *dy;

    shape.dim[0] = s->images;
    p->storage = f->storage;
    p->grad_storage = f->grad_storage;
    x = crema_program_input(p, &shape, CREMA_F32);
    if (x) x->needs_grad = f->in[0]->needs_grad;
    w = stand_in(s, &s->w, f->in[1]);
    y = crema_conv(p, f->params, x, w, stand_in(s, &s->b, f->in[2]));
    crema_program_end(p, CREMA_FORWARD);
    if (t->gradient[CREMA_CONV_DATA] || t->gradient[CREMA_CONV_WEIGHTS]) {
        dy = y ? crema_program_input(p, &y->shape, CREMA_F32) : NULL;
        if (dy) crema_program_seed(p, y, dy);
        if (!p->failed) CREMA_TRY(crema_program_differentiate(p));
    }
    crema_program_end(p, CREMA_UPDATE);
    return p->failed ? p->ctx->status : CREMA_OK;
}

/* ---- timing ------------------------------------------------------------- */

/* least[i]: seconds of op i. */
static enum crema_status run_once(struct crema_program *p, double *least,
                                  double *now)
{
    for (int i = 0; i < p->nops; i++) now[i] = 0;
    CREMA_TRY(crema_program_time(p, CREMA_FORWARD, now));
    CREMA_TRY(crema_program_time(p, CREMA_BACKWARD, now));
    for (int i = 0; i < p->nops; i++)
        if (now[i] < least[i]) least[i] = now[i];
    return CREMA_OK;
}

static enum crema_status run(struct crema_program *p, double *least)
{
    double *now = least + p->nops, begun = crema_seconds();

    for (int i = 0; i < p->nops; i++) least[i] = 1e30;
    for (int n = 0; n < MOST_RUNS; n++) {
        double spent = crema_seconds() - begun;

        if (n >= FEWEST_RUNS && spent > long_enough) break;
        if (spent > too_long) break;
        CREMA_TRY(run_once(p, least, now));
    }
    return CREMA_OK;
}

static void take(const struct stage *s, struct crema_trial *t,
                 enum crema_arrangement a, const double *least)
{
    struct crema_conv_times *times = &t->as[a];

    for (int i = 0; i < s->p->nops; i++) {
        const struct crema_op *op = s->p->op[i];
        enum crema_conv_role role = crema_conv_role(op);

        if (op->type == &crema_op_reorder) {
            if (i < s->p->constants) continue; /* was not timed */
            t->moved += (double)op->want[0].bytes;
            t->moved += (double)op->out[0]->layout.bytes;
            t->moving += least[i];
        } else if (op->call) {
            times->seconds[role] = least[i] / (double)s->images;
            times->weights[role] = role == CREMA_CONV_FORWARD ? op->want[1]
                                   : role == CREMA_CONV_DATA
                                       ? op->want[0]
                                       : op->out[0]->layout;
        }
        if (op->type == &crema_op_conv)
            times->reads_dense = crema_layout_is_dense(&op->want[0]);
    }
    t->tried |= 1u << a;
}

static enum crema_status perform(struct stage *s, struct crema_trial *t,
                                 enum crema_arrangement a)
{
    enum crema_status status;
    double *seconds;

    s->p->forced = a;
    CREMA_TRY(record(s, t));
    CREMA_TRY(crema_program_prepare(s->p));
    seconds = malloc(sizeof *seconds * 2 * (size_t)(s->p->nops + 1));
    if (!seconds) return crema_no_memory(s->dev->ctx, "a trial");
    status = run(s->p, seconds);
    if (status == CREMA_OK) take(s, t, a, seconds);
    free(seconds);
    return status;
}

/* Enough for all threads to have work, for a clock to see it, and for what is
 * done once for all images, as turning the weights for a gradient, to count as
 * little as in a step.  What gains by many images, as Winograd's method does,
 * is compared with all of them. */
static int64_t images_of(int threads, const struct crema_trial *t)
{
    const struct crema_op *f = t->forward;
    int64_t most = f->in[0]->shape.dim[0];
    int64_t n = threads > 0 ? threads : 1;
    int64_t positions =
        crema_shape_product(&f->out[0]->shape, 2, f->out[0]->shape.ndims);
    double flops = f->type->flops ? f->type->flops(f) / (double)most : 0;

    while (n < most &&
           ((double)n * flops < least_flops ||
            (t->gradient[CREMA_CONV_DATA] && n * positions < LEAST_POSITIONS)))
        n *= 2;
    return n < most && !t->all_images ? n : most;
}

enum crema_status crema_trial_run(struct crema_device *dev,
                                  struct crema_trial *t,
                                  enum crema_arrangement a, int threads)
{
    struct stage s = { .dev = dev,
                       .heap = { .dev = dev },
                       .images = images_of(threads, t) };
    enum crema_status status =
        crema_program_open(dev, &s.heap, t->forward->in[0]->needs_grad, &s.p);

    if (status == CREMA_OK) {
        s.p->threads = threads;
        status = perform(&s, t, a);
    }
    crema_program_free(s.p);
    crema_heap_release(&s.heap);
    if (s.w.dev) crema_param_release(&s.w);
    if (s.b.dev) crema_param_release(&s.b);
    return status;
}

/* ---- memory ------------------------------------------------------------- */

enum { MOST_MOVED = 1 << 23 }; /* numbers: more than any cache holds */

static enum crema_status copy_once(struct stage *s, int64_t count,
                                   double *seconds)
{
    const float same[CREMA_FORMULA_NUMBERS] = { 1, 1, 0 };
    double least[2], now[2];
    struct crema_tensor *x =
        crema_program_input(s->p, &CREMA_SHAPE(count), CREMA_F32);

    (void)crema_unary(s->p, CREMA_UNARY_power, same, x);
    crema_program_end(s->p, CREMA_FORWARD);
    if (s->p->failed) return s->p->ctx->status;
    CREMA_TRY(crema_program_prepare(s->p));
    least[0] = 1e30;
    for (int n = 0; n < FEWEST_RUNS + 1; n++)
        CREMA_TRY(run_once(s->p, least, now));
    *seconds = least[0];
    return CREMA_OK;
}

enum crema_status crema_trial_move(struct crema_device *dev, int64_t count,
                                   int threads, double *per_byte)
{
    struct stage s = { .dev = dev, .heap = { .dev = dev } };
    enum crema_status status = crema_program_open(dev, &s.heap, false, &s.p);

    *per_byte = 0;
    if (count > MOST_MOVED) count = MOST_MOVED;
    if (status == CREMA_OK) {
        s.p->threads = threads;
        status = copy_once(&s, count, per_byte);
        *per_byte /= 8.0 * (double)count;
    }
    crema_program_free(s.p);
    crema_heap_release(&s.heap);
    return status;
}
