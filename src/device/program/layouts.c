/* layouts.c - layouts, reorders and calls.
 *
 * negotiate  each op is asked in order; a value lies as its producer made it
 * settle     each param lies as most of its readers and its gradient do
 * insert     a reorder goes before each reader that wants something else
 *
 * Ops that change a param are asked last: they follow it.
 */
#include "device/program/passes.h"

#include <stdlib.h>
#include <string.h>

static void settle_value(struct crema_tensor *t, const struct crema_layout *l)
{
    t->layout = *l;
    t->settled = true;
}

/* Masters are float32 whatever the op reads. */
static enum crema_status settle_param(struct crema_tensor *t,
                                      const struct crema_layout *l)
{
    struct crema_layout home = crema_layout_as(l, CREMA_F32);

    CREMA_TRY(crema_param_settle(t->param, &home));
    settle_value(t, &home);
    return CREMA_OK;
}

/* ---- negotiate -------------------------------------------------------- */

/* A view keeps its input's layout if the shape stays, else needs it dense. */
static void plan_view(const struct crema_op *op, struct crema_port *in,
                      struct crema_port *out)
{
    enum crema_type type = in->have ? in->have->type : CREMA_F32;

    in->want = crema_layout_dense(&op->in[0]->shape, type);
    out->want = crema_layout_dense(&op->out[0]->shape, type);
    if (in->have && crema_shape_equal(&op->in[0]->shape, &op->out[0]->shape))
        in->want = out->want = *in->have;
}

/* The op behind op[i], if it reads t. */
static const struct crema_op *next_reader(const struct crema_program *p, int i,
                                          const struct crema_tensor *t)
{
    const struct crema_op *next = i + 1 < p->nops ? p->op[i + 1] : NULL;

    for (int k = 0; t && next && k < next->nin; k++)
        if (next->in[k] == t) return next;
    return NULL;
}

static enum crema_status negotiate(struct crema_program *p, int at)
{
    struct crema_port in[CREMA_MAX_PORTS], out[CREMA_MAX_PORTS];
    struct crema_op *op = p->op[at];

    memset(in, 0, sizeof *in * (size_t)op->nin);
    memset(out, 0, sizeof *out * (size_t)op->nout);
    for (int i = 0; i < op->nin; i++)
        if (op->in[i] && op->in[i]->settled) in[i].have = &op->in[i]->layout;
    for (int i = 0; i < op->nout; i++)
        out[i].reader = next_reader(p, at, op->out[i]);
    if (op->type == &crema_op_view)
        plan_view(op, in, out);
    else
        CREMA_TRY(crema_device_plan(p->dev, op, in, out));
    for (int i = 0; i < op->nin; i++) op->want[i] = in[i].want;
    for (int i = 0; i < op->nout; i++)
        if (op->out[i]) settle_value(op->out[i], &out[i].want);
    return CREMA_OK;
}

static void free_call(struct crema_op *op)
{
    if (op->call) op->call->free(op->call);
    op->call = NULL;
}

static void forget(struct crema_program *p)
{
    for (int i = 0; i < p->nops; i++) {
        free_call(p->op[i]);
        p->op[i]->backend = NULL;
    }
    for (struct crema_tensor *t = p->tensors; t; t = t->next)
        if (t->role == CREMA_VALUE) t->settled = false;
}

/* The backend that wrote op->forward's workspace cannot do its backward: from
 * now on another one has to do both. */
static bool refuse_pair(struct crema_program *p, struct crema_op *op)
{
    const struct crema_backend *const *b = p->dev->type->backends;

    for (int i = 0; op->forward && b[i]; i++)
        if (op->forward->backend == b[i] && !(op->forward->refused >> i & 1)) {
            op->forward->refused |= 1u << i;
            return true;
        }
    return false;
}

static enum crema_status negotiate_all(struct crema_program *p)
{
    for (int i = 0; i < p->nops; i++) {
        struct crema_op *op = p->op[i];
        enum crema_status status;

        if (op->type->mutates) continue;
        status = negotiate(p, i);
        if (status == CREMA_EUNSUPPORTED && refuse_pair(p, op)) {
            forget(p);
            i = -1;
            continue;
        }
        CREMA_TRY(status);
    }
    return CREMA_OK;
}

/* ---- settle ----------------------------------------------------------- */

/* How many want a param so: its readers and its gradient. */
struct crema_ballot {
    const struct crema_layout *layout;
    int votes;
    struct crema_ballot *next;
};

/* Only float32 may be a home: another reader needs its copy anyway. */
static enum crema_status cast(struct crema_program *p, struct crema_tensor *t,
                              const struct crema_layout *l)
{
    struct crema_ballot **b = &t->ballots;

    while (*b && !crema_layout_equal((*b)->layout, l)) b = &(*b)->next;
    if (!*b) {
        *b = crema_arena_alloc(&p->arena, sizeof **b);
        if (!*b) return crema_no_memory(p->ctx, "planning layouts");
        (*b)->layout = l;
    }
    (*b)->votes += l->type == CREMA_F32;
    return CREMA_OK;
}

