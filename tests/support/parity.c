/* parity.c - records, runs and compares a case on two devices. */
#include "support/parity.h"

#include "base/philox.h"
#include "device/formula/bf16.h"
#include "device/formula/f16.h"
#include "support/cuda_on_host.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 48 };

/* What a tensor or param is filled with. */
enum fill { UNIFORM, COARSE, LABELS, POSITIVE, ONE };

struct filled {
    struct crema_tensor *t;
    enum fill fill;
    float scale; /* LABELS: how many */
};

struct result {
    char name[32];
    int64_t count;
    float *value;
};

struct parity {
    const struct parity_case *c;
    bool plain; /* no fusion */
    struct crema_ctx *ctx;
    struct crema_device *dev;
    struct crema_heap heap;
    struct crema_program *p;
    struct filled input[MOST];
    struct crema_param param[MOST], history[MOST];
    struct filled weight[MOST];
    struct crema_tensor *out[MOST], *dy[MOST];
    int inputs, params, outs;
    struct result result[3 * MOST];
    int results;
    enum crema_type type; /* of values */
};

/* ---- recording ---------------------------------------------------------- */

struct crema_program *parity_program(struct parity *t)
{
    return t->p;
}

static struct crema_tensor *add_input(struct parity *t,
                                      const struct crema_shape *s,
                                      enum fill fill, float scale)
{
    struct crema_tensor *x = crema_program_input(t->p, s, CREMA_F32);

    if (x) t->input[t->inputs++] = (struct filled){ x, fill, scale };
    return x;
}

struct crema_tensor *parity_input(struct parity *t, const struct crema_shape *s)
{
    struct crema_tensor *x =
        add_input(t, s, t->c->coarse ? COARSE : UNIFORM, 1);

    if (x) x->needs_grad = !t->c->test;
    return x;
}

struct crema_tensor *parity_labels(struct parity *t,
                                   const struct crema_shape *s, int below)
{
    return add_input(t, s, LABELS, (float)below);
}

struct crema_tensor *parity_param(struct parity *t, const struct crema_shape *s,
                                  float scale, bool positive)
{
    struct crema_param *param = &t->param[t->params];
    struct crema_tensor *w;

    param->name = "w";
    param->shape = *s;
    param->dev = t->dev;
    w = crema_program_param(t->p, param, !t->c->test);
    t->weight[t->params++] =
        (struct filled){ w, positive ? POSITIVE : UNIFORM, scale };
    return w;
}

struct crema_tensor *parity_x(struct parity *t)
{
    const struct crema_conv one = {
        2, { 1, 1 }, { 1, 1 }, { 0, 0 }, { 1, 1 }, 1
    };
    struct crema_tensor *x = parity_input(t, &t->c->x);
    int64_t c = t->c->x.dim[1];

    if (!t->c->native) return x;
    return crema_conv(t->p, &one, x,
                      parity_param(t, &CREMA_SHAPE(c, c, 1, 1), 0.5f, false),
                      NULL);
}

static void add_output(struct parity *t, struct crema_tensor *y, enum fill fill)
{
    if (!y) return;
    t->out[t->outs] = y;
    if (y->needs_grad) t->dy[t->outs] = add_input(t, &y->shape, fill, 1);
    t->outs++;
}

void parity_output(struct parity *t, struct crema_tensor *y)
{
    add_output(t, y, UNIFORM);
}

void parity_loss(struct parity *t, struct crema_tensor *y)
{
    add_output(t, y, ONE);
}

static void record_updates(struct parity *t)
{
    const struct crema_update u = { .rule = CREMA_RULE_sgd,
                                    .lr_mult = 1,
                                    .scale = 1,
                                    .decay = 5e-4f,
                                    .momentum = 0.9f };

    for (int i = 0; i < t->params && t->c->steps; i++) {
        struct crema_tensor *w = t->weight[i].t;

        t->history[i].name = "h";
        t->history[i].shape = w->shape;
        t->history[i].dev = t->dev;
        crema_update(t->p, &u, w, w->grad,
                     crema_program_param(t->p, &t->history[i], false), NULL,
                     NULL, NULL);
    }
}

