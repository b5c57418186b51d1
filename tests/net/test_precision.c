/* test_precision.c - the types of a layer's values and gradients: who decides,
 * what a device makes of them, what is refused. */
#include "crema.h"
#include "device/backend.h"
#include "net/model.h"
#include "support/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct rig {
    struct crema_ctx *ctx;
    struct crema_device *dev;
    struct crema_model *model;
    char log[4096];
};

static void listen(void *rig, enum crema_log_level level, const char *line)
{
    struct rig *r = rig;
    size_t used = strlen(r->log);

    (void)level;
    snprintf(r->log + used, sizeof r->log - used, "%s\n", line);
}

static void open_rig(struct rig *r, const char *device)
{
    memset(r, 0, sizeof *r);
    r->ctx = crema_ctx_new(listen, r);
    ck_assert_int_eq(crema_device_open(r->ctx, device, 1, &r->dev), CREMA_OK);
}

static void close_rig(struct rig *r)
{
    crema_model_free(r->model);
    crema_device_free(r->dev);
    crema_ctx_free(r->ctx);
}

static enum crema_status open_net(struct rig *r, const char *head,
                                  const char *layer)
{
    const struct crema_model_options o = { .train = true };
    enum crema_status status;
    char path[64];
    FILE *f;

    snprintf(path, sizeof path, "/tmp/crema_test_precision_%ld.prototxt",
             (long)getpid());
    f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    fprintf(f,
            "%s\n"
            "layer { name: 'in' type: 'Input' top: 'x'\n"
            "  input_param { shape { dim: 2 dim: 3 dim: 5 dim: 5 } } }\n"
            "layer { name: 'a' type: 'Convolution' bottom: 'x' top: 'a'\n"
            "  convolution_param { num_output: 4 kernel_size: 3\n"
            "    weight_filler { type: 'xavier' } }\n"
            "  %s }\n"
            "layer { name: 'b' type: 'TanH' bottom: 'a' top: 'b' }\n",
            head, layer);
    ck_assert_int_eq(fclose(f), 0);
    status = crema_model_open(r->dev, path, &o, &r->model);
    unlink(path);
    return status;
}

/* The op that a layer recorded. */
static const struct crema_op *op_of(struct rig *r, const char *layer)
{
    const struct crema_program *p = crema_model_net(r->model)->program;

    for (int i = 0; i < p->nops; i++)
        if (p->op[i]->layer && !strcmp(p->op[i]->layer, layer)) return p->op[i];
    ck_abort_msg("no op of layer %s", layer);
}

#define F32  CREMA_F32
#define BF16 CREMA_BF16

/* values and gradients of layer a, then of layer b */
static const struct {
    const char *device, *math, *head, *layer;
    enum crema_type types[4];
    const char *says; /* NULL: nothing */
} cases[] = {
    { "cpu", NULL, "", "", { F32, F32, F32, F32 }, NULL },
    { "cpu", "bf16", "", "", { BF16, BF16, BF16, BF16 }, NULL },
    /* gradients as NVIDIA's fork has them */
    { "cpu",
      NULL,
      "default_forward_type: FLOAT16",
      "",
      { BF16, F32, BF16, F32 },
      "FLOAT16 becomes bfloat16 here" },
    { "cpu",
      NULL,
      "default_forward_type: FLOAT16 default_backward_type: FLOAT16",
      "",
      { BF16, BF16, BF16, BF16 },
      "FLOAT16 becomes bfloat16 here" },
    { "cpu",
      NULL,
      "default_forward_type: BFLOAT16",
      "",
      { BF16, F32, BF16, F32 },
      NULL },
    /* a layer goes before its net, a net before the device */
    { "cpu",
      NULL,
      "default_forward_type: BFLOAT16",
      "forward_type: FLOAT",
      { F32, F32, BF16, F32 },
      NULL },
    { "cpu",
      NULL,
      "",
      "forward_type: BFLOAT16 backward_type: BFLOAT16",
      { BF16, BF16, F32, F32 },
      NULL },
    { "cpu",
      "bf16",
      "default_forward_type: FLOAT",
      "",
      { F32, BF16, F32, BF16 },
      NULL },
    { "cpu",
      "bf16",
      "default_backward_type: FLOAT",
      "backward_type: BFLOAT16",
      { BF16, BF16, BF16, F32 },
      NULL },
    { "cpu",
      NULL,
      "default_forward_type: DOUBLE",
      "forward_math: FLOAT16",
      { F32, F32, F32, F32 },
      "DOUBLE becomes fp32 here" },
    { "cpu",
      NULL,
      "global_grad_scale_adaptive: true",
      "",
      { F32, F32, F32, F32 },
      NULL },
    /* what the definition knows is 32 bits */
    { "ref",
      NULL,
      "default_forward_type: FLOAT16",
      "backward_type: BFLOAT16",
      { F32, F32, F32, F32 },
      "BFLOAT16 becomes fp32 here: it computes in" },
};
enum { CASES = sizeof cases / sizeof *cases };

static int times(const char *text, const char *part)
{
    int n = 0;

    for (; (text = strstr(text, part)); text++) n++;
    return n;
}

