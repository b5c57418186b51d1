/* test_conv_own_numbers.c - the arithmetic of our own convolutions: shared
 * memory is filled once and read without conflicts, and what a launch is told
 * holds for any size. */
#include "support/own_shapes.h"
#include "support/own_warp.h"
#include "support/suite.h"

#include "device/cuda/kernels/conv_own_block.h"

#include <stdlib.h>

/* ---- arithmetic -----------------------------------------------------------
 */

START_TEST(divisors)
{
    static const uint32_t bys[] = {
        1,     2,     3,         7,        48,           64,
        65535, 65537, 715827883, 1u << 30, 1u << 20 | 1, INT32_MAX
    };

    for (size_t i = 0; i < sizeof bys / sizeof *bys; i++) {
        struct crema_divisor d = crema_divisor(bys[i]);

        for (uint32_t k = 0; k < 100000; k++) {
            uint32_t n =
                crema_philox(k, 0, 0, 0, bys[i], 5).v[0] >> (1 + k % 31);
            uint32_t whole = n / bys[i] * bys[i];

            if (crema_divide(n, d) != n / bys[i] ||
                crema_divide(whole, d) != n / bys[i] ||
                (whole > 0 && crema_divide(whole - 1, d) != n / bys[i] - 1))
                ck_abort_msg("%u / %u", n, bys[i]);
        }
        ck_assert_uint_eq(crema_divide(INT32_MAX, d), INT32_MAX / bys[i]);
    }
}
END_TEST

/* All kinds: type, way, width. */
enum { KINDS = OWN_TYPES * CONV_WAYS * CONV_OWN_WIDTHS };

static struct crema_own_kind kind_of(int i)
{
    return (struct crema_own_kind){
        (int)own_types[i % OWN_TYPES], i / OWN_TYPES % CONV_WAYS,
        crema_conv_own_widths[i / OWN_TYPES / CONV_WAYS]
    };
}

/* Each chunk of a panel is written once; eight threads meet in no bank. */
START_TEST(copies)
{
    struct crema_own_kind kind = kind_of(_i / 2);
    bool left = _i % 2;
    uint32_t bytes = crema_own_panel(kind, left);
    int each = (int)bytes / OWN_CHUNK / OWN_ROWS;
    char *written = calloc(1, bytes);

    for (int i = 0; i < each; i++)
        for (int t = 0; t < OWN_ROWS; t++) {
            uint32_t at = crema_own_chunk_at(kind, left, t, i);
            uint32_t first = crema_own_chunk_at(kind, left, t / 8 * 8, i);
            int chunks = crema_own_chunks(kind, left);
            int side = OWN_ROWS / chunks;

            ck_assert_uint_lt(at, bytes);
            ck_assert_int_eq(written[at]++, 0);
            ck_assert_uint_eq(
                at,
                crema_own_place(kind, left, t / chunks + i * side, t % chunks));
            if (t % 8) ck_assert_uint_ne(at / 16 % 8, first / 16 % 8);
            ck_assert_uint_eq(at / 128, first / 128);
        }
    free(written);
}
END_TEST

/* Of `n` lanes no two meet in a bank of `width` bytes; there are 128 of all. */
static void apart_in_banks(const uint32_t *at, int n, uint32_t width)
{
    for (int a = 0; a < n; a++)
        for (int b = 0; b < a; b++)
            ck_assert_uint_ne(at[a] / width % (128 / width),
                              at[b] / width % (128 / width));
}

START_TEST(banks)
{
    struct crema_own_kind kind = kind_of(_i / 2);
    bool left = _i % 2;
    bool words = kind.type == CREMA_F32 && crema_own_turned(kind.way, left);

    for (int from = 0; from < crema_own_across(kind, left); from += 16)
        for (int part = 0; part < 4; part++)
            for (int r = 0; r < 4; r++) {
                uint32_t at[32];

                for (int l = 0; l < 32; l++)
                    at[l] =
                        words ? crema_own_word_at(kind, left, from, part, l, r)
                              : crema_own_row_at(kind, left, from, part, l);
                for (int l = 0; l < 32; l++)
                    ck_assert_uint_lt(at[l], crema_own_panel(kind, left));
                if (words)
                    apart_in_banks(at, 32, 4);
                else
                    apart_in_banks(at + 8 * r, 8, 16);
            }
}
END_TEST