static enum crema_status record(struct parity *t)
{
    t->p->layer = t->c->title;
    t->p->fuse = !t->c->plain && !t->plain;
    t->c->record(t, t->c);
    crema_program_end(t->p, CREMA_FORWARD);
    for (int i = 0; i < t->outs; i++) crema_program_keep(t->out[i]);
    for (int i = 0; i < t->outs; i++)
        crema_program_seed(t->p, t->out[i], t->dy[i]);
    if (!t->p->failed) CREMA_TRY(crema_program_differentiate(t->p));
    record_updates(t);
    crema_program_end(t->p, CREMA_UPDATE);
    for (int i = 0; i < t->inputs; i++)
        if (t->input[i].t->grad) crema_program_keep(t->input[i].t->grad);
    for (int i = 0; i < t->params && !t->c->steps; i++)
        if (t->weight[i].t && t->weight[i].t->grad)
            crema_program_keep(t->weight[i].t->grad);
    return t->p->failed ? t->ctx->status : CREMA_OK;
}

/* ---- values -----------------------------------------------------------------
 */

static float value(const struct filled *f, uint32_t stream, int64_t i)
{
    float u = crema_uniform(crema_philox((uint32_t)i, 0, 0, 0, 7, stream).v[0]);
    float x = 2 * u - 1;

    switch (f->fill) {
    case COARSE:
        return floorf(4 * x) / 4;
    case LABELS:
        return floorf(u * f->scale);
    case POSITIVE:
        return 1 + f->scale * x;
    case ONE:
        return 1;
    default:
        return f->scale * x;
    }
}

static float rounded(enum crema_type type, float v)
{
    if (type == CREMA_BF16) return crema_from_bf16(crema_to_bf16(v));
    return type == CREMA_F16 ? crema_from_f16(crema_to_f16(v)) : v;
}

/* In 16 bits the values are ones that 16 bits hold: which of two is the larger
 * must not depend on rounding. */
static float *values(const struct parity *t, const struct filled *f,
                     uint32_t stream)
{
    int64_t count = crema_shape_count(&f->t->shape);
    float *v = malloc(sizeof *v * (size_t)(count + 1));

    for (int64_t i = 0; i < count && v; i++)
        v[i] = rounded(t->type, value(f, stream, i));
    return v;
}

static enum crema_status fill(struct parity *t)
{
    enum crema_status status = CREMA_OK;

    for (int i = 0; i < t->params + t->inputs && status == CREMA_OK; i++) {
        bool param = i < t->params;
        const struct filled *f =
            param ? &t->weight[i] : &t->input[i - t->params];
        float *v = values(t, f, (uint32_t)i);

        if (!v) return crema_no_memory(t->ctx, "test values");
        status = param ? crema_param_write(&t->param[i], 0,
                                           crema_shape_count(&f->t->shape), v)
                       : crema_tensor_write(t->dev, f->t, v);
        free(v);
    }
    return status;
}

/* ---- results ----------------------------------------------------------------
 */

static enum crema_status keep(struct parity *t, const char *what, int i,
                              const struct crema_tensor *tensor,
                              const struct crema_param *param)
{
    struct result *r = &t->result[t->results];

    if (!tensor && !param) return CREMA_OK;
    snprintf(r->name, sizeof r->name, "%s %d", what, i);
    r->count = crema_shape_count(tensor ? &tensor->shape : &param->shape);
    r->value = malloc(sizeof *r->value * (size_t)(r->count + 1));
    if (!r->value) return crema_no_memory(t->ctx, "test results");
    t->results++;
    if (tensor) return crema_tensor_read(t->dev, tensor, r->value);
    return crema_param_read(param, 0, r->count, r->value);
}

