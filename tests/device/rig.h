/* rig.h - a few ops recorded, run on ref, and read; shared by the tests that
 * hold ops against numbers worked out by hand. */
#ifndef TESTS_DEVICE_RIG_H
#define TESTS_DEVICE_RIG_H

#include "device/backend.h"
#include "support/suite.h"

#include <check.h>
#include <math.h>
#include <string.h>

enum { RIG_MOST = 80 };

struct run {
    struct crema_ctx *ctx;
    struct crema_device *dev;
    struct crema_heap heap;
    struct crema_program *p;
    struct crema_tensor *in[RIG_MOST];
    const float *value[RIG_MOST];
    struct crema_param param[RIG_MOST];
    int ins, params;
};

static inline void good(const struct run *r, enum crema_status status)
{
    ck_assert_msg(status == CREMA_OK, "%s", r->ctx->message);
}

static inline void begin(struct run *r)
{
    memset(r, 0, sizeof *r);
    r->ctx = crema_ctx_new(NULL, NULL);
    good(r, crema_device_open(r->ctx, "ref", 1, &r->dev));
    r->heap.dev = r->dev;
    good(r, crema_program_open(r->dev, &r->heap, true, &r->p));
    r->p->layer = "l";
}

static inline struct crema_tensor *
input(struct run *r, struct crema_shape shape, const float *value)
{
    r->value[r->ins] = value;
    return r->in[r->ins++] = crema_program_input(r->p, &shape, CREMA_F32);
}

static inline struct crema_tensor *
param(struct run *r, struct crema_shape shape, const float *value)
{
    struct crema_param *q = &r->param[r->params++];

    *q = (struct crema_param){ .name = "w", .shape = shape, .dev = r->dev };
    if (value)
        good(r, crema_param_write(q, 0, crema_shape_count(&shape), value));
    return crema_program_param(r->p, q, true);
}

/* Runs all that was recorded, `steps` times; y is read if it is not NULL. */
static inline enum crema_status run(struct run *r, int steps,
                                    struct crema_tensor *y, float *out)
{
    ck_assert_msg(!r->p->failed, "%s", r->ctx->message);
    if (y) crema_program_keep(y);
    crema_program_end(r->p, CREMA_FORWARD);
    good(r, crema_program_prepare(r->p));
    good(r, crema_program_set_rate(r->p, CREMA_RATES(0.5f)));
    for (int i = 0; i < r->ins; i++)
        good(r, crema_tensor_write(r->dev, r->in[i], r->value[i]));
    for (int i = 0; i < steps; i++) {
        good(r, crema_program_set_step(r->p, (uint32_t)i));
        CREMA_TRY(
            crema_program_run(r->p, CREMA_FORWARD, CREMA_UPDATE, NULL, NULL));
    }
    return y ? crema_tensor_read(r->dev, y, out) : CREMA_OK;
}

static inline void end(struct run *r)
{
    crema_program_free(r->p);
    for (int i = 0; i < r->params; i++) crema_param_release(&r->param[i]);
    crema_heap_release(&r->heap);
    crema_device_free(r->dev);
    crema_ctx_free(r->ctx);
}

static inline void equal(const float *a, const float *b, int n)
{
    for (int i = 0; i < n; i++)
        ck_assert_msg(fabsf(a[i] - b[i]) <= 1e-6f * fmaxf(1, fabsf(b[i])),
                      "[%d] is %.9g, should be %.9g", i, (double)a[i],
                      (double)b[i]);
}

static inline void param_is(struct run *r, int i, int n, const float *want)
{
    float got[16];

    good(r, crema_param_read(&r->param[i], 0, n, got));
    equal(got, want, n);
}

#define V(...) ((const float[]){ __VA_ARGS__ })

#endif
