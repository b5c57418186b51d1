/* device.c - opening devices, their memory, and who runs an op.
 *
 * The only reader of the backends' tables.  Each device has an ordered list of
 * backends; behind the last stands ref, the definition of every op, which on a
 * device with memory of its own works through copies.
 */
#include "device/backend.h"
#include "device/cpu/cpu.h"
#include "device/module.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGN = 4096 };

static const struct crema_backend *const no_backends[] = { NULL };
static const struct crema_device_type device_ref = {
    .name = "ref",
    .host = true,
    .backends = no_backends,
};

static enum crema_status open_type(struct crema_device *dev,
                                   const struct crema_device_type *type)
{
    dev->type = type;
    snprintf(dev->name, sizeof dev->name, "%s", type->name);
    return type->open ? type->open(dev) : CREMA_OK;
}

/* "cuda", "cuda:1" -> the ordinal; -1 when it is neither. */
static int cuda_ordinal(const char *name)
{
    char *end;
    long n;

    if (strncmp(name, "cuda", 4)) return -1;
    if (name[4] == '\0') return 0;
    n = name[4] == ':' ? strtol(name + 5, &end, 10) : -1;
    return n >= 0 && n < 1024 && end != name + 5 && *end == '\0' ? (int)n : -1;
}

static enum crema_status open_cuda(struct crema_device *dev, int ordinal)
{
    const struct crema_device_type *type;

    CREMA_TRY(crema_module_open(dev->ctx, ordinal, &type, &dev->module));
    dev->ordinal = ordinal;
    return open_type(dev, type);
}

static enum crema_status open_named(struct crema_device *dev, const char *name)
{
    if (!strcmp(name, "ref")) return open_type(dev, &device_ref);
    if (!strcmp(name, "cpu")) return open_type(dev, &crema_device_cpu);
    if (!strcmp(name, "auto")) {
        if (open_cuda(dev, 0) == CREMA_OK) return CREMA_OK;
        dev->ctx->message[0] = '\0';
        return open_type(dev, &crema_device_cpu);
    }
    if (cuda_ordinal(name) >= 0) return open_cuda(dev, cuda_ordinal(name));
    return crema_fail(dev->ctx, CREMA_EINVAL,
                      "unknown device \"%s\"; known are auto, cpu, cuda, "
                      "cuda:N and ref",
                      name);
}

enum crema_status crema_device_open(struct crema_ctx *ctx, const char *name,
                                    int threads, struct crema_device **out)
{
    struct crema_device *dev = calloc(1, sizeof *dev);
    enum crema_status status;

    if (!dev) return crema_no_memory(ctx, "a device");
    dev->ctx = ctx;
    dev->threads = threads;
    dev->measures = true;
    status = open_named(dev, name);
    if (status != CREMA_OK) {
        free(dev);
        return status;
    }
    *out = dev;
    return CREMA_OK;
}

void crema_device_be_deterministic(struct crema_device *dev)
{
    dev->deterministic = true;
    dev->measures = false;
}

enum crema_status crema_device_arrange(struct crema_device *dev,
                                       const char *how)
{
    static const struct {
        const char *name;
        enum crema_arrangement forced;
    } known[] = {
        { "auto", CREMA_RULE },
        { "rule", CREMA_RULE },
        { "blocked", CREMA_BLOCKED },
        { "last", CREMA_LAST },
    };

    for (int i = 0; i < 4; i++) {
        if (strcmp(how, known[i].name) != 0) continue;
        dev->measures = i == 0 && !dev->deterministic;
        dev->forced = known[i].forced;
        return CREMA_OK;
    }
    return crema_fail(dev->ctx, CREMA_EINVAL,
                      "unknown layout \"%s\"; known are auto, rule, blocked "
                      "and last",
                      how);
}

void crema_device_use_winograd(struct crema_device *dev)
{
    dev->winograd = true;
}

void crema_device_limit_workspace(struct crema_device *dev, size_t bytes)
{
    dev->workspace = bytes;
}

const char *crema_device_lacks(const struct crema_device *dev,
                               enum crema_type type)
{
    if (type == CREMA_F32) return NULL;
    return dev->type->lacks ? dev->type->lacks(dev, type)
                            : "it computes in 32 bits";
}

