/* test_cuda_host.c - the CUDA device's own code gives what the definition
 * gives, run on the host; and its launch arithmetic holds for any size. */
#include "support/cuda_on_host.h"
#include "support/op_cases.h"
#include "support/suite.h"

#include "device/cuda/kernels.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* Nothing may fall to ref: what the libraries do has its stand-in. */
static void hold(const struct parity_case *c, enum crema_type type,
                 const char *device)
{
    struct parity_case strict = *c;
    char message[PARITY_MESSAGE];
    bool good;

    strict.ref_too = false;
    good = type == CREMA_F32
               ? parity_holds(&strict, "ref", device, 1, message)
               : parity_holds_in(type, &strict, "ref", device, 1, message);
    if (!good) ck_abort_msg("%s", message);
}

START_TEST(dense)
{
    hold(op_case(_i), CREMA_F32, CUDA_ON_HOST);
}
END_TEST

START_TEST(channels_last)
{
    hold(op_case(_i), CREMA_F32, CUDA_ON_HOST_LAST);
}
END_TEST

START_TEST(bf16_dense)
{
    hold(op_case(_i), CREMA_BF16, CUDA_ON_HOST);
}
END_TEST

START_TEST(bf16_channels_last)
{
    hold(op_case(_i), CREMA_BF16, CUDA_ON_HOST_LAST);
}
END_TEST

START_TEST(fp16_dense)
{
    hold(op_case(_i), CREMA_F16, CUDA_ON_HOST);
}
END_TEST

START_TEST(fp16_channels_last)
{
    hold(op_case(_i), CREMA_F16, CUDA_ON_HOST_LAST);
}
END_TEST

/* A grid is never empty, never larger than can be, and covers what it may. */
START_TEST(grids)
{
    static const int64_t items[] = { 1,       31,  256,     257,
                                     1 << 20, ~0u, 1 << 28, (int64_t)1 << 40 };

    for (size_t i = 0; i < sizeof items / sizeof *items; i++) {
        unsigned blocks = crema_blocks(items[i], CREMA_BLOCK);

        ck_assert_uint_ge(blocks, 1);
        ck_assert_uint_le(blocks, CREMA_MOST_BLOCKS);
        if (blocks < CREMA_MOST_BLOCKS)
            ck_assert_int_ge((int64_t)blocks * CREMA_BLOCK, items[i]);
    }
}
END_TEST

static void check_cut(const struct crema_axis *a)
{
    int64_t n = a->outer * a->inner;
    struct crema_sum_cut cut = crema_sum_cut(a);

    ck_assert_uint_ge(cut.parts, 1);
    ck_assert_uint_le(cut.parts, CREMA_SUM_BLOCKS);
    ck_assert_int_ge(cut.parts * cut.each, n);
    ck_assert_int_lt((cut.parts - 1) * cut.each, n);
    ck_assert_uint_eq(CREMA_BLOCK % cut.columns, 0);
    if (cut.parts > 1)
        ck_assert_int_le(2 * 4 * cut.parts * a->length, CREMA_SUM_ROOM);
}

/* Parts hold all positions, none twice; their sums have room. */
START_TEST(cuts)
{
    static const int64_t sizes[] = {
        1, 7, 31, 32, 33, 127, 128, 4095, 4097, 100003, (int64_t)1 << 33
    };
    enum { SIZES = sizeof sizes / sizeof *sizes };

    for (int i = 0; i < SIZES * SIZES * SIZES; i++) {
        const struct crema_axis a = { sizes[i / SIZES % SIZES],
                                      sizes[i / SIZES / SIZES],
                                      sizes[i % SIZES] };

        if ((double)a.outer * (double)a.length * (double)a.inner < 1e12)
            check_cut(&a);
    }
}
END_TEST

/* The same of the positions of a chain of gradients, up to 2^36 of them. */
START_TEST(chain_cuts)
{
    for (int64_t c = 8; c <= 8 * CREMA_BLOCK; c += 8)
        for (int64_t n = 1; n < (int64_t)1 << 36; n = 7 * n + 5) {
            struct crema_cut8 cut = crema_cut8(n, c);

            ck_assert_int_le(cut.packs * cut.lanes, CREMA_BLOCK);
            ck_assert_int_ge(cut.lanes, 1);
            ck_assert_uint_le(cut.parts, CREMA_CUT8_PARTS);
            ck_assert_int_ge(cut.parts * cut.each, n);
            ck_assert_int_lt((cut.parts - 1) * cut.each, n);
            ck_assert_uint_ge(crema_cut8_room(n, c), 4 * (size_t)c * cut.parts);
        }
}
END_TEST

/* The items of an LRN in a pooling have each output once, however many there
 * are; few outputs are shared out one by one, many in columns. */