/* Of GPUs with 8.6 a block has 99 KiB; of an H200's multiprocessor two or three
 * blocks 228, of which CUDA takes one each. */
START_TEST(rooms)
{
    struct crema_own_kind kind = kind_of(_i);
    uint32_t room = crema_own_room(kind);

    ck_assert_uint_le(room, 99 << 10);
    ck_assert_uint_le((kind.width == 64 ? 3 : 2) * (room + 1024), 228 << 10);
    ck_assert_uint_lt(sizeof(struct crema_own) + sizeof(struct crema_own_data),
                      4096);
}
END_TEST

/* ---- sizes ------------------------------------------------------------------
 */

START_TEST(fits)
{
    const struct own_shape good = { 2,        48,       9,        9,        32,
                                    { 3, 3 }, { 1, 1 }, { 1, 1 }, { 1, 1 }, 2 };
    struct own_shape s = good;
    struct conv_case c = own_case(&good, CONV_FORWARD, CREMA_F32);

    ck_assert(crema_conv_own_fits(&c));
    c.tf32 = false;
    ck_assert(!crema_conv_own_fits(&c));
    c = own_case(&good, CONV_FORWARD, CREMA_BF16);
    c.x = crema_layout_dense(&CREMA_SHAPE(2, 48, 9, 9), CREMA_BF16);
    ck_assert(!crema_conv_own_fits(&c));
    c = own_case(&good, CONV_FORWARD, CREMA_BF16);
    c.w.type = CREMA_F16;
    ck_assert(!crema_conv_own_fits(&c));
    s.c = 24; /* 12 a group: 16 bytes of TF32 alone */
    c = own_case(&s, CONV_FORWARD, CREMA_BF16);
    ck_assert(!crema_conv_own_fits(&c));
    c = own_case(&s, CONV_FORWARD, CREMA_F32);
    ck_assert(crema_conv_own_fits(&c));
    s = good;
    s.k = 36;
    c = own_case(&s, CONV_BWD_DATA, CREMA_BF16);
    ck_assert(!crema_conv_own_fits(&c));
    s = good;
    s.s[1] = OWN_PHASES + 1;
    c = own_case(&s, CONV_BWD_DATA, CREMA_BF16);
    ck_assert(!crema_conv_own_fits(&c));
    c = own_case(&s, CONV_BWD_WEIGHTS, CREMA_BF16);
    ck_assert(crema_conv_own_fits(&c));
}
END_TEST

/* Whatever would leave 31 bits is refused. */
START_TEST(too_large)
{
    static const struct own_shape all[] = {
        { 1 << 20, 16, 32, 32, 16, { 1, 1 }, { 1, 1 }, { 0, 0 }, { 1, 1 }, 1 },
        { 1, 1 << 24, 9, 9, 16, { 9, 9 }, { 1, 1 }, { 0, 0 }, { 1, 1 }, 1 },
        { 1, 16, 9, 9, 1 << 24, { 9, 9 }, { 1, 1 }, { 0, 0 }, { 1, 1 }, 1 },
        { 1, 16, 1, 1 << 28, 16, { 1, 1 }, { 1, 1 }, { 0, 0 }, { 1, 1 }, 1 },
        { 1, 16, 9, 9, 16, { 1, 1 }, { 1, 1 }, { 1 << 28, 0 }, { 1, 1 }, 1 },
        { 1,
          16,
          1,
          1,
          16,
          { 3, 1 },
          { 1, 1 },
          { 1 << 27, 0 },
          { 1 << 27, 1 },
          1 },
    };

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        for (int way = 0; way < CONV_WAYS; way++) {
            struct conv_case c =
                own_case(&all[i], (enum conv_way)way, CREMA_BF16);

            if (crema_conv_own_fits(&c)) ck_abort_msg("shape %d fits", (int)i);
        }
}
END_TEST

/* The last blocks' first rows and columns are there; pixels lie where the
 * layout says, beyond 2^31 too. */
