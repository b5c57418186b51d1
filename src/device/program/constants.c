/* constants.c - ops that read nothing but params, or nothing at all, come first
 * and run only when a param was changed by somebody else than this program.
 *
 *   in TEST   what is folded into weights, and weights in the layout or type
 *             that an op wants
 *   in TRAIN  weights in another type, where the update can write them so in
 *             its own pass; a few numbers that are always the same
 *
 * What later ops read of them lies in memory of the program's own.
 */
#include "device/program/passes.h"

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
    for (int s = 0; s < CREMA_STAGES; s++) p->end[s] += i >= p->end[s];
}

static void put_all(struct crema_program *p)
{
    for (int i = 0; i < p->end[CREMA_FORWARD]; i++)
        if (is_constant(p, p->op[i])) put(p, i);
    for (int i = p->constants; i < p->nops; i++)
        for (int k = 0; k < p->op[i]->nin; k++) {
            struct crema_tensor *t = p->op[i]->in[k];

            if (t && t->constant) t->keep = true;
        }
}

/* ---- copies that an update writes ----------------------------------------
 */

/* Does op, which is not the update of w, write w? */
static bool writes(const struct crema_op *op, const struct crema_tensor *w)
{
    for (int k = 0; k < op->nin && op->type->mutates; k++)
        if (op->in[k] == w && ((uint64_t)op->type->mutates >> k & 1))
            return true;
    for (int k = 0; k < op->nout; k++)
        if (op->out[k] == w) return true;
    return false;
}

/* w's numbers, each where w has it. */
static bool is_cast(const struct crema_op *op, const struct crema_tensor *w)
{
    const struct crema_layout *to;
    struct crema_layout as;

    if (op->type != &crema_op_reorder || op->in[0] != w) return false;
    to = &op->out[0]->layout;
    as = crema_layout_as(&w->layout, to->type);
    return op->out[0]->role == CREMA_VALUE && crema_layout_equal(&as, to);
}

/* The index of a cast that `update` can do on the side; -1 for none, or where
 * somebody else changes the weight, too. */
static int cast_of(const struct crema_program *p, const struct crema_op *update)
{
    const struct crema_tensor *w = update->in[0];
    int found = -1;

    for (int i = p->constants; i < p->nops; i++) {
        const struct crema_op *op = p->op[i];

        if (op != update && writes(op, w)) return -1;
        if (found < 0 && is_cast(op, w) &&
            update->backend->updates_copy(update, &op->out[0]->layout))
            found = i;
    }
    return found;
}

/* Each weight's first cast. */
static void keep_casts(struct crema_program *p)
{
    for (int i = p->end[CREMA_BACKWARD]; i < p->nops; i++) {
        struct crema_op *op = p->op[i];
        int cast;

        if (op->type != &crema_op_update || !op->backend ||
            !op->backend->updates_copy || op->in[0]->role != CREMA_PARAM)
            continue;
        cast = cast_of(p, op);
        if (cast < 0) continue;
        /* an op's list of outputs has room for one more than it has */
        op->out[op->nout++] = p->op[cast]->out[0];
        p->op[cast]->out[0]->keep = true;
        put(p, cast);
    }
}

/* ---- such as 1, a loss's gradient ---------------------------------------- */

enum { FEW = 1024 }; /* elements that may as well have memory of their own */

static bool fills_few(const struct crema_program *p, const struct crema_op *op)
{
    return op->type == &crema_op_fill && op->nin == 0 && !op->out[0]->keep &&
           !crema_program_watches(p, op->out[0]) &&
           crema_shape_count(&op->out[0]->shape) <= FEW;
}

static void keep_fills(struct crema_program *p)
{
    for (int i = p->constants; i < p->nops; i++) {
        if (!fills_few(p, p->op[i])) continue;
        p->op[i]->out[0]->keep = true;
        put(p, i);
    }
}

void crema_pass_constants(struct crema_program *p)
{
    if (!p->train) {
        put_all(p);
    } else if (p->fuse) {
        keep_casts(p);
        keep_fills(p);
    }
}

/* ---- who changed what ----------------------------------------------------
 */

/* Goes up whenever a param that the constant ops read changes. */
static uint64_t version_of(const struct crema_program *p)
{
    uint64_t version = 1; /* 0 is none */

    for (int i = 0; i < p->constants; i++)
        for (int k = 0; k < p->op[i]->nin; k++) {
            const struct crema_tensor *t = p->op[i]->in[k];

            if (t && t->param) version += t->param->version;
        }
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

/* What the program itself changes of the params that its constant ops read, it
 * changes in their results, too. */
void crema_program_mark(struct crema_program *p, int first, int end)
{
    bool fresh = p->constants && p->version == version_of(p);

    for (int i = first; i < end; i++) {
        const struct crema_op *op = p->op[i];

        for (int k = 0; k < op->nin && op->type->mutates; k++)
            if (((uint64_t)op->type->mutates >> k & 1) && op->in[k] &&
                op->in[k]->param)
                op->in[k]->param->version++;
        for (int k = 0; k < op->nout; k++)
            if (op->out[k] && op->out[k]->param) op->out[k]->param->version++;
    }
    if (fresh) p->version = version_of(p);
}
