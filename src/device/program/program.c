/* program.c - recording: ops and tensors come into being here. */
#include "device/program/passes.h"

#include <stdlib.h>
#include <string.h>

enum crema_status crema_program_open(struct crema_device *dev,
                                     struct crema_heap *heap, bool train,
                                     struct crema_program **out)
{
    struct crema_program *p = calloc(1, sizeof *p);

    if (!p) return crema_no_memory(dev->ctx, "a program");
    p->dev = dev;
    p->ctx = dev->ctx;
    p->train = train;
    p->fuse = true;
    p->forced = dev->forced;
    p->heap = heap;
    p->step = crema_program_input(p, &CREMA_SHAPE(1), CREMA_I32);
    p->rate = crema_program_input(p, &CREMA_SHAPE(4), CREMA_F32);
    if (p->failed) {
        crema_program_free(p);
        return CREMA_ENOMEM;
    }
    *out = p;
    return CREMA_OK;
}

void crema_program_free(struct crema_program *p)
{
    if (!p) return;
    crema_program_erase(p);
    for (struct crema_tensor *t = p->tensors; t; t = t->next)
        if (t->feed) p->dev->type->feed_close(p->dev, t->feed);
    for (int i = 0; i < p->nops; i++)
        if (p->op[i]->call) p->op[i]->call->free(p->op[i]->call);
    crema_device_release(p->dev, p->kept);
    free(p->op);
    crema_arena_free(&p->arena);
    free(p);
}

/* Memory that lives as long as the program. */
static void *make(struct crema_program *p, size_t bytes)
{
    void *m = p->failed ? NULL : crema_arena_alloc(&p->arena, bytes);

    if (!m && !p->failed) {
        p->failed = true;
        (void)!crema_no_memory(p->ctx, "recording a program");
    }
    return m;
}

struct crema_tensor *crema_op_refuse(struct crema_program *p, const char *fmt,
                                     ...)
{
    va_list ap;

    if (p->failed) return NULL;
    p->failed = p->refused = true;
    va_start(ap, fmt);
    (void)!crema_vfail_at(p->ctx, CREMA_EINVAL, NULL, fmt, ap);
    va_end(ap);
    return NULL;
}

const struct crema_shape *crema_tensor_shape(const struct crema_tensor *t)
{
    return &t->shape;
}

static struct crema_tensor *new_tensor(struct crema_program *p,
                                       const struct crema_shape *shape,
                                       enum crema_role role)
{
    char text[CREMA_SHAPE_TEXT];
    struct crema_tensor *t;

    if (!crema_shape_valid(shape))
        return crema_op_refuse(p, "a blob of %s is too large",
                               crema_shape_text(shape, text));
    t = make(p, sizeof *t);
    if (!t) return NULL;
    t->shape = *shape;
    t->role = role;
    t->storage = t;
    t->next = p->tensors;
    return p->tensors = t;
}

struct crema_tensor *crema_program_value(struct crema_program *p,
                                         const struct crema_shape *shape)
{
    return new_tensor(p, shape, CREMA_VALUE);
}

struct crema_tensor *crema_program_input(struct crema_program *p,
                                         const struct crema_shape *shape,
                                         enum crema_type type)
{
    struct crema_tensor *t = new_tensor(p, shape, CREMA_INPUT);

    if (!t) return NULL;
    t->type = type;
    t->layout = crema_layout_dense(shape, type);
    t->settled = true;
    return t;
}

struct crema_tensor *crema_program_param(struct crema_program *p,
                                         struct crema_param *param,
                                         bool needs_grad)
{
    struct crema_tensor *t;

    for (t = p->tensors; t; t = t->next)
        if (t->param == param) {
            t->needs_grad |= needs_grad;
            return t;
        }
    t = new_tensor(p, &param->shape, CREMA_PARAM);
    if (!t) return NULL;
    t->param = param;
    t->name = param->name;
    t->needs_grad = needs_grad;
    t->settled = param->settled;
    t->layout = param->layout;
    return t;
}