static enum crema_status cast_all(struct crema_program *p)
{
    for (struct crema_tensor *t = p->tensors; t; t = t->next)
        if (t->role == CREMA_PARAM && t->grad && t->grad->settled &&
            t->grad->layout.type == CREMA_F32)
            CREMA_TRY(cast(p, t, &t->grad->layout));
    for (int i = 0; i < p->nops; i++)
        for (int k = 0; k < p->op[i]->nin; k++) {
            const struct crema_op *op = p->op[i];
            struct crema_tensor *t = op->in[k];

            if (t && t->role == CREMA_PARAM && !op->type->mutates)
                CREMA_TRY(cast(p, t, &op->want[k]));
        }
    return CREMA_OK;
}

/* Where votes are equal, as the first of them wants it. */
static enum crema_status elect(struct crema_tensor *t)
{
    const struct crema_ballot *best = t->ballots;

    for (const struct crema_ballot *b = best; b; b = b->next)
        if (b->votes > best->votes) best = b;
    return best ? settle_param(t, best->layout) : CREMA_OK;
}

static enum crema_status settle_params(struct crema_program *p)
{
    CREMA_TRY(cast_all(p));
    for (struct crema_tensor *t = p->tensors; t; t = t->next)
        if (t->role == CREMA_PARAM && !t->settled) CREMA_TRY(elect(t));
    for (int i = 0; i < p->nops; i++) {
        struct crema_op *op = p->op[i];

        if (!op->type->mutates) continue;
        CREMA_TRY(negotiate(p, i));
        for (int k = 0; k < op->nin; k++) {
            struct crema_tensor *t = op->in[k];

            if (t && t->role == CREMA_PARAM && !t->settled)
                CREMA_TRY(settle_param(t, &op->want[k]));
        }
    }
    return CREMA_OK;
}

/* ---- insert ----------------------------------------------------------- */

static enum crema_status reorder(struct crema_program *p,
                                 struct crema_tensor *from,
                                 struct crema_tensor *to)
{
    struct crema_port in = { .have = &from->layout };
    struct crema_port out = { .have = &to->layout };
    struct crema_op *op = crema_op_record_into(p, &crema_op_reorder, NULL, 1,
                                               &from, 1, &to, NULL);

    if (!op) return p->ctx->status;
    op->want[0] = from->layout;
    return crema_device_plan(p->dev, op, &in, &out);
}

/* t as `want`: itself, an earlier copy, or a new one made here. */
static enum crema_status as(struct crema_program *p, struct crema_tensor *t,
                            const struct crema_layout *want, bool fresh,
                            struct crema_tensor **out)
{
    struct crema_tensor *copy;

    *out = t;
    if (crema_layout_equal(&t->layout, want)) return CREMA_OK;
    for (copy = t->copies; copy && !fresh; copy = copy->next_copy)
        if (crema_layout_equal(&copy->layout, want)) {
            *out = copy;
            return CREMA_OK;
        }
    copy = crema_program_value(p, &t->shape);
    if (!copy) return p->ctx->status;
    copy->name = t->name;
    settle_value(copy, want);
    copy->next_copy = t->copies;
    t->copies = copy;
    *out = copy;
    return reorder(p, t, copy);
}

/* Inputs as the op wants them; home[k]: where what it changes belongs. */
static enum crema_status provide(struct crema_program *p, struct crema_op *op,
                                 struct crema_tensor **home)
{
    for (int k = 0; k < op->nin; k++) {
        bool mutated = (uint64_t)op->type->mutates >> k & 1;
        struct crema_tensor *t = op->in[k];

        if (!t) continue;
        CREMA_TRY(as(p, t, &op->want[k], mutated, &op->in[k]));
        if (mutated && op->in[k] != t) home[k] = t;
    }
    return CREMA_OK;
}

/* op, with reorders before it and behind it; when it does not get into the
 * list its call is freed. */
static enum crema_status insert(struct crema_program *p, struct crema_op *op)
{
    struct crema_tensor *home[CREMA_MAX_PORTS] = { NULL };
    enum crema_status status;

    p->layer = op->layer;
    status = provide(p, op, home);
    if (status == CREMA_OK && !crema_program_append(p, op))
        status = p->ctx->status;
    if (status != CREMA_OK) {
        free_call(op);
        return status;
    }
    for (int k = 0; k < op->nin; k++)
        if (home[k]) CREMA_TRY(reorder(p, op->in[k], home[k]));
    return CREMA_OK;
}

static enum crema_status insert_all(struct crema_program *p)
{
    struct crema_op **old = p->op;
    int n = p->nops, end[CREMA_STAGES], stage = 0;
    enum crema_status status = CREMA_OK;

    memcpy(end, p->end, sizeof end);
    p->op = NULL;
    p->nops = p->capacity = 0;
    for (int i = 0; i < n; i++) {
        while (stage < CREMA_STAGES && end[stage] == i)
            p->end[stage++] = p->nops;
        if (status == CREMA_OK)
            status = insert(p, old[i]);
        else
            free_call(old[i]); /* it is in no list any more */
    }
    while (stage < CREMA_STAGES) p->end[stage++] = p->nops;
    free(old);
    return status;
}

/* Params that another program has settled since this one was recorded. */
static void adopt(struct crema_program *p)
{
    for (struct crema_tensor *t = p->tensors; t; t = t->next)
        if (t->role == CREMA_PARAM && t->param->settled)
            settle_value(t, &t->param->layout);
}

enum crema_status crema_pass_layouts(struct crema_program *p)
{
    adopt(p);
    CREMA_TRY(negotiate_all(p));
    CREMA_TRY(settle_params(p));
    return insert_all(p);
}
