/* gradient.c - central differences, at two distances. */
#include "support/gradient.h"

#include "base/philox.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double STEP = 0.01;

float gradient_value(enum gradient_values values, const char *name, int64_t i)
{
    uint32_t bits =
        crema_philox((uint32_t)i, 0, 0, 0, 11, crema_hash(name)).v[0];
    float u = crema_uniform(bits);

    if (values == GRADIENT_LABELS) return (float)(bits % 3);
    return values == GRADIENT_POSITIVE ? 0.5f + u : 2 * u - 1;
}

/* ---- a program of the test's own ---------------------------------------- */

static void good(struct gradient *g, enum crema_status status)
{
    ck_assert_msg(status == CREMA_OK, "%s: %s", g->title, g->ctx->message);
}

void gradient_open(struct gradient *g, const char *title, bool train)
{
    memset(g, 0, sizeof *g);
    g->title = title;
    g->ctx = crema_ctx_new(NULL, NULL);
    ck_assert_ptr_nonnull(g->ctx);
    good(g, crema_device_open(g->ctx, "ref", 1, &g->dev));
    g->heap.dev = g->dev;
    good(g, crema_program_open(g->dev, &g->heap, train, &g->p));
    g->p->layer = title;
}

static struct crema_tensor *vary(struct gradient *g, const char *name,
                                 struct crema_tensor *t,
                                 struct crema_param *param,
                                 enum gradient_values values)
{
    ck_assert_msg(t != NULL, "%s: %s", g->title, g->ctx->message);
    ck_assert_int_lt(g->vars, GRADIENT_MOST);
    g->var[g->vars++] = (struct gradient_variable){
        .name = name, .t = t, .param = param, .values = values
    };
    return t;
}

struct crema_tensor *gradient_input(struct gradient *g, const char *name,
                                    const struct crema_shape *shape,
                                    enum gradient_values values)
{
    struct crema_tensor *t = crema_program_input(g->p, shape, CREMA_F32);

    if (t) t->needs_grad = values != GRADIENT_LABELS;
    return vary(g, name, t, NULL, values);
}

struct crema_tensor *gradient_weight(struct gradient *g, const char *name,
                                     const struct crema_shape *shape)
{
    struct crema_param *param = &g->param[g->params++];

    *param =
        (struct crema_param){ .name = name, .shape = *shape, .dev = g->dev };
    return vary(g, name, crema_program_param(g->p, param, true), param,
                GRADIENT_UNIFORM);
}

void gradient_output(struct gradient *g, struct crema_tensor *y)
{
    ck_assert_msg(y != NULL, "%s: %s", g->title, g->ctx->message);
    crema_program_keep(y);
    g->out[g->outs++] = (struct gradient_output){ .t = y };
}

static float *numbers(int64_t count)
{
    float *v = calloc((size_t)count + 1, sizeof *v);

    ck_assert_ptr_nonnull(v);
    return v;
}

static void differentiate(struct gradient *g)
{
    crema_program_end(g->p, CREMA_FORWARD);
    for (int i = 0; i < g->outs; i++) {
        struct gradient_output *o = &g->out[i];

        o->count = crema_shape_count(&o->t->shape);
        o->rate = numbers(o->count);
        if (!o->t->needs_grad) continue;
        o->dy = crema_program_input(g->p, &o->t->shape, CREMA_F32);
        crema_program_seed(g->p, o->t, o->dy);
        for (int64_t k = 0; k < o->count; k++)
            o->rate[k] = gradient_value(GRADIENT_POSITIVE, "rate", k);
    }
    good(g, crema_program_differentiate(g->p));
    for (int i = 0; i < g->vars; i++)
        if (g->var[i].t->grad) crema_program_keep(g->var[i].t->grad);
    crema_program_end(g->p, CREMA_UPDATE);
    good(g, crema_program_prepare(g->p));
}

static void fill(struct gradient *g)
{
    for (int i = 0; i < g->vars; i++) {
        struct gradient_variable *v = &g->var[i];

        v->count = crema_shape_count(&v->t->shape);
        v->value = numbers(v->count);
        for (int64_t k = 0; k < v->count; k++)
            v->value[k] = gradient_value(v->values, v->name, k);
        good(g, v->param ? crema_param_write(v->param, 0, v->count, v->value)
                         : crema_tensor_write(g->dev, v->t, v->value));
    }
    for (int i = 0; i < g->outs; i++)
        if (g->out[i].dy)
            good(g, crema_tensor_write(g->dev, g->out[i].dy, g->out[i].rate));
}

static void close_all(struct gradient *g)
{
    for (int i = 0; i < g->vars; i++) {
        free(g->var[i].value);
        free(g->var[i].grad);
    }
    for (int i = 0; i < g->outs; i++) {
        free(g->out[i].rate);
        free(g->out[i].y);
    }
    crema_program_free(g->p);
    for (int i = 0; i < g->params; i++) crema_param_release(&g->param[i]);
    crema_heap_release(&g->heap);
    crema_device_free(g->dev);
    crema_ctx_free(g->ctx);
}