bool crema_program_append(struct crema_program *p, struct crema_op *op)
{
    if (p->nops == p->capacity) {
        int capacity = p->capacity ? 2 * p->capacity : 64;
        struct crema_op **more =
            realloc(p->op, (size_t)capacity * sizeof *more);

        if (!more) {
            p->failed = true;
            (void)!crema_no_memory(p->ctx, "recording a program");
            return false;
        }
        p->op = more;
        p->capacity = capacity;
    }
    p->op[p->nops++] = op;
    return true;
}

static struct crema_op *new_op(struct crema_program *p,
                               const struct crema_op_type *type,
                               const void *params, int nin,
                               struct crema_tensor *const *in, int nout)
{
    struct crema_op *op = make(p, sizeof *op);
    void *copy = type->params_size ? make(p, type->params_size) : NULL;

    if (!op || p->failed) return NULL;
    op->type = type;
    if (copy) op->params = memcpy(copy, params, type->params_size);
    op->nin = nin;
    op->nout = nout;
    op->in = make(p, sizeof *op->in * (size_t)(nin + 1));
    op->want = make(p, sizeof *op->want * (size_t)(nin + 1));
    op->out = make(p, sizeof *op->out * (size_t)(nout + 1));
    if (p->failed) return NULL;
    if (nin) memcpy(op->in, in, sizeof *in * (size_t)nin);
    op->layer = p->layer;
    op->storage = p->storage;
    op->grad_storage = p->grad_storage;
    return op;
}

/* Every port has a place on the stack of the passes. */
static bool ports_fit(struct crema_program *p, const struct crema_op_type *type,
                      int nin, int nout)
{
    if (nin <= CREMA_MAX_PORTS && nout <= CREMA_MAX_PORTS) return true;
    crema_op_refuse(p, "%s of %d blobs; %d are possible", type->name,
                    nin > nout ? nin : nout, CREMA_MAX_PORTS);
    return false;
}

struct crema_op *crema_op_record(struct crema_program *p,
                                 const struct crema_op_type *type,
                                 const void *params, int nin,
                                 struct crema_tensor *const *in, int nout,
                                 const struct crema_shape *shapes)
{
    struct crema_op *op;
    bool needs_grad = false;

    if (p->failed || !ports_fit(p, type, nin, nout)) return NULL;
    op = new_op(p, type, params, nin, in, nout);
    if (!op) return NULL;
    for (int i = 0; i < nin; i++) needs_grad |= in[i] && in[i]->needs_grad;
    for (int i = 0; i < nout; i++) {
        op->out[i] = crema_program_value(p, &shapes[i]);
        if (!op->out[i]) return NULL;
        op->out[i]->needs_grad = needs_grad && type->gradient;
    }
    return crema_program_append(p, op) ? op : NULL;
}

struct crema_op *crema_op_record_into(struct crema_program *p,
                                      const struct crema_op_type *type,
                                      const void *params, int nin,
                                      struct crema_tensor *const *in, int nout,
                                      struct crema_tensor *const *out,
                                      struct crema_op *forward)
{
    struct crema_op *op;

    if (p->failed || !ports_fit(p, type, nin, nout)) return NULL;
    op = new_op(p, type, params, nin, in, nout);
    if (!op) return NULL;
    for (int i = 0; i < nout; i++) op->out[i] = out[i];
    op->forward = forward;
    if (forward) op->storage = forward->grad_storage;
    return crema_program_append(p, op) ? op : NULL;
}

void crema_program_end(struct crema_program *p, enum crema_stage stage)
{
    for (int s = stage; s < CREMA_STAGES; s++) p->end[s] = p->nops;
}

void crema_program_keep(struct crema_tensor *t)
{
    t->keep = true;
}

enum crema_status crema_program_watch(struct crema_program *p,
                                      const struct crema_tensor *t)
{
    struct crema_watch *w = make(p, sizeof *w);

    if (!w) return CREMA_ENOMEM;
    w->tensor = t;
    w->next = p->watched;
    p->watched = w;
    return CREMA_OK;
}
