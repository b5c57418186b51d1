/* test_gpu_ops.c - the device "cuda" gives what the definition gives: every
 * op, on tensor cores or not, nets by the engines that are fastest, and the
 * same bits in every run of a deterministic device. */
#include "gpu/gpu.h"
#include "support/op_cases.h"

#include <string.h>

/* fp32 on a GPU: sums in another order, and fused multiplications. */
static const float TOLERANCE = 1e-4f;

/* Products of 11 bits each, in sums of float32; several in a row in nets. */
static const float TF32_TOLERANCE = 2e-3f, TF32_NET_TOLERANCE = 5e-3f;

/* Cases of all tables; the nets come last. */
static int all;

/* Nothing may run on the host. */
static void hold(const struct parity_case *c, const char *a, const char *b,
                 float tolerance)
{
    struct parity_case strict = *c;
    char message[PARITY_MESSAGE];

    strict.ref_too = false;
    if (strict.tolerance < tolerance) strict.tolerance = tolerance;
    if (!parity_holds(&strict, a, b, 0, message)) ck_abort_msg("%s", message);
}

START_TEST(dense)
{
    hold(op_case(_i), "ref", "cuda deterministic", TOLERANCE);
}
END_TEST

/* In 16 bits, as the libraries like them to lie. */
static void hold_in(enum crema_type type, const struct parity_case *c,
                    const char *device)
{
    struct parity_case strict = *c;
    char message[PARITY_MESSAGE];

    strict.ref_too = false;
    if (!parity_holds_in(type, &strict, "ref", device, 0, message))
        ck_abort_msg("%s", message);
}

START_TEST(bf16)
{
    hold_in(CREMA_BF16, op_case(_i), "cuda deterministic");
}
END_TEST

START_TEST(fp16)
{
    hold_in(CREMA_F16, op_case(_i), "cuda deterministic");
}
END_TEST

/* On tensor cores, which have the channels innermost. */
START_TEST(channels_last)
{
    bool is_net = _i >= all - net_tables->count;

    hold(op_case(_i), "ref", "cuda tf32 deterministic",
         is_net ? TF32_NET_TOLERANCE : TF32_TOLERANCE);
}
END_TEST

/* Convolutions by kernels of our own, where those can, in tiles of one width.
 */
static void hold_own(const struct parity_case *c, const char *device,
                     const char *tf32)
{
    hold_in(CREMA_BF16, c, device);
    hold_in(CREMA_F16, c, device);
    hold(c, "ref", tf32, TF32_TOLERANCE);
}

START_TEST(own)
{
    const struct parity_case *c = op_case(_i);

    if (_i >= all - net_tables->count || !strstr(c->title, "conv")) return;
    hold_own(c, "cuda deterministic own 64", "cuda tf32 deterministic own 64");
    hold_own(c, "cuda deterministic own 128",
             "cuda tf32 deterministic own 128");
}
END_TEST

/* Whatever was fastest. */
START_TEST(timed)
{
    hold(&net_tables->cases[_i], "ref", "cuda", TOLERANCE);
    hold(&net_tables->cases[_i], "ref", "cuda tf32", TF32_NET_TOLERANCE);
    hold_in(CREMA_BF16, &net_tables->cases[_i], "cuda");
}
END_TEST

/* Against itself, with no tolerance at all. */
START_TEST(repeats)
{
    const struct parity_table *t = net_tables;

    ck_assert_int_lt(_i, t->count);
    hold(&t->cases[_i], "cuda deterministic", "cuda deterministic", 1e-30f);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("cuda");
    TCase *tc = tcase_create("parity with ref");

    while (op_case(all)) all++;
    tcase_add_loop_test(tc, dense, 0, all);
    tcase_add_loop_test(tc, channels_last, 0, all);
    tcase_add_loop_test(tc, own, 0, all);
    tcase_add_loop_test(tc, timed, 0, net_tables->count);
    tcase_add_loop_test(tc, bf16, 0, all);
    tcase_add_loop_test(tc, fp16, 0, all);
    tcase_add_loop_test(tc, repeats, 0, net_tables->count);
    suite_add_tcase(s, tc);
    return gpu_main(s);
}