START_TEST(lrn_pool_cuts)
{
    static const struct crema_planes all[] = {
        { 1, 8, 1, 1, true },      { 1, 96, 27, 27, true },
        { 256, 96, 27, 27, true }, { 256, 256, 13, 13, true },
        { 3, 16, 5, 400, true },   { 300, 2048, 7, 7, true },
    };
    const struct crema_planes *y = &all[_i];
    struct crema_lrn_pool_cut cut = crema_lrn_pool_cut(y);
    int64_t n = 0;

    ck_assert_int_ge(cut.rows, 1);
    ck_assert_int_le(cut.rows, CREMA_LRN_POOL_ROWS);
    ck_assert_int_ge(cut.rows * cut.segments, y->h);
    ck_assert_int_lt(cut.rows * (cut.segments - 1), y->h);
    for (int64_t i = 0; i < cut.items; i++) {
        struct crema_lrn_pool_item it = crema_lrn_pool_item(y, &cut, i);

        if (it.n < 0 || it.n >= y->n || it.w >= y->w || it.c % 8 != 0 ||
            it.c + 8 > y->c || it.to > y->h || it.from >= it.to)
            ck_abort_msg("item %lld is nowhere", (long long)i);
        n += 8 * (it.to - it.from);
    }
    ck_assert_int_eq(n, crema_count4(y));
}
END_TEST
enum { LRN_POOL_CUTS = 6 };

/* Offsets beyond 2^31 elements, forth and back, in both layouts. */
START_TEST(places)
{
    for (int last = 0; last < 2; last++) {
        const struct crema_planes p = { 1000, 513, 227, 229, last != 0 };

        for (int64_t i = 0; i < crema_count4(&p); i += 987654321) {
            struct crema_place4 at = crema_place4(&p, i);

            ck_assert_int_lt(at.n, p.n);
            ck_assert_int_lt(at.c, p.c);
            ck_assert_int_lt(at.h, p.h);
            ck_assert_int_lt(at.w, p.w);
            ck_assert_int_eq(crema_offset4(&p, at.n, at.c, at.h, at.w), i);
        }
    }
}
END_TEST

/* What kernels take as arguments has 4 KiB. */
START_TEST(arguments)
{
    ck_assert_uint_lt(sizeof(struct crema_many) + 64, 4096);
    ck_assert_uint_lt(2 * sizeof(struct crema_layout) + 64, 4096);
    ck_assert_uint_lt(sizeof(struct crema_lrn_pool) + 64, 4096);
    ck_assert_uint_lt(sizeof(struct crema_joined) + 64, 4096);
    ck_assert_uint_lt(
        sizeof(struct crema_chain) + sizeof(struct crema_cut8) + 64, 4096);
}
END_TEST

/* The reorder's own arithmetic is that of crema_layout_offset. */
START_TEST(layouts)
{
    const struct crema_shape s = CREMA_SHAPE(3, 21, 4, 5);
    struct crema_layout all[3] = { crema_layout_dense(&s, CREMA_F32),
                                   crema_layout_channels_last(&s, CREMA_F32),
                                   crema_layout_dense(&s, CREMA_F32) };

    /* nChw16c, padded from 21 to 32 */
    all[2].nblocks = 1;
    all[2].block[0] = 16;
    all[2].block_dim[0] = 1;
    all[2].padded[1] = 32;
    all[2].stride[0] = 2 * 4 * 5 * 16;
    all[2].stride[1] = 4 * 5 * 16;
    all[2].stride[2] = 5 * 16;
    all[2].stride[3] = 16;
    for (int k = 0; k < 3; k++)
        for (int64_t i = 0; i < crema_shape_count(&s); i++)
            ck_assert_int_eq(crema_at_layout(&all[k], i),
                             crema_layout_offset(&all[k], i));
}
END_TEST

/* Rows and columns change about, whatever their number; rows that only y has
 * are zero. */
START_TEST(turns)
{
    static const struct crema_turn all[] = {
        { 2, 3, 1000, 8 },    { 1, 1, 1, 1 },    { 3, 33, 31, 33 },
        { 1, 64, 32, 64 },    { 2, 70, 33, 72 }, { 1, 5, 100, 40 },
        { 2, 1000, 3, 1000 },
    };
    const struct crema_turn *t = &all[_i];
    int64_t n = t->images * t->rows * t->columns;
    int64_t m = t->images * t->padded * t->columns;
    float *x = malloc(sizeof *x * (size_t)n);
    uint16_t *y = malloc(sizeof *y * (size_t)m);

    for (int64_t i = 0; i < n; i++) x[i] = (float)(i % 251 + 1);
    memset(y, 0xff, sizeof *y * (size_t)m);
    ck_assert_int_eq(crema_cuda_turn(NULL, t, CREMA_F32, x, CREMA_BF16, y), 0);
    for (int64_t i = 0; i < m; i++) {
        int64_t r = i % t->padded, c = i / t->padded % t->columns;
        int64_t image = i / t->padded / t->columns;
        float want =
            r < t->rows ? x[(image * t->rows + r) * t->columns + c] : 0;

        ck_assert_float_eq(crema_from_bf16(y[i]), want);
    }
    free(x);
    free(y);
}
END_TEST
enum { TURNS = 7 };

