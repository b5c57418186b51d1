/* plan.c - who runs an op.
 *
 * Each device has an ordered list of backends; behind the last stands ref, the
 * definition of every op, which on a device with memory of its own works
 * through copies.
 */
#include "device/backend.h"

#include <stdlib.h>

typedef enum crema_status host_fn(struct crema_ctx *, const struct crema_op *);

/* A host function; on a device with its own memory it works on `shadow`, a copy
 * of the op whose tensors lie in host memory. */
struct host_call {
    struct crema_call base;
    host_fn *fn;
    struct crema_op shadow;
    struct crema_tensor *tensors; /* in, then out */
};

/* NaN stays what it is. */
static void relu(const struct crema_op *op)
{
    float *y = crema_out(op, 0);
    int64_t count = crema_shape_count(&op->out[0]->shape);

    for (int64_t i = 0; i < count; i++) y[i] = y[i] < 0 ? 0 : y[i];
}

static enum crema_status run_host(struct crema_call *call, struct crema_op *op)
{
    struct host_call *h = (struct host_call *)call;

    CREMA_TRY(h->fn(call->dev->ctx, op));
    if (op->relu && h->fn == op->type->ref) relu(op);
    return CREMA_OK;
}

static void free_host(struct crema_call *call)
{
    struct host_call *h = (struct host_call *)call;
    int n = h->shadow.nin + h->shadow.nout;

    for (int i = 0; i < n && h->tensors; i++) free(h->tensors[i].data);
    free(h->tensors);
    free(h->shadow.in);
    free(h);
}

enum crema_status crema_host_call(struct crema_device *dev, struct crema_op *op,
                                  host_fn *fn, const char *info)
{
    struct host_call *h = calloc(1, sizeof *h);

    if (!h) return crema_no_memory(dev->ctx, "a prepared op");
    h->base =
        (struct crema_call){ .run = run_host, .free = free_host, .info = info };
    h->fn = fn;
    op->call = &h->base;
    return CREMA_OK;
}

/* Copies what the op reads to the host, runs, and brings back what it wrote. */
static enum crema_status run_shadow(struct crema_call *call,
                                    struct crema_op *op)
{
    struct host_call *h = (struct host_call *)call;
    struct crema_op *s = &h->shadow;

    for (int i = 0; i < s->nin; i++)
        if (s->in[i])
            CREMA_TRY(crema_device_download(call->dev, s->in[i]->data,
                                            op->in[i]->data,
                                            s->in[i]->layout.bytes));
    s->relu = op->relu;
    CREMA_TRY(run_host(call, s));
    for (int i = 0; i < s->nin; i++)
        if (s->in[i] && ((uint64_t)op->type->mutates >> i & 1))
            CREMA_TRY(crema_device_upload(call->dev, op->in[i]->data,
                                          s->in[i]->data,
                                          s->in[i]->layout.bytes));
    for (int i = 0; i < s->nout; i++)
        if (s->out[i])
            CREMA_TRY(crema_device_upload(call->dev, op->out[i]->data,
                                          s->out[i]->data,
                                          s->out[i]->layout.bytes));
    return CREMA_OK;
}

static struct crema_tensor *shadow_of(struct crema_tensor *room,
                                      const struct crema_tensor *t,
                                      const struct crema_layout *layout)
{
    if (!t) return NULL;
    *room = *t;
    room->layout = *layout;
    room->data = malloc(layout->bytes + 1);
    return room->data ? room : NULL;
}

static enum crema_status add_shadow(struct crema_device *dev,
                                    struct crema_op *op,
                                    const struct crema_port in[],
                                    const struct crema_port out[])
{
    struct host_call *h = (struct host_call *)op->call;
    size_t n = (size_t)(op->nin + op->nout);
    struct crema_op *s = &h->shadow;

    h->base.run = run_shadow;
    h->base.waits = true;
    *s = *op;
    s->in = calloc(n + 1, sizeof *s->in);
    s->out = s->in ? s->in + op->nin : NULL;
    h->tensors = calloc(n + 1, sizeof *h->tensors);
    if (!s->in || !h->tensors)
        return crema_no_memory(dev->ctx, "copies for a host op");
    for (int i = 0; i < op->nin; i++) {
        s->in[i] = shadow_of(&h->tensors[i], op->in[i], &in[i].want);
        if (op->in[i] && !s->in[i])
            return crema_no_memory(dev->ctx, "copies for a host op");
    }
    for (int i = 0; i < op->nout; i++) {
        s->out[i] =
            shadow_of(&h->tensors[op->nin + i], op->out[i], &out[i].want);
        if (op->out[i] && !s->out[i])
            return crema_no_memory(dev->ctx, "copies for a host op");
    }
    return CREMA_OK;
}

static void want_dense(const struct crema_tensor *t, struct crema_port *port)
{
    if (!t) return;
    port->want = crema_layout_dense(
        &t->shape, t->role == CREMA_INPUT ? t->type : CREMA_F32);
}

/* The layouts of a reorder are given; everything else is dense. */
static enum crema_status plan_ref(struct crema_device *dev, struct crema_op *op,
                                  struct crema_port in[],
                                  struct crema_port out[])
{
    enum crema_status status;

    if (op->type == &crema_op_reorder) {
        in[0].want = *in[0].have;
        out[0].want = *out[0].have;
    } else {
        for (int i = 0; i < op->nin; i++) want_dense(op->in[i], &in[i]);
        for (int i = 0; i < op->nout; i++) want_dense(op->out[i], &out[i]);
    }
    CREMA_TRY(crema_host_call(dev, op, op->type->ref, "ref"));
    if (dev->type->host) return CREMA_OK;
    status = add_shadow(dev, op, in, out);
    if (status != CREMA_OK) {
        op->call->free(op->call);
        op->call = NULL;
        return status;
    }
    crema_log(dev->ctx, CREMA_WARNING,
              "layer \"%s\": %s runs on the host, through copies",
              op->layer ? op->layer : "", op->type->name);
    return CREMA_OK;
}

/* Only the backend that wrote a workspace can read it. */
static bool may_take(const struct crema_backend *backend,
                     const struct crema_op *op)
{
    const struct crema_op *f = op->forward;

    return !f || !f->type->workspace || f->backend == backend;
}

enum crema_status crema_device_plan(struct crema_device *dev,
                                    struct crema_op *op, struct crema_port in[],
                                    struct crema_port out[])
{
    const struct crema_backend *const *b = dev->type->backends;
    enum crema_status status;

    for (int i = 0; b[i]; i++) {
        if ((op->refused >> i & 1) || !may_take(b[i], op)) continue;
        status = b[i]->plan(dev, op, in, out);
        if (status == CREMA_EUNSUPPORTED) continue;
        CREMA_TRY(status);
        op->backend = b[i];
        op->call->dev = dev;
        return CREMA_OK;
    }
    if (!may_take(NULL, op)) return CREMA_EUNSUPPORTED;
    CREMA_TRY(plan_ref(dev, op, in, out));
    op->backend = NULL;
    op->call->dev = dev;
    return CREMA_OK;
}