START_TEST(types)
{
    const enum crema_type *t = cases[_i].types;
    const struct crema_op *a, *b;
    struct rig r;

    open_rig(&r, cases[_i].device);
    if (cases[_i].math)
        ck_assert_int_eq(crema_device_set_math(r.dev, cases[_i].math),
                         CREMA_OK);
    ck_assert_msg(open_net(&r, cases[_i].head, cases[_i].layer) == CREMA_OK,
                  "%s", crema_ctx_message(r.ctx));
    a = op_of(&r, "a");
    b = op_of(&r, "b");
    ck_assert_int_eq(a->storage, t[0]);
    ck_assert_int_eq(a->grad_storage, t[1]);
    ck_assert_int_eq(b->storage, t[2]);
    ck_assert_int_eq(b->grad_storage, t[3]);
    if (cases[_i].says)
        ck_assert_msg(times(r.log, cases[_i].says) == 1, "%s", r.log);
    else
        ck_assert_str_eq(r.log, "");
    close_rig(&r);
}
END_TEST

static const struct {
    const char *head, *layer, *place, *says;
} refusals[] = {
    { "default_forward_type: INT", "", ":1:1: ", "default_forward_type must" },
    { "default_backward_type: BOOL", "",
      ":1:1: ", "default_backward_type must" },
    { "", "forward_type: UINT", ":7:3: ", "forward_type must be FLOAT" },
    { "", "backward_type: INT", ":7:3: ", "backward_type must be FLOAT" },
    { "global_grad_scale: 0", "", ":1:1: ", "must be more than 0, got 0" },
    { "global_grad_scale: -2", "", ":1:1: ", "must be more than 0, got -2" },
};
enum { REFUSALS = sizeof refusals / sizeof *refusals };

START_TEST(refused)
{
    struct rig r;

    open_rig(&r, "ref");
    ck_assert_int_eq(open_net(&r, refusals[_i].head, refusals[_i].layer),
                     CREMA_EINVAL);
    ck_assert_msg(strstr(crema_ctx_message(r.ctx), refusals[_i].place) &&
                      strstr(crema_ctx_message(r.ctx), refusals[_i].says),
                  "expected '%s' and '%s', got:\n%s", refusals[_i].place,
                  refusals[_i].says, crema_ctx_message(r.ctx));
    close_rig(&r);
}
END_TEST

/* What the host reads of a blob in 16 bits: values, a little rounded. */
START_TEST(blobs_are_read_as_floats)
{
    float x[2 * 3 * 5 * 5], b[2][2 * 4 * 3 * 3];
    const struct crema_shape shape = CREMA_SHAPE(2, 3, 5, 5);

    for (int i = 0; i < 2 * 3 * 5 * 5; i++) x[i] = (float)(i % 17) / 16;
    for (int k = 0; k < 2; k++) {
        struct crema_net *net;
        struct rig r;

        open_rig(&r, "cpu");
        ck_assert_int_eq(crema_device_set_math(r.dev, k ? "bf16" : "fp32"),
                         CREMA_OK);
        ck_assert_int_eq(open_net(&r, "", ""), CREMA_OK);
        net = crema_model_net(r.model);
        ck_assert_int_eq(crema_net_write_input(net, "x", &shape, x), CREMA_OK);
        ck_assert_int_eq(crema_net_forward(net), CREMA_OK);
        ck_assert_int_eq(crema_net_blob(net, "b")->last->layout.type,
                         k ? CREMA_BF16 : CREMA_F32);
        ck_assert_int_eq(
            crema_net_read_blob(net, crema_net_blob(net, "b"), b[k]), CREMA_OK);
        close_rig(&r);
    }
    for (int i = 0; i < 2 * 4 * 3 * 3; i++)
        ck_assert_float_eq_tol(b[0][i], b[1][i], 2e-2f);
    ck_assert(memcmp(b[0], b[1], sizeof b[0]) != 0);
}
END_TEST

/* Without the variable a processor has bf16 or says so in one line. */
START_TEST(math_is_refused_in_one_line)
{
    static const char *const maths[] = { "fp16", "tf32", "int8" };
    static const char *const says[] = { " cannot compute in fp16: ",
                                        " cannot compute in tf32: only GPUs",
                                        "unknown precision \"int8\"; known " };
    struct rig r;

    unsetenv("CREMA_CPU_BF16");
    open_rig(&r, "cpu");
    for (int i = 0; i < 3; i++) {
        ck_assert_int_ne(crema_device_set_math(r.dev, maths[i]), CREMA_OK);
        ck_assert_ptr_nonnull(strstr(crema_ctx_message(r.ctx), says[i]));
    }
    if (crema_device_lacks(r.dev, CREMA_BF16)) {
        ck_assert_int_eq(crema_device_set_math(r.dev, "bf16"),
                         CREMA_EUNSUPPORTED);
        ck_assert_ptr_nonnull(
            strstr(crema_ctx_message(r.ctx),
                   " cannot compute in bf16: the processor lacks avx512_bf16"));
        ck_assert_ptr_null(strchr(crema_ctx_message(r.ctx), '\n'));
    }
    close_rig(&r);
}
END_TEST

static bool possible(void)
{
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);
    struct crema_device *dev;
    bool can = false;

    if (ctx && crema_device_open(ctx, "cpu", 1, &dev) == CREMA_OK) {
        can = !crema_device_lacks(dev, CREMA_BF16);
        crema_device_free(dev);
    }
    crema_ctx_free(ctx);
    return can;
}

int main(void)
{
    Suite *s = suite_create("precision");
    TCase *tc = tcase_create("refusals");

    setenv("CREMA_CPU_BF16", "emulate", 1);
    tcase_add_loop_test(tc, refused, 0, REFUSALS);
    tcase_add_test(tc, math_is_refused_in_one_line);
    suite_add_tcase(s, tc);
    if (possible()) {
        tc = tcase_create("types");
        tcase_add_loop_test(tc, types, 0, CASES);
        tcase_add_test(tc, blobs_are_read_as_floats);
        suite_add_tcase(s, tc);
    }
    return run_suite(s);
}