static void check_blocks(const struct conv_case *c, int width)
{
    struct crema_own o;
    int64_t n;

    ck_assert(crema_conv_own_plan(c, width, 264, (size_t)1 << 30, &o));
    n = crema_own_blocks(&o);
    ck_assert_int_ge(n, 1);
    ck_assert_uint_le(crema_conv_own_workspace(&o), (size_t)1 << 30);
    for (int64_t i = n - 1; i > 0 && i > n - 100; i--) {
        struct crema_own_block b = crema_own_block(&o, o.kind, (uint32_t)i);
        int32_t last = o.images * b.y.count * b.x.count - 1;
        struct crema_own_pixel p = crema_own_pixel(&o, &b, last);
        const struct crema_layout *l = c->way == CONV_BWD_DATA ? &c->y : &c->x;

        ck_assert_int_ge(b.m0, 0);
        ck_assert_int_lt(b.group, o.groups);
        ck_assert_int_lt(b.n0, o.to_each);
        ck_assert_int_le((int64_t)b.first + b.steps,
                         b.k / crema_own_depth(o.kind.type) + 1);
        ck_assert_int_eq(p.offset, (int64_t)(o.images - 1) * l->stride[0] +
                                       p.y * l->stride[2] + p.x * l->stride[3] +
                                       (int64_t)b.group * o.each);
        ck_assert_int_eq(crema_own_pixel(&o, &b, last + 1).y, OWN_OUTSIDE);
    }
}

START_TEST(large)
{
    static const struct own_shape all[] = {
        { 1 << 19, 512, 32, 32, 16, { 3, 3 }, { 1, 1 }, { 1, 1 }, { 1, 1 }, 2 },
        { 4,
          16,
          1,
          (1 << 28) - 1,
          16,
          { 1, 5 },
          { 1, 1 },
          { 0, 2 },
          { 1, 1 },
          2 },
        { 1, 1 << 22, 9, 9, 16, { 7, 7 }, { 1, 1 }, { 0, 0 }, { 1, 1 }, 1 },
        { 1, 16, 9, 9, 1 << 22, { 7, 7 }, { 2, 2 }, { 0, 0 }, { 1, 1 }, 1 },
        { 1, 16, 9, 9, 16, { 3, 3 }, { 1, 1 }, { 2, 2 }, { 1, 1 }, 2 },
        { 256, 96, 27, 27, 256, { 5, 5 }, { 1, 1 }, { 2, 2 }, { 1, 1 }, 2 },
        { 256, 384, 13, 13, 384, { 3, 3 }, { 1, 1 }, { 1, 1 }, { 1, 1 }, 2 },
    };

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        for (int way = 0; way < CONV_WAYS; way++) {
            struct conv_case c =
                own_case(&all[i], (enum conv_way)way, CREMA_BF16);

            ck_assert(crema_conv_own_fits(&c));
            check_blocks(&c, 64);
            check_blocks(&c, 128);
        }
}
END_TEST

/* Parts of dW hold every step once, in the room there is. */
START_TEST(splits)
{
    for (int64_t n = 1; n < 3000; n = 3 * n / 2 + 1)
        for (int64_t at_once = 1; at_once < 2000; at_once *= 7) {
            const struct own_shape s = { n,        32,       13,       13,
                                         32,       { 3, 3 }, { 1, 1 }, { 1, 1 },
                                         { 1, 1 }, 2 };
            struct conv_case c = own_case(&s, CONV_BWD_WEIGHTS, CREMA_BF16);
            int64_t steps = (n * 169 + 63) / 64;
            size_t room = 10 * sizeof(float) * 32 * 16 * 9;
            struct crema_own o;

            ck_assert(crema_conv_own_plan(&c, 64, at_once, room, &o));
            ck_assert_int_ge(o.splits, 1);
            ck_assert_int_ge((int64_t)o.splits * o.split_steps, steps);
            ck_assert_int_lt((int64_t)(o.splits - 1) * o.split_steps, steps);
            ck_assert_uint_le(crema_conv_own_workspace(&o), room);
        }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("own convolutions' arithmetic");
    TCase *tc = tcase_create("numbers");

    tcase_add_test(tc, divisors);
    tcase_add_loop_test(tc, copies, 0, 2 * KINDS);
    tcase_add_loop_test(tc, banks, 0, 2 * KINDS);
    tcase_add_loop_test(tc, rooms, 0, KINDS);
    tcase_add_test(tc, fits);
    tcase_add_test(tc, too_large);
    tcase_add_test(tc, large);
    tcase_add_test(tc, splits);
    suite_add_tcase(s, tc);
    return run_suite(s);
}