static enum crema_status keep_all(struct parity *t)
{
    for (int i = 0; i < t->outs; i++)
        CREMA_TRY(keep(t, "output", i, t->out[i], NULL));
    for (int i = 0; i < t->inputs; i++)
        CREMA_TRY(keep(t, "gradient of input", i, t->input[i].t->grad, NULL));
    for (int i = 0; i < t->params; i++) {
        if (t->c->steps)
            CREMA_TRY(keep(t, "param", i, NULL, &t->param[i]));
        else if (t->weight[i].t)
            CREMA_TRY(
                keep(t, "gradient of param", i, t->weight[i].t->grad, NULL));
    }
    return CREMA_OK;
}

static enum crema_status run(struct parity *t)
{
    int steps = t->c->steps ? t->c->steps : 1;

    CREMA_TRY(crema_program_open(t->dev, &t->heap, !t->c->test, &t->p));
    t->p->storage = t->p->grad_storage = t->dev->storage;
    CREMA_TRY(record(t));
    CREMA_TRY(crema_program_prepare(t->p));
    CREMA_TRY(fill(t));
    CREMA_TRY(crema_program_set_rate(t->p, CREMA_RATES(0.01f)));
    for (int i = 0; i < steps; i++) {
        CREMA_TRY(crema_program_set_step(t->p, (uint32_t)i + 3));
        CREMA_TRY(
            crema_program_run(t->p, CREMA_FORWARD, CREMA_UPDATE, NULL, NULL));
    }
    CREMA_TRY(crema_device_finish(t->dev));
    return keep_all(t);
}

static void close_all(struct parity *t)
{
    for (int i = 0; i < t->results; i++) free(t->result[i].value);
    crema_program_free(t->p);
    crema_heap_release(&t->heap);
    for (int i = 0; i < t->params; i++) {
        if (t->param[i].dev) crema_param_release(&t->param[i]);
        if (t->history[i].dev) crema_param_release(&t->history[i]);
    }
    if (t->dev) crema_device_free(t->dev);
    free(t->ctx);
    free(t);
}

/* "cuda deterministic", "cuda tf32": behind the device's name how it computes;
 * "cuda own 64": with convolutions of our own in such tiles
 */
static enum crema_status open_device(struct crema_ctx *ctx, const char *name,
                                     int threads, struct crema_device **out)
{
    char device[64];

    if (strncmp(name, CUDA_ON_HOST, strlen(CUDA_ON_HOST)) == 0)
        return cuda_on_host_open(ctx, name, out);
    snprintf(device, sizeof device, "%.*s", (int)strcspn(name, " "), name);
    CREMA_TRY(crema_device_open(ctx, device, threads, out));
    if (strstr(name, " deterministic")) crema_device_be_deterministic(*out);
    if (strstr(name, " own 64")) (*out)->own_width = 64;
    if (strstr(name, " own 128")) (*out)->own_width = 128;
    if (strstr(name, " blocked")) return crema_device_arrange(*out, "blocked");
    if (strstr(name, " packed")) return crema_device_arrange(*out, "packed");
    if (strstr(name, " last")) return crema_device_arrange(*out, "last");
    if (strstr(name, " winograd")) {
        crema_device_use_winograd(*out);
        return crema_device_arrange(*out, "rule");
    }
    return strstr(name, " tf32") ? crema_device_set_math(*out, "tf32")
                                 : CREMA_OK;
}

static enum crema_status open_math(struct parity *t, const char *name,
                                   int threads)
{
    CREMA_TRY(open_device(t->ctx, name, threads, &t->dev));
    t->heap.dev = t->dev;
    if (t->type == CREMA_F32 || !t->dev->type->lacks) return CREMA_OK; /* ref */
    return crema_device_set_math(t->dev,
                                 t->type == CREMA_BF16 ? "bf16" : "fp16");
}

