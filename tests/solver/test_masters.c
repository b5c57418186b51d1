/* test_masters.c - weights are float32 whatever their net computes in.
 *
 *   y = w x, x = 2, L = 3 y: the gradient is 6 whatever w is, w begins at 0.5
 *
 * A step of 6e-5 is a thirtieth of what bf16 can tell from 0.5.
 */
#include "device/backend.h"
#include "rig.h"
#include "support/suite.h"

#define NET(head)                                                              \
    "net_param { " head "\n"                                                   \
    "  layer { name: 'x' type: 'DummyData' top: 'x' dummy_data_param {\n"      \
    "    shape { dim: 1 dim: 1 } data_filler { value: 2 } } }\n"               \
    "  layer { name: 'w' type: 'InnerProduct' bottom: 'x' top: 'y'\n"          \
    "    loss_weight: 3 inner_product_param { num_output: 1\n"                 \
    "      bias_term: false weight_filler { value: 0.5 } } }\n"                \
    "}\n"                                                                      \
    "max_iter: 200 lr_policy: 'fixed' base_lr: 1e-5 random_seed: 1\n"          \
    "snapshot_after_train: false\n"

static const char *const nets[] = {
    NET("default_forward_type: BFLOAT16"),
    NET("default_forward_type: BFLOAT16 default_backward_type: BFLOAT16"),
    NET("default_backward_type: BFLOAT16 global_grad_scale: 256"),
};
enum { NETS = sizeof nets / sizeof *nets };

static void be_cpu(struct rig *r)
{
    crema_device_free(r->dev);
    ck_assert_int_eq(crema_device_open(r->ctx, "cpu", 1, &r->dev), CREMA_OK);
}

START_TEST(tiny_steps_add_up)
{
    struct rig *r = rig_new();

    be_cpu(r);
    rig_open(r, nets[_i], NULL);
    rig_step(r, 200);
    ck_assert_double_eq_tol((double)rig_weight(r), 0.5 - 200 * 6e-5, 1e-5);
    rig_free(r);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("masters");
    TCase *tc = tcase_create("bf16");

    setenv("CREMA_CPU_BF16", "emulate", 1);
    tcase_add_loop_test(tc, tiny_steps_add_up, 0, NETS);
    suite_add_tcase(s, tc);
    return run_suite(s);
}