enum crema_status crema_device_set_math(struct crema_device *dev,
                                        const char *math)
{
    static const struct {
        const char *name;
        enum crema_type storage;
        bool tf32;
    } known[] = { { "fp32", CREMA_F32, false },
                  { "tf32", CREMA_F32, true },
                  { "bf16", CREMA_BF16, false },
                  { "fp16", CREMA_F16, false } };

    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const char *lacks = crema_device_lacks(dev, known[i].storage);

        if (strcmp(math, known[i].name) != 0) continue;
        if (known[i].tf32)
            lacks = dev->type->lacks_tf32 ? dev->type->lacks_tf32(dev)
                                          : "only GPUs have it";
        if (lacks)
            return crema_fail(dev->ctx, CREMA_EUNSUPPORTED,
                              "%s cannot compute in %s: %s", dev->name, math,
                              lacks);
        dev->storage = known[i].storage;
        dev->tf32 = known[i].tf32;
        return CREMA_OK;
    }
    return crema_fail(dev->ctx, CREMA_EINVAL,
                      "unknown precision \"%s\"; known are fp32, tf32, bf16 "
                      "and fp16",
                      math);
}

void crema_device_free(struct crema_device *dev)
{
    if (!dev) return;
    if (dev->type->close) dev->type->close(dev);
    crema_module_close(dev->module);
    free(dev);
}

const char *crema_device_kind(const struct crema_device *dev)
{
    return dev->type->name;
}

const char *crema_device_name(const struct crema_device *dev)
{
    return dev->name;
}

/* ---- memory ----------------------------------------------------------- */

/* From calloc, which leaves memory fresh from the system for its first writer
 * to touch.  Where calloc's block begins is kept in front of the address. */
static void *host_alloc(size_t bytes)
{
    size_t whole = bytes + sizeof(void *) + ALIGN;
    char *block = whole > bytes ? calloc(1, whole) : NULL, *memory;

    if (!block) return NULL;
    memory = block + sizeof(void *);
    memory += (ALIGN - (uintptr_t)memory % ALIGN) % ALIGN;
    ((void **)memory)[-1] = block;
    return memory;
}

static void host_free(void *memory)
{
    free(((void **)memory)[-1]);
}

enum crema_status crema_device_alloc(struct crema_device *dev, size_t bytes,
                                     void **out)
{
    if (dev->type->alloc) return dev->type->alloc(dev, bytes, out);
    *out = host_alloc(bytes);
    if (*out) return CREMA_OK;
    return crema_fail(dev->ctx, CREMA_ENOMEM, "out of memory: %.1f MB wanted",
                      (double)bytes / 1e6);
}

void crema_device_release(struct crema_device *dev, void *memory)
{
    if (!memory) return;
    if (dev->type->free)
        dev->type->free(dev, memory);
    else
        host_free(memory);
}

enum crema_status crema_device_upload(struct crema_device *dev, void *to,
                                      const void *from_host, size_t bytes)
{
    if (bytes == 0) return CREMA_OK;
    if (dev->type->upload) return dev->type->upload(dev, to, from_host, bytes);
    memcpy(to, from_host, bytes);
    return CREMA_OK;
}

enum crema_status crema_device_download(struct crema_device *dev, void *to_host,
                                        const void *from, size_t bytes)
{
    if (bytes == 0) return CREMA_OK;
    if (dev->type->download)
        return dev->type->download(dev, to_host, from, bytes);
    memcpy(to_host, from, bytes);
    return CREMA_OK;
}

enum crema_status crema_device_finish(struct crema_device *dev)
{
    return dev->type->finish ? dev->type->finish(dev) : CREMA_OK;
}

/* ---- who runs an op ---------------------------------------------------- */

typedef enum crema_status host_fn(struct crema_ctx *, const struct crema_op *);

/* A host function; on a device with its own memory it works on `shadow`, a copy
 * of the op whose tensors lie in host memory. */
struct host_call {
    struct crema_call base;
    host_fn *fn;
    struct crema_op shadow;
    struct crema_tensor *tensors; /* in, then out */
};

static void relu(const struct crema_op *op)
{
    float *y = crema_out(op, 0);
    int64_t count = crema_shape_count(&op->out[0]->shape);

    for (int64_t i = 0; i < count; i++) y[i] = y[i] > 0 ? y[i] : 0;
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
