/* test_gpu_lenet.c - LeNet learns on the GPU what it learns on the CPU. */
#include "gpu/gpu.h"
#include "support/op_cases.h"

/* n: none.  What steps do to a difference of a few bits is not a few bits. */
static const struct parity_case cases[] = {
    { "LeNet, definition", record_lenet, SHAPE4(4, 1, 28, 28), NULL, N(0),
      .steps = 3, .tolerance = 1e-4f },
    { "LeNet, batch 64", record_lenet, SHAPE4(64, 1, 28, 28), NULL, N(0),
      .steps = 30, .tolerance = 2e-3f },
    { "LeNet, batch 64, unfused", record_lenet, SHAPE4(64, 1, 28, 28), NULL,
      N(0), .steps = 30, .tolerance = 2e-3f, .plain = true },
};

START_TEST(learns)
{
    char message[PARITY_MESSAGE];

    if (!parity_holds(&cases[_i], _i ? "cpu" : "ref", "cuda", 0, message))
        ck_abort_msg("%s", message);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("LeNet on cuda");
    TCase *tc = tcase_create("steps");

    tcase_add_loop_test(tc, learns, 0, (int)(sizeof cases / sizeof *cases));
    suite_add_tcase(s, tc);
    return gpu_main(s);
}