/* Each unit moves all of what smaller ones do. */
START_TEST(units)
{
    const struct crema_rows r = { 3, 24, 24, 40, 2 };
    struct crema_rows w = crema_rows_widest(r, 0);

    ck_assert_int_eq(w.unit, 16);
    ck_assert_int_eq(w.n, 3);
    ck_assert_int_eq(w.to_step, 5);
    ck_assert_int_eq(crema_rows_widest(r, 4).unit, 4);
    ck_assert_int_eq(
        crema_rows_widest((struct crema_rows){ 3, 3, 3, 8, 2 }, 0).unit, 2);
}
END_TEST

/* What a GPU lacks depends on what it is. */
START_TEST(capabilities)
{
    ck_assert_ptr_nonnull(crema_cuda_lacks(75, CREMA_BF16));
    ck_assert_ptr_null(crema_cuda_lacks(75, CREMA_F16));
    ck_assert_ptr_null(crema_cuda_lacks(80, CREMA_BF16));
    ck_assert_ptr_nonnull(crema_cuda_lacks_tf32(75));
    ck_assert_ptr_null(crema_cuda_lacks_tf32(90));
}
END_TEST

/* Labels that no class has make the loss NaN and read nothing. */
START_TEST(labels)
{
    const struct crema_labels l = { { 4, 3, 1 }, false, 0 };
    const float label[4] = { 3, -1, NAN, 1e20f }, prob[12] = { 0 };
    const float ignored[1] = { 2 };
    struct crema_labels ignoring = l;

    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(crema_at_label(&l, label, i), CREMA_NO_CLASS);
        ck_assert(isnan(crema_at_loss(&l, prob, i, CREMA_NO_CLASS)));
        ck_assert(isnan(crema_at_loss_bwd(&l, prob, label, 1, 3 * i)));
    }
    ignoring.ignores = true;
    ignoring.ignore_label = 2;
    ck_assert_int_eq(crema_at_label(&ignoring, ignored, 0), CREMA_IGNORED);
}
END_TEST

static bool has_kernel(const struct crema_op_type *type)
{
    const struct cuda_kernel *const tables[] = {
        crema_cuda_elementwise, crema_cuda_pooling, crema_cuda_norms,
        crema_cuda_classes,     crema_cuda_by_rows, crema_cuda_planewise,
        crema_cuda_learning,    crema_cuda_input
    };

    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        for (const struct cuda_kernel *k = tables[i]; k->type; k++)
            if (k->type == type) return true;
    return false;
}

/* What cuDNN and cuBLAS do, and what is the host's own. */
static bool needs_none(const char *name)
{
    static const char *const names[] = { "conv", "inner_product", "host" };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strncmp(name, names[i], strlen(names[i])) == 0) return true;
    return false;
}

/* A new op gets a kernel, or its name a place above. */
START_TEST(every_op_runs_on_the_gpu)
{
#define X(name)                                                                \
    if (!needs_none(#name) && !has_kernel(&crema_op_##name))                   \
        ck_abort_msg("%s has no kernel", #name);
#include "device/ops/list.h"
#undef X
}
END_TEST

int main(void)
{
    Suite *s = suite_create("cuda on host");
    TCase *parity = tcase_create("parity with ref");
    TCase *numbers = tcase_create("arithmetic");
    int cases = 0;

    while (op_case(cases)) cases++;
    tcase_add_loop_test(parity, dense, 0, cases);
    tcase_add_loop_test(parity, channels_last, 0, cases);
    tcase_add_loop_test(parity, bf16_dense, 0, cases);
    tcase_add_loop_test(parity, bf16_channels_last, 0, cases);
    tcase_add_loop_test(parity, fp16_dense, 0, cases);
    tcase_add_loop_test(parity, fp16_channels_last, 0, cases);
    tcase_set_timeout(parity, 120);
    tcase_add_test(numbers, grids);
    tcase_add_test(numbers, cuts);
    tcase_add_test(numbers, chain_cuts);
    tcase_add_loop_test(numbers, lrn_pool_cuts, 0, LRN_POOL_CUTS);
    tcase_add_test(numbers, places);
    tcase_add_test(numbers, arguments);
    tcase_add_test(numbers, layouts);
    tcase_add_loop_test(numbers, turns, 0, TURNS);
    tcase_add_test(numbers, units);
    tcase_add_test(numbers, capabilities);
    tcase_add_test(numbers, labels);
    tcase_add_test(numbers, every_op_runs_on_the_gpu);
    suite_add_tcase(s, parity);
    suite_add_tcase(s, numbers);
    return run_suite(s);
}
