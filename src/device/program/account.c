/* account.c - what a program's memory is used for. */
#include "device/program/passes.h"

#include <stdlib.h>

/* Gradients of params, and what is made of them on the way to their updates:
 * sums, other layouts. */
static void mark_gradients(struct crema_program *p)
{
    for (struct crema_tensor *t = p->tensors; t; t = t->next)
        if (t->role == CREMA_PARAM && t->grad && t->grad->role == CREMA_VALUE)
            crema_tensor_root(t->grad)->use = CREMA_USE_PARAM_GRAD;
    for (int i = 0; i < p->nops; i++) {
        struct crema_op *op = p->op[i];

        if (op->type == &crema_op_reorder && op->in[0]->role == CREMA_VALUE &&
            crema_tensor_root(op->in[0])->use == CREMA_USE_PARAM_GRAD)
            crema_tensor_root(op->out[0])->use = CREMA_USE_PARAM_GRAD;
    }
}

static void mark_workspaces(struct crema_program *p)
{
    for (int i = 0; i < p->nops; i++) {
        const struct crema_op *op = p->op[i];
        int k = op->type->workspace;

        if (k && k < op->nout && op->out[k])
            crema_tensor_root(op->out[k])->use = CREMA_USE_WORKSPACE;
    }
}

static void count_params(struct crema_program *p)
{
    struct crema_memory *m = &p->memory;

    for (int i = 0; i < p->end[CREMA_FORWARD]; i++)
        for (int k = 0; k < p->op[i]->nin; k++) {
            struct crema_tensor *t = p->op[i]->in[k];

            if (t && t->role == CREMA_PARAM) t->use = CREMA_USE_FORWARD;
        }
    for (const struct crema_tensor *t = p->tensors; t; t = t->next)
        if (t->role == CREMA_PARAM && t->settled)
            *(t->use == CREMA_USE_FORWARD ? &m->params : &m->history) +=
                t->layout.bytes;
}

/* Bytes of each use at each op; all of one use lie side by side. */
static void add_lives(const struct crema_program *p, int64_t *live)
{
    const int n = p->nops + 1;

    for (const struct crema_tensor *t = p->tensors; t; t = t->next) {
        int64_t *at = live + (int64_t)t->use * n;

        if (t->role != CREMA_VALUE || t->keep || t->storage != t ||
            !t->settled || t->born < 0)
            continue;
        at[t->born] += (int64_t)t->layout.bytes;
        at[t->dies + 1] -= (int64_t)t->layout.bytes;
    }
    for (int u = 0; u < CREMA_USES; u++)
        for (int i = 1; i < n; i++) live[u * n + i] += live[u * n + i - 1];
}

enum crema_status crema_pass_account(struct crema_program *p)
{
    const size_t n = (size_t)p->nops + 1;
    int64_t *live = calloc(n * CREMA_USES, sizeof *live);
    const int64_t *values, *workspaces, *gradients;
    struct crema_memory *m = &p->memory;

    if (!live) return crema_no_memory(p->ctx, "planning memory");
    mark_gradients(p);
    mark_workspaces(p);
    count_params(p);
    add_lives(p, live);
    values = live + n * CREMA_USE_VALUE;
    workspaces = live + n * CREMA_USE_WORKSPACE;
    gradients = live + n * CREMA_USE_PARAM_GRAD;
    for (size_t i = 0; i < n; i++) {
        if ((size_t)(values[i] + workspaces[i]) > m->values) {
            m->values = (size_t)(values[i] + workspaces[i]);
            m->workspaces = (size_t)workspaces[i];
        }
        if ((size_t)gradients[i] > m->gradients)
            m->gradients = (size_t)gradients[i];
    }
    if (p->heap_bytes > m->values) m->more = p->heap_bytes - m->values;
    free(live);
    return CREMA_OK;
}
