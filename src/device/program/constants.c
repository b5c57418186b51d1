/* constants.c - in TEST, ops that read nothing but params come first and run
 * only when a param has changed: what is folded into weights, and weights in
 * the layout or type that an op wants.
 *
 * What later ops read of them lies in memory of the program's own.
 */
#include "device/program/passes.h"

#include <stdlib.h>
#include <string.h>

bool crema_program_changes(const struct crema_program *p,
                           const struct crema_tensor *t)
{
    for (int i = 0; i < p->nops; i++) {
        const struct crema_op *op = p->op[i];

        for (int k = 0; k < op->nin; k++)
            if (op->in[k] == t && ((uint64_t)op->type->mutates >> k & 1))
                return true;
        for (int k = 0; k < op->nout; k++)
            if (op->out[k] == t) return true;
    }
    return false;
}

static bool stands_still(const struct crema_program *p,
                         const struct crema_tensor *t)
{
    if (t->role == CREMA_PARAM) return !crema_program_changes(p, t);
    return t->constant;
}

static bool is_constant(const struct crema_program *p,
                        const struct crema_op *op)
{
    bool reads = false;

    if (op->type->mutates || op->type == &crema_op_host) return false;
    for (int k = 0; k < op->nin; k++) {
        if (!op->in[k]) continue;
        if (!stands_still(p, op->in[k])) return false;
        reads = true;
    }
    for (int k = 0; k < op->nout; k++) {
        const struct crema_tensor *t = op->out[k];

        if (t &&
            (t->role != CREMA_VALUE || t->keep || crema_program_watches(p, t)))
            return false;
    }
    return reads;
}

/* op[i] becomes the last of the constant ones. */
static void put(struct crema_program *p, int i)
{
    struct crema_op *op = p->op[i];

    for (int k = 0; k < op->nout; k++)
        if (op->out[k]) op->out[k]->constant = true;
    for (int k = i; k > p->constants; k--) p->op[k] = p->op[k - 1];
    p->op[p->constants++] = op;
}

void crema_pass_constants(struct crema_program *p)
{
    for (int i = 0; i < p->end[CREMA_FORWARD]; i++)
        if (is_constant(p, p->op[i])) put(p, i);
    for (int i = p->constants; i < p->nops; i++)
        for (int k = 0; k < p->op[i]->nin; k++) {
            struct crema_tensor *t = p->op[i]->in[k];

            if (t && t->constant) t->keep = true;
        }
}

/* Goes up whenever one of the program's params changes. */
static uint64_t version_of(const struct crema_program *p)
{
    uint64_t version = 1; /* 0 is none */

    for (const struct crema_tensor *t = p->tensors; t; t = t->next)
        if (t->role == CREMA_PARAM) version += t->param->version;
    return version;
}

enum crema_status crema_program_refresh(struct crema_program *p)
{
    uint64_t version = p->constants ? version_of(p) : 0;

    if (version == p->version) return CREMA_OK;
    for (int i = 0; i < p->constants; i++) {
        struct crema_op *op = p->op[i];

        if (op->call) CREMA_TRY(op->call->run(op->call, op));
    }
    p->version = version;
    return CREMA_OK;
}

void crema_program_mark(struct crema_program *p, int first, int end)
{
    for (int i = first; i < end; i++) {
        const struct crema_op *op = p->op[i];

        for (int k = 0; k < op->nin && op->type->mutates; k++)
            if (((uint64_t)op->type->mutates >> k & 1) && op->in[k] &&
                op->in[k]->param)
                op->in[k]->param->version++;
        for (int k = 0; k < op->nout; k++)
            if (op->out[k] && op->out[k]->param) op->out[k]->param->version++;
    }
}
