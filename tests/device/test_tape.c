/* test_tape.c - a walk that a device takes down and plays gives what the walk
 * itself gives, and is taken down anew when its addresses change.
 *
 * The device here is plain C, but like a GPU it does nothing while it takes
 * down, and on playing does what was asked then, with the addresses of then.
 */
#include "support/suite.h"

#include "device/backend.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 32 };

/* An op as it was when the walk was taken down. */
struct order {
    struct crema_op op;
    struct crema_tensor tensors[4];
    struct crema_tensor *in[2], *out[2];
};

struct tape {
    int n;
    struct order order[MOST];
};

static struct {
    struct tape *now; /* being taken down */
    int walked, taken, played, erased;
    bool breaks; /* a walk cannot be taken down */
} device;

/* ---- the device ---------------------------------------------------------- */

static struct crema_tensor *copy(struct crema_tensor *room,
                                 const struct crema_tensor *t)
{
    if (!t) return NULL;
    *room = *t;
    return room;
}

static enum crema_status run(struct crema_call *call, struct crema_op *op)
{
    struct order *o;

    if (!device.now) {
        device.walked++;
        return op->type->ref(call->dev->ctx, op);
    }
    ck_assert_int_lt(device.now->n, MOST);
    o = &device.now->order[device.now->n++];
    o->op = *op;
    o->op.in = o->in;
    o->op.out = o->out;
    for (int i = 0; i < op->nin; i++)
        o->in[i] = copy(&o->tensors[i], op->in[i]);
    for (int i = 0; i < op->nout; i++)
        o->out[i] = copy(&o->tensors[2 + i], op->out[i]);
    return CREMA_OK;
}

static void free_call(struct crema_call *call)
{
    free(call);
}

static enum crema_status plan(struct crema_device *dev, struct crema_op *op,
                              struct crema_port in[], struct crema_port out[])
{
    struct crema_call *call = calloc(1, sizeof *call);

    (void)dev;
    ck_assert_ptr_nonnull(call);
    ck_assert_int_le(op->nin, 2);
    ck_assert_int_le(op->nout, 2);
    *call = (struct crema_call){ .run = run, .free = free_call, .info = "t" };
    call->waits = op->type == &crema_op_maximum; /* for want of a worse one */
    for (int i = 0; i < op->nin; i++)
        in[i].want = crema_layout_dense(&op->in[i]->shape, CREMA_F32);
    for (int i = 0; i < op->nout; i++)
        out[i].want = crema_layout_dense(&op->out[i]->shape, CREMA_F32);
    op->call = call;
    return CREMA_OK;
}

static enum crema_status record(struct crema_device *dev)
{
    (void)dev;
    ck_assert_ptr_null(device.now);
    device.now = calloc(1, sizeof *device.now);
    ck_assert_ptr_nonnull(device.now);
    return CREMA_OK;
}

static enum crema_status recorded(struct crema_device *dev, void **tape)
{
    struct tape *t = device.now;

    device.now = NULL;
    if (!tape || device.breaks) {
        free(t);
        return tape ? crema_fail(dev->ctx, CREMA_EDEVICE, "not today")
                    : CREMA_OK;
    }
    device.taken++;
    *tape = t;
    return CREMA_OK;
}

static enum crema_status play(struct crema_device *dev, void *tape)
{
    const struct tape *t = tape;

    device.played++;
    for (int i = 0; i < t->n; i++)
        CREMA_TRY(t->order[i].op.type->ref(dev->ctx, &t->order[i].op));
    return CREMA_OK;
}

static void erase(struct crema_device *dev, void *tape)
{
    (void)dev;
    device.erased++;
    free(tape);
}

static const struct crema_backend backend = { .name = "tape", .plan = plan };
static const struct crema_backend *const backends[] = { &backend, NULL };
static const struct crema_device_type type = {
    .name = "tape",
    .host = true,
    .backends = backends,
    .record = record,
    .recorded = recorded,
    .play = play,
    .erase = erase,
};

/* ---- a program: y = (2 x + 1)^2, or max(2 x + 1, x) ---------------------- */

static struct crema_ctx *ctx;
static struct crema_device dev;
static struct crema_heap heap;

struct trial {
    struct crema_program *p;
    struct crema_tensor *x, *y, *inner;
    int n;
};

static struct trial open_trial(int n, bool waiting)
{
    struct crema_tensor *pair[2];
    struct trial t = { .n = n };