void gradient_check(struct gradient *g)
{
    char message[GRADIENT_MESSAGE];
    bool holds;

    differentiate(g);
    fill(g);
    good(g, crema_program_set_step(g->p, 3));
    good(g, crema_program_run(g->p, CREMA_FORWARD, CREMA_BACKWARD, NULL, NULL));
    holds = gradient_holds(g, message);
    close_all(g);
    ck_assert_msg(holds, "%s", message);
}

/* ---- differences --------------------------------------------------------- */

/* L = sum of rate Y over all outputs. */
static enum crema_status loss(struct gradient *g, double *sum)
{
    *sum = 0;
    if (g->forward)
        CREMA_TRY(g->forward(g));
    else
        CREMA_TRY(
            crema_program_run(g->p, CREMA_FORWARD, CREMA_FORWARD, NULL, NULL));
    for (int i = 0; i < g->outs; i++) {
        struct gradient_output *o = &g->out[i];

        if (!o->y) o->y = numbers(o->count);
        CREMA_TRY(crema_tensor_read(g->dev, o->t, o->y));
        for (int64_t k = 0; k < o->count; k++)
            *sum += (double)o->y[k] * o->rate[k];
    }
    return CREMA_OK;
}

/* L with element i at its value plus d. */
static enum crema_status moved(struct gradient *g, struct gradient_variable *v,
                               int64_t i, double d, double *out)
{
    float at = (float)(v->value[i] + d), was = v->value[i];

    if (v->param) {
        CREMA_TRY(crema_param_write(v->param, i, 1, &at));
        CREMA_TRY(loss(g, out));
        return crema_param_write(v->param, i, 1, &was);
    }
    v->value[i] = at;
    CREMA_TRY(crema_tensor_write(g->dev, v->t, v->value));
    CREMA_TRY(loss(g, out));
    v->value[i] = was;
    return crema_tensor_write(g->dev, v->t, v->value);
}

struct slopes {
    double near, central; /* from two points, from all four */
    bool kink;
};

/* Four points: a smooth function's slopes differ in proportion to the distance,
 * over a kink they differ as much at half of it. */
static enum crema_status slopes(struct gradient *g, struct gradient_variable *v,
                                int64_t i, double scale, struct slopes *out)
{
    double l[5], far, near_gap, far_gap;

    for (int k = -2; k <= 2; k++)
        CREMA_TRY(moved(g, v, i, k * STEP, &l[k + 2]));
    out->near = (l[3] - l[1]) / (2 * STEP);
    far = (l[4] - l[0]) / (4 * STEP);
    near_gap = (l[3] + l[1] - 2 * l[2]) / STEP;
    far_gap = (l[4] + l[0] - 2 * l[2]) / (2 * STEP);
    out->central = (4 * out->near - far) / 3;
    out->kink = fabs(out->near - far) > 0.05 * scale ||
                (fabs(near_gap) > 0.01 * scale &&
                 fabs(far_gap - 2 * near_gap) > 0.4 * fabs(near_gap));
    return CREMA_OK;
}

static double largest(const float *v, int64_t n)
{
    double most = 0;

    for (int64_t i = 0; i < n; i++) most = fmax(most, fabs((double)v[i]));
    return most;
}

static bool variable_holds(struct gradient *g, struct gradient_variable *v,
                           char *message)
{
    double tolerance = g->tolerance > 0 ? g->tolerance : 0.004;
    double scale = largest(v->grad, v->count) + 1e-4;
    int64_t skipped = 0;
    struct slopes s;

    for (int64_t i = 0; i < v->count; i++) {
        if (slopes(g, v, i, scale, &s) != CREMA_OK) {
            snprintf(message, GRADIENT_MESSAGE, "%s: %.300s", g->title,
                     g->ctx->message);
            return false;
        }
        skipped += s.kink;
        if (s.kink || fabs(s.central - v->grad[i]) <= tolerance * scale ||
            fabs(s.near - v->grad[i]) <= tolerance * scale)
            continue;
        snprintf(message, GRADIENT_MESSAGE,
                 "%s: d %s[%lld] is %.6g, differences say %.6g", g->title,
                 v->name, (long long)i, (double)v->grad[i], s.central);
        return false;
    }
    if (3 * skipped <= v->count) return true;
    snprintf(message, GRADIENT_MESSAGE,
             "%s: %lld of %lld elements of %s are "
             "at kinks",
             g->title, (long long)skipped, (long long)v->count, v->name);
    return false;
}

/* Forward and backward have run once. */
bool gradient_holds(struct gradient *g, char message[GRADIENT_MESSAGE])
{
    int flowing = 0;

    for (int i = 0; i < g->vars; i++) {
        struct gradient_variable *v = &g->var[i];

        if (!v->t->grad) continue;
        v->grad = numbers(v->count);
        if (crema_tensor_read(g->dev, v->t->grad, v->grad) != CREMA_OK) {
            snprintf(message, GRADIENT_MESSAGE, "%s: %.300s", g->title,
                     g->ctx->message);
            return false;
        }
        flowing++;
    }
    snprintf(message, GRADIENT_MESSAGE, "%s: no gradient flows", g->title);
    for (int i = 0; i < g->vars; i++)
        if (g->var[i].grad && !variable_holds(g, &g->var[i], message))
            return false;
    return flowing > 0;
}