static struct parity *start(const struct parity_case *c, const char *device,
                            bool plain, enum crema_type type, int threads,
                            char *message)
{
    struct parity *t = calloc(1, sizeof *t);
    struct crema_ctx *ctx = calloc(1, sizeof *ctx);

    snprintf(message, PARITY_MESSAGE, "%s: out of memory", c->title);
    if (t) t->ctx = ctx;
    if (t && ctx) {
        t->c = c;
        t->plain = plain;
        t->type = type;
        if (open_math(t, device, threads) == CREMA_OK && run(t) == CREMA_OK)
            return t;
        snprintf(message, PARITY_MESSAGE, "%s on %s: %.300s", c->title, device,
                 ctx->message);
        close_all(t);
        return NULL;
    }
    free(t);
    free(ctx);
    return NULL;
}

/* What may run on ref anywhere: sources of constants. */
static bool all_native(const struct parity *t, char *message)
{
    for (int i = 0; i < t->p->nops; i++) {
        const struct crema_op *op = t->p->op[i];

        if (!op->call || op->backend || op->type == &crema_op_fill) continue;
        snprintf(message, PARITY_MESSAGE, "%s: %s runs on ref", t->c->title,
                 op->type->name);
        return false;
    }
    return true;
}

static bool agree(const struct parity_case *c, const struct result *a,
                  const struct result *b, char *message)
{
    float tolerance = c->tolerance > 0 ? c->tolerance : 2e-5f;
    float largest = 1e-30f, worst = 0;
    int64_t at = 0;

    for (int64_t i = 0; i < a->count; i++) {
        float d = fabsf(a->value[i] - b->value[i]);

        largest = fmaxf(largest, fabsf(a->value[i]));
        if (isnan(d)) d = INFINITY;
        if (d > worst) worst = d, at = i;
    }
    if (a->count == b->count && worst <= tolerance * largest) return true;
    snprintf(message, PARITY_MESSAGE,
             "%s: %s[%lld] is %.9g, should be %.9g: off by %.2g of %.4g",
             c->title, a->name, (long long)at, (double)b->value[at],
             (double)a->value[at], (double)(worst / largest), (double)largest);
    return false;
}

/* As vectors: |a - b| is at most 1/4 of |a|, so the angle is below 15 degrees.
 */
static bool near(const struct parity_case *c, const struct result *a,
                 const struct result *b, char *message)
{
    double apart = 0, length = 1e-30;

    for (int64_t i = 0; i < a->count; i++) {
        double d = (double)a->value[i] - b->value[i];

        apart += d * d;
        length += (double)a->value[i] * a->value[i];
    }
    if (a->count == b->count && apart <= length / 16) return true;
    snprintf(message, PARITY_MESSAGE, "%s: %s is off by %.2g of its length",
             c->title, a->name, sqrt(apart / length));
    return false;
}

static bool holds(const struct parity_case *c, const char *a, const char *b,
                  enum crema_type type, int threads,
                  char message[PARITY_MESSAGE])
{
    struct parity *x = start(c, a, true, type, threads, message);
    struct parity *y = x ? start(c, b, false, type, threads, message) : NULL;
    bool good = x && y && x->results == y->results && x->results > 0;

    if (x && y && !good)
        snprintf(message, PARITY_MESSAGE, "%s: %d results, should be %d",
                 c->title, y->results, x->results);
    for (int i = 0; good && i < x->results; i++)
        good = type != CREMA_F32 && c->winners
                   ? near(c, &x->result[i], &y->result[i], message)
                   : agree(c, &x->result[i], &y->result[i], message);
    if (good && !c->ref_too) good = all_native(y, message);
    if (x) close_all(x);
    if (y) close_all(y);
    return good;
}

bool parity_holds(const struct parity_case *c, const char *a, const char *b,
                  int threads, char message[PARITY_MESSAGE])
{
    return holds(c, a, b, CREMA_F32, threads, message);
}

bool parity_holds_in(enum crema_type type, const struct parity_case *c,
                     const char *a, const char *b, int threads,
                     char message[PARITY_MESSAGE])
{
    struct parity_case loose = *c;

    loose.tolerance = 2e-2f;
    return holds(&loose, a, b, type, threads, message);
}