    ck_assert_int_eq(crema_program_open(&dev, &heap, false, &t.p), CREMA_OK);
    t.x = crema_program_input(t.p, &CREMA_SHAPE(n), CREMA_F32);
    t.inner = crema_unary(t.p, CREMA_UNARY_power, (float[]){ 1, 2, 1, 0 }, t.x);
    pair[0] = t.inner;
    pair[1] = t.x;
    t.y = waiting ? crema_maximum(t.p, 2, pair)
                  : crema_unary(t.p, CREMA_UNARY_power, (float[]){ 2, 1, 0, 0 },
                                t.inner);
    crema_program_keep(t.y);
    crema_program_end(t.p, CREMA_FORWARD);
    ck_assert_int_eq(crema_program_prepare(t.p), CREMA_OK);
    return t;
}

static void check_run(struct trial *t, float first, crema_watch_fn *fn)
{
    float *x = malloc(sizeof *x * (size_t)t->n),
          *y = malloc(sizeof *y * (size_t)t->n);

    ck_assert(x && y);
    for (int i = 0; i < t->n; i++) x[i] = first + (float)(i % 50);
    ck_assert_int_eq(crema_tensor_write(&dev, t->x, x), CREMA_OK);
    ck_assert_int_eq(
        crema_program_run(t->p, CREMA_FORWARD, CREMA_FORWARD, fn, NULL),
        CREMA_OK);
    ck_assert_int_eq(crema_tensor_read(&dev, t->y, y), CREMA_OK);
    for (int i = 0; i < t->n; i++)
        ck_assert_float_eq(y[i], (2 * x[i] + 1) * (2 * x[i] + 1));
    free(x);
    free(y);
}

static void setup(void)
{
    memset(&device, 0, sizeof device);
    ctx = crema_ctx_new(NULL, NULL);
    dev = (struct crema_device){ .type = &type, .ctx = ctx };
    heap = (struct crema_heap){ .dev = &dev };
}

static void teardown(void)
{
    ck_assert_int_eq(device.taken, device.erased);
    crema_heap_release(&heap);
    crema_ctx_free(ctx);
}

/* The first run is a walk, the second is taken down, and all from then on are
 * played, with the inputs of the day. */
START_TEST(walks_once_then_plays)
{
    struct trial t = open_trial(5, false);

    for (int i = 0; i < 6; i++) check_run(&t, (float)i, NULL);
    ck_assert_int_eq(device.walked, 2);
    ck_assert_int_eq(device.taken, 1);
    ck_assert_int_eq(device.played, 5);
    crema_program_free(t.p);
}
END_TEST

/* A program that needs more has the heap moved. */
START_TEST(moved_memory_is_taken_down_anew)
{
    struct trial t = open_trial(5, false), large;

    for (int i = 0; i < 3; i++) check_run(&t, (float)i, NULL);
    large = open_trial(100000, false);
    for (int i = 0; i < 3; i++) {
        check_run(&large, 1, NULL);
        check_run(&t, (float)i, NULL);
    }
    ck_assert_int_eq(device.taken, 3);
    ck_assert_int_eq(device.walked, 4);
    crema_program_free(large.p);
    crema_program_free(t.p);
}
END_TEST

static enum crema_status look(void *user, const struct crema_tensor *tensor)
{
    (void)user;
    (void)tensor;
    return CREMA_OK;
}

/* Who looks at every op gets a walk; the tape stays. */
START_TEST(a_watch_walks)
{
    struct trial t = open_trial(5, false);

    for (int i = 0; i < 3; i++) check_run(&t, 0, NULL);
    check_run(&t, 3, look);
    check_run(&t, 4, NULL);
    ck_assert_int_eq(device.walked, 4);
    ck_assert_int_eq(device.played, 3);
    ck_assert_int_eq(device.taken, 1);
    crema_program_free(t.p);
}
END_TEST

START_TEST(what_waits_is_never_taken_down)
{
    struct trial t = open_trial(3, true);

    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(
            crema_program_run(t.p, CREMA_FORWARD, CREMA_FORWARD, NULL, NULL),
            CREMA_OK);
    ck_assert_int_eq(device.walked, 8);
    ck_assert_int_eq(device.taken, 0);
    crema_program_free(t.p);
}
END_TEST

/* It costs a warning, not the run. */
START_TEST(a_device_that_cannot_walks)
{
    struct trial t = open_trial(5, false);

    device.breaks = true;
    for (int i = 0; i < 4; i++) check_run(&t, (float)i, NULL);
    ck_assert_int_eq(device.walked, 8);
    ck_assert_int_eq(ctx->status, CREMA_OK);
    crema_program_free(t.p);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("tape");
    TCase *t = tcase_create("walks");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, walks_once_then_plays);
    tcase_add_test(t, moved_memory_is_taken_down_anew);
    tcase_add_test(t, a_watch_walks);
    tcase_add_test(t, what_waits_is_never_taken_down);
    tcase_add_test(t, a_device_that_cannot_walks);
    suite_add_tcase(s, t);
    return run_suite(s);
}
