/* cost.c - what a step would take with the arrangements that its convolutions
 * have: the times of their trials, and the reorders between them.
 */
#include "device/program/choose.h"

/* What lies in one arrangement or another: not vectors, which are the same in
 * all, nor weights, which count apart. */
static bool is_image(const struct crema_tensor *t)
{
    return t && t->role != CREMA_PARAM && t->shape.ndims > 2;
}

/* Where an op without a choice has its images; CREMA_RULE: dense. */
static enum crema_arrangement followed(const struct crema_op *op)
{
    const struct crema_op *f = op;

    if (op->forward && !op->type->elementwise) f = op->forward;
    if (f->nout > 0 && f->out[0] && f->out[0]->shape.ndims <= 2)
        return CREMA_RULE;
    if (f->type == &crema_op_view &&
        !crema_shape_equal(&f->in[0]->shape, &f->out[0]->shape))
        return CREMA_RULE;
    for (int k = 0; k < f->nin; k++)
        if (is_image(f->in[k])) return f->in[k]->lies;
    return CREMA_RULE;
}

/* Bytes moved to have the op's images as `a`; copies are made once. */
static double fetch(const struct crema_op *op, enum crema_arrangement a,
                    bool reads_dense)
{
    double bytes = 0;

    for (int k = 0; k < op->nin; k++) {
        struct crema_tensor *t = op->in[k];

        if (!is_image(t) || t->lies == a || (t->lies_too >> a & 1)) continue;
        if (t->lies == CREMA_RULE && reads_dense) continue;
        t->lies_too |= 1u << a;
        bytes += 8.0 * (double)crema_shape_count(&t->shape);
    }
    for (int k = 0; k < op->nout; k++)
        if (op->out[k]) op->out[k]->lies = a;
    return bytes;
}

/* Bytes moved for weights: those of the readers and of the gradient that do not
 * have the layout which most have, or which is settled. */
static double fetch_weights(const struct crema_family *f)
{
    const struct crema_tensor *w = f->trial->forward->in[1];
    const struct crema_param *home =
        f->member[CREMA_CONV_FORWARD]->op->in[1]->param;
    const struct crema_layout *l[CREMA_CONV_ROLES];
    int n = 0, most = 0;

    for (int r = 0; r < CREMA_CONV_ROLES; r++)
        if (f->member[r])
            l[n++] = &f->trial->as[f->member[r]->op->arrangement].weights[r];
    for (int i = 0; i < n; i++) {
        int same = 0;

        for (int k = 0; k < n; k++) same += crema_layout_equal(l[i], l[k]);
        if (home && home->settled && !crema_layout_equal(l[i], &home->layout))
            same = 0;
        if (same > most) most = same;
    }
    return 8.0 * (double)(n - most) * (double)crema_shape_count(&w->shape);
}

static double fetch_choice(const struct crema_choice *c)
{
    enum crema_arrangement a = c->op->arrangement;
    bool reads_dense = crema_conv_role(c->op) != CREMA_CONV_DATA &&
                       c->family->trial->as[a].reads_dense;

    if (a == CREMA_WINOGRAD) a = CREMA_BLOCKED;
    if (a == CREMA_PACKED) a = CREMA_LAST;
    return fetch(c->op, a, reads_dense);
}

double crema_arrangement_cost(const struct crema_search *s)
{
    double seconds = 0, bytes = 0;

    for (struct crema_tensor *t = s->p->tensors; t; t = t->next) {
        t->lies = CREMA_RULE;
        t->lies_too = 0;
    }
    for (int i = 0; i < s->nfamilies; i++) {
        const struct crema_family *f = &s->family[i];

        for (int r = 0; r < CREMA_CONV_ROLES; r++) {
            const struct crema_choice *c = f->member[r];

            if (!c) continue;
            seconds += f->trial->as[c->op->arrangement].seconds[r] *
                       (double)f->member[0]->op->in[0]->shape.dim[0];
        }
        if (s->p->train) bytes += fetch_weights(f); /* else once: constants.c */
    }
    for (int i = 0, k = 0; i < s->p->nops; i++) {
        const struct crema_op *op = s->p->op[i];

        if (k < s->nchoices && s->choice[k].op == op)
            bytes += fetch_choice(&s->choice[k++]);
        else
            bytes += fetch(op, followed(op), false);
    }
    return seconds + bytes * s->moving;
}
