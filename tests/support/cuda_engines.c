/* cuda_engines.c - in cuDNN's place: ref over dense copies.
 *
 * With dense operands it fuses bias and ReLU; with the channels innermost, and
 * padded as for tensor cores, it does not, so that both ways of conv.c are run.
 * There groups in 16 bits come to our own kernels.
 */
#include "support/cuda_on_host.h"

#include "device/cuda/conv_own.h"

#include <stdlib.h>
#include <string.h>

enum { WORKSPACE = 1000, BLOCKS = 30, ROOM = 1 << 26 };

struct conv_engine {
    struct conv_case problem;
    bool fused, is_own;
    struct crema_own own;
    struct conv_data data;
    void *workspace;
};

struct conv_manner crema_cuda_conv_manner(const struct crema_device *dev,
                                          enum crema_type type)
{
    bool last = strcmp(dev->name, CUDA_ON_HOST_LAST) == 0;

    (void)type;
    return (struct conv_manner){ last, last };
}

enum crema_status crema_cuda_engine_find(struct crema_device *dev,
                                         const struct conv_case *problem,
                                         struct conv_engine **out)
{
    int width;

    *out = calloc(1, sizeof **out);
    if (!*out) return crema_no_memory(dev->ctx, "an engine");
    (*out)->problem = *problem;
    (*out)->fused = crema_conv_form_fits(problem, CONV_FUSED) &&
                    strcmp(dev->name, CUDA_ON_HOST_LAST) != 0;
    width = crema_conv_own_is_width(problem, 128) ? 128 : 64;
    (*out)->is_own =
        problem->x.type != CREMA_F32 && problem->conv.groups > 1 &&
        crema_conv_own_fits(problem) &&
        crema_conv_own_plan(problem, width, BLOCKS, ROOM, &(*out)->own);
    (*out)->fused |= (*out)->is_own;
    return CREMA_OK;
}

bool crema_cuda_engine_fuses(const struct conv_engine *e)
{
    return e->fused;
}

enum crema_type crema_cuda_engine_bias(const struct conv_engine *e)
{
    return e->fused && !e->is_own ? e->problem.y.type : CREMA_F32;
}

size_t crema_cuda_engine_workspace(const struct conv_engine *e)
{
    return WORKSPACE + (e->is_own ? crema_conv_own_workspace(&e->own) : 0);
}

const char *crema_cuda_engine_info(const struct conv_engine *e)
{
    return e->is_own ? "own" : e->fused ? "ref fused" : "ref";
}

enum crema_status crema_cuda_engine_bind(struct conv_engine *e,
                                         struct crema_device *dev,
                                         const struct conv_data *d,
                                         void *workspace)
{
    (void)dev;
    e->data = *d;
    e->workspace = workspace;
    return CREMA_OK;
}

/* The op lies as planned, and where it was bound. */
static bool is_bound(const struct conv_engine *e, const struct crema_op *op)
{
    struct conv_parts p = crema_cuda_conv_parts(op);

    return p.way == e->problem.way && p.x->data == e->data.x &&
           p.w->data == e->data.w && p.y->data == e->data.y &&
           crema_layout_equal(&p.x->layout, &e->problem.x) &&
           crema_layout_equal(&p.w->layout, &e->problem.w) &&
           crema_layout_equal(&p.y->layout, &e->problem.y);
}

/* A dense copy of t, with its values where it is read. */
static bool dense_copy(const struct crema_tensor *t, bool read,
                       struct crema_tensor *out)
{
    int64_t count = crema_shape_count(&t->shape);

    *out = *t;
    out->layout = crema_layout_dense(&t->shape, CREMA_F32);
    out->data = calloc((size_t)count + 1, sizeof(float));
    if (out->data && read)
        crema_layout_unpack(&t->layout, t->data, 0, count, out->data);
    return out->data != NULL;
}

/* Nothing but zeros beyond what dense holds; cuDNN computes with that. */
static bool is_clean(const struct crema_tensor *t, const float *dense)
{
    void *copy;
    bool clean;

    if (!crema_layout_is_padded(&t->layout)) return true;
    copy = calloc(1, t->layout.bytes);
    if (!copy) return false;
    crema_layout_pack(&t->layout, copy, 0, crema_shape_count(&t->shape), dense);
    clean = memcmp(copy, t->data, t->layout.bytes) == 0;
    free(copy);
    return clean;
}

static void relu(const struct crema_tensor *t)
{
    float *y = t->data;

    for (int64_t i = 0; i < crema_shape_count(&t->shape); i++)
        y[i] = y[i] > 0 ? y[i] : 0;
}

/* What the engine leaves alone: an unfused bias, and db always. */
static bool left_out(const struct conv_engine *e, const struct crema_op *op,
                     int port)
{
    if (op->type == &crema_op_conv) return port == 2 && !e->fused;
    return op->type == &crema_op_conv_bwd_weights && port == 3;
}

/* ports: what op reads, then what it writes. */
static enum crema_status copy_ports(const struct conv_engine *e,
                                    struct crema_device *dev,
                                    const struct crema_op *op,
                                    struct crema_tensor *room,
                                    struct crema_tensor **ports)
{
    for (int i = 0; i < op->nin + op->nout; i++) {
        bool read = i < op->nin;
        const struct crema_tensor *t = read ? op->in[i] : op->out[i - op->nin];

        if (!t || left_out(e, op, i)) continue;
        if (!dense_copy(t, read, &room[i]))
            return crema_no_memory(dev->ctx, "a copy");
        ports[i] = &room[i];
        if (read && !is_clean(t, room[i].data))
            return crema_fail(dev->ctx, CREMA_EDEVICE,
                              "%s: input %d has padding that is not zero",
                              op->type->name, i);
    }
    return CREMA_OK;
}

/* Padding, too: it is computed of zeros. */
static void write_all(const struct crema_tensor *t, const float *dense)
{
    memset(t->data, 0, t->layout.bytes);
    crema_layout_pack(&t->layout, t->data, 0, crema_shape_count(&t->shape),
                      dense);
}

static enum crema_status run_own(struct conv_engine *e,
                                 struct crema_device *dev,
                                 const struct crema_op *op)
{
    struct crema_own_data d =
        crema_conv_own_data(&e->problem, &e->data, e->workspace);
    int error = crema_cuda_own_conv(crema_cuda_stream(dev), &e->own, &d);

    return error ? crema_cuda_launch_failed(dev, op, error) : CREMA_OK;
}

enum crema_status crema_cuda_engine_run(struct conv_engine *e,
                                        struct crema_device *dev,
                                        const struct crema_op *op)
{
    struct crema_tensor room[4], *ports[4] = { NULL };
    struct crema_op shadow = *op;
    enum crema_status status;

    if (!is_bound(e, op))
        return crema_fail(dev->ctx, CREMA_EDEVICE,
                          "%s is not bound as it was planned", op->type->name);
    if (e->is_own) return run_own(e, dev, op);
    status = copy_ports(e, dev, op, room, ports);
    memset(e->workspace, 0xff, WORKSPACE);
    shadow.in = ports;
    shadow.out = ports + op->nin;
    if (!status) status = op->type->ref(dev->ctx, &shadow);
    if (!status && e->fused && op->relu) relu(shadow.out[0]);
    for (int i = 0; i < op->nout && !status; i++)
        if (shadow.out[i]) write_all(op->out[i], shadow.out[i]->data);
    for (int i = 0; i < op->nin + op->nout; i++)
        if (ports[i]) free(ports[i]->data);
    return status;
}

void crema_cuda_engine_free(struct conv_engine *e)
{
    free(e);
}

/* ---- the device's own code, as it is ------------------------------------- */

#include "device/cuda/agree.c"
#include "device/cuda/choice.c"
#include "device/cuda/conv.c"
#include "device/cuda/conv_own.c"
#include "device/cuda/libraries.c"
