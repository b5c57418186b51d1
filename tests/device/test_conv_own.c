/* test_conv_own.c - the convolutions of our own kernels, run on the host block
 * by block and warp by warp, give what the definition gives: all directions and
 * types, tiles of both widths, copies early and late; shared memory is read
 * without conflicts; and what a launch is told holds for any size. */
#include "device/cuda/conv_own.h"
#include "device/cuda/kernels.h"
#include "support/own_warp.h"
#include "support/suite.h"

#include "device/cuda/kernels/conv_own_block.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* n, c, h, w of x; outputs; kernel, stride, pad, dilation by axis; groups */
struct shape {
    int64_t n, c, h, w, k, r[2], s[2], p[2], d[2], g;
};

static const struct shape shapes[] = {
    { 1, 16, 5, 5, 16, { 1, 1 }, { 1, 1 }, { 0, 0 }, { 1, 1 }, 2 },
    { 2, 48, 9, 9, 32, { 3, 3 }, { 1, 1 }, { 1, 1 }, { 1, 1 }, 2 },
    /* AlexNet's conv2 in small: a chunk of K has channels of two taps */
    { 1, 96, 6, 5, 256, { 5, 5 }, { 1, 1 }, { 2, 2 }, { 1, 1 }, 2 },
    /* several tiles of pixels and of outputs, as conv4's 192 a group */
    { 2, 32, 13, 11, 384, { 1, 2 }, { 1, 1 }, { 0, 1 }, { 1, 1 }, 2 },
    /* channels and outputs that fill no tile; axes that differ */
    { 3, 24, 7, 11, 120, { 3, 2 }, { 1, 2 }, { 1, 0 }, { 1, 1 }, 3 },
    { 2, 80, 9, 8, 208, { 2, 3 }, { 2, 1 }, { 0, 2 }, { 2, 1 }, 1 },
    /* strides: of phases some, one or no tap; pixels that nobody reads */
    { 2, 16, 11, 10, 16, { 3, 3 }, { 2, 2 }, { 1, 1 }, { 1, 1 }, 2 },
    { 1, 32, 12, 15, 16, { 5, 3 }, { 3, 4 }, { 2, 1 }, { 1, 1 }, 1 },
    { 2, 16, 13, 9, 32, { 1, 1 }, { 3, 2 }, { 0, 0 }, { 1, 1 }, 2 },
    { 1, 16, 14, 17, 16, { 3, 4 }, { 4, 6 }, { 0, 3 }, { 2, 4 }, 2 },
    { 1, 16, 20, 9, 16, { 11, 8 }, { 4, 8 }, { 5, 3 }, { 1, 3 }, 2 },
    /* more padding than picture */
    { 1, 16, 3, 2, 32, { 3, 3 }, { 1, 1 }, { 4, 5 }, { 1, 1 }, 2 },
    /* one row; many groups */
    { 3, 64, 1, 50, 64, { 1, 5 }, { 1, 1 }, { 0, 2 }, { 1, 1 }, 8 },
};
enum { SHAPES = sizeof shapes / sizeof *shapes, TYPES = 3 };

static const enum crema_type types[TYPES] = { CREMA_BF16, CREMA_F16,
                                              CREMA_F32 };

/* One op on float32, and the same numbers as they lie for the kernels. */
struct trial {
    struct conv_case c;
    struct crema_tensor x, w, b, y;
    struct crema_tensor *in[3], *out[2];
    struct crema_op op;
    void *own[4]; /* x, w, y, workspace */
};

static float number(uint32_t i, uint32_t stream)
{
    return 2 * crema_uniform(crema_philox(i, 0, 0, 0, 3, stream).v[0]) - 1;
}

/* Numbers that the type holds exactly. */
static float rounded(enum crema_type type, float v)
{
    uint32_t word;

    if (type == CREMA_BF16) return crema_from_bf16(crema_to_bf16(v));
    if (type == CREMA_F16) return crema_from_f16(crema_to_f16(v));
    memcpy(&word, &v, sizeof word);
    return crema_float_of(crema_own_to_tf32(word));
}

static void fill(struct crema_tensor *t, enum crema_type type, uint32_t stream)
{
    int64_t count = crema_shape_count(&t->shape);
    float *v = malloc(sizeof *v * (size_t)count);

    for (int64_t i = 0; i < count; i++)
        v[i] = rounded(type, number((uint32_t)i, stream));
    t->data = v;
    t->layout = crema_layout_dense(&t->shape, CREMA_F32);
}

static int64_t size_of_y(const struct shape *s, int i)
{
    int64_t x = i ? s->w : s->h;

    return (x + 2 * s->p[i] - s->d[i] * (s->r[i] - 1) - 1) / s->s[i] + 1;
}

static struct conv_case case_of(const struct shape *s, enum conv_way way,
                                enum crema_type type)
{
    const struct crema_shape x = CREMA_SHAPE(s->n, s->c, s->h, s->w);
    const struct crema_shape w =
        CREMA_SHAPE(s->k, s->c / s->g, s->r[0], s->r[1]);
    const struct crema_shape y =
        CREMA_SHAPE(s->n, s->k, size_of_y(s, 0), size_of_y(s, 1));

    return (struct conv_case){
        .way = way,
        .conv = { 2,
                  { s->r[0], s->r[1] },
                  { s->s[0], s->s[1] },
                  { s->p[0], s->p[1] },
                  { s->d[0], s->d[1] },
                  s->g },
        .x = crema_layout_channels_last(&x, type),
        .w = crema_layout_channels_last(&w, type),
        .y = crema_layout_channels_last(&y, type),
        .bias = way == CONV_FORWARD,
        .relu = way == CONV_FORWARD && s->g == 2,
        .tf32 = type == CREMA_F32,
    };
}

static void *packed(const struct crema_layout *l, const struct crema_tensor *t,
                    bool read)
{
    void *data = aligned_alloc(16, (l->bytes + 15) / 16 * 16);

    memset(data, 0xff, l->bytes);
    if (read)
        crema_layout_pack(l, data, 0, crema_shape_count(&t->shape),
                          (const float *)t->data);
    return data;
}

static void shape_like(struct crema_tensor *t, const struct crema_layout *l)
{
    t->shape.ndims = l->ndims;
    memcpy(t->shape.dim, l->dim, sizeof t->shape.dim);
}

static void begin(struct trial *t, const struct shape *s, enum conv_way way,
                  enum crema_type type)
{
    static const struct crema_op_type *const ops[] = {
        &crema_op_conv, &crema_op_conv_bwd_data, &crema_op_conv_bwd_weights
    };

    *t = (struct trial){ .c = case_of(s, way, type) };
    shape_like(&t->x, &t->c.x);
    shape_like(&t->w, &t->c.w);
    shape_like(&t->y, &t->c.y);
    t->b.shape = CREMA_SHAPE(s->k);
    fill(&t->x, type, 1);
    fill(&t->w, type, 2);
    fill(&t->y, type, 3);
    fill(&t->b, CREMA_F32, 4);
    t->in[0] = way == CONV_BWD_DATA ? &t->w : &t->x;
    t->in[1] = way == CONV_FORWARD ? &t->w : &t->y;
    t->in[2] = way == CONV_FORWARD ? &t->b : NULL;
    t->out[0] = way == CONV_FORWARD    ? &t->y
                : way == CONV_BWD_DATA ? &t->x
                                       : &t->w;
    t->op = (struct crema_op){ .type = ops[way],
                               .params = &t->c.conv,
                               .nin = way == CONV_FORWARD ? 3 : 2,
                               .nout = way == CONV_BWD_WEIGHTS ? 2 : 1,
                               .in = t->in,
                               .out = t->out };
    t->own[0] = packed(&t->c.x, &t->x, way != CONV_BWD_DATA);
    t->own[1] = packed(&t->c.w, &t->w, way != CONV_BWD_WEIGHTS);
    t->own[2] = packed(&t->c.y, &t->y, way != CONV_FORWARD);
}

static void end(struct trial *t)
{
    free(t->x.data);
    free(t->w.data);
    free(t->y.data);
    free(t->b.data);
    for (int i = 0; i < 4; i++) free(t->own[i]);
}

/* The largest difference, in parts of the largest value. */
static double apart(const struct trial *t)
{
    const struct crema_tensor *want = t->out[0];
    const struct crema_layout *l = want == &t->y   ? &t->c.y
                                   : want == &t->x ? &t->c.x
                                                   : &t->c.w;
    const void *own = t->own[want == &t->y ? 2 : want == &t->x ? 0 : 1];
    int64_t count = crema_shape_count(&want->shape);
    const float *a = want->data;
    float *b = malloc(sizeof *b * (size_t)count);
    double worst = 0, largest = 1e-30;

    crema_layout_unpack(l, own, 0, count, b);
    for (int64_t i = 0; i < count; i++) {
        double d = fabs((double)a[i] - b[i]);

        worst = fmax(worst, isnan(d) ? INFINITY : d);
        largest = fmax(largest, fabs(a[i]));
    }
    free(b);
    return worst / largest;
}

static void run_own(struct trial *t, int width, int64_t at_once)
{
    struct crema_own o;
    const struct conv_data d = { t->own[0], t->own[1], t->own[2],
                                 t->c.bias ? t->b.data : NULL };
    struct crema_own_data own;

    ck_assert(crema_conv_own_plan(&t->c, width, at_once, (size_t)1 << 30, &o));
    free(t->own[3]);
    t->own[3] = aligned_alloc(16, crema_conv_own_workspace(&o) + 16);
    memset(t->own[3], 0xff, crema_conv_own_workspace(&o) + 16);
    own = crema_conv_own_data(&t->c, &d, t->own[3]);
    ck_assert_int_eq(crema_cuda_own_conv(NULL, &o, &own), 0);
}

/* Case i of both tables.  Copies are late for one of the widths, whose dW is
 * cut into parts, and early for the other. */
static void hold(int i, enum conv_way way)
{
    enum crema_type type = types[i % TYPES];
    /* half a unit in the last place of what is stored, and sums' order */
    double tolerance = type == CREMA_BF16  ? 4e-3
                       : type == CREMA_F16 ? 6e-4
                                           : 1e-5;
    const struct shape *s = &shapes[i / TYPES];
    struct crema_ctx ctx = { 0 };
    struct trial t;

    begin(&t, s, way, type);
    ck_assert(crema_conv_own_fits(&t.c));
    ck_assert_int_eq(t.op.type->ref(&ctx, &t.op), CREMA_OK);
    if (t.c.relu)
        for (int64_t k = 0; k < crema_shape_count(&t.y.shape); k++)
            ((float *)t.y.data)[k] = fmaxf(((float *)t.y.data)[k], 0);
    for (int k = 0; k < CONV_OWN_WIDTHS; k++) {
        int width = crema_conv_own_widths[k];
        double d;

        own_copies.late = (i + k) % 2;
        run_own(&t, width, own_copies.late ? 100 : 1);
        d = apart(&t);
        if (d > tolerance)
            ck_abort_msg("shape %d, way %d, type %d, width %d%s: off by %g",
                         (int)(s - shapes), (int)way, (int)type, width,
                         own_copies.late ? ", late" : "", d);
    }
    end(&t);
}

START_TEST(forward)
{
    hold(_i, CONV_FORWARD);
}
END_TEST

START_TEST(data)
{
    hold(_i, CONV_BWD_DATA);
}
END_TEST

START_TEST(weights)
{
    hold(_i, CONV_BWD_WEIGHTS);
}
END_TEST

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
            uint32_t whole = INT32_MAX / bys[i] * bys[i];

            ck_assert_uint_eq(crema_divide(n, d), n / bys[i]);
            ck_assert_uint_eq(crema_divide(n / bys[i] * bys[i], d), n / bys[i]);
            ck_assert_uint_eq(crema_divide(whole - 1, d), (whole - 1) / bys[i]);
            ck_assert_uint_eq(crema_divide(INT32_MAX, d), INT32_MAX / bys[i]);
        }
    }
}
END_TEST

/* All kinds: type, way, width. */
enum { KINDS = TYPES * CONV_WAYS * CONV_OWN_WIDTHS };

static struct crema_own_kind kind_of(int i)
{
    return (
        struct crema_own_kind){ (int)types[i % TYPES], i / TYPES % CONV_WAYS,
                                crema_conv_own_widths[i / TYPES / CONV_WAYS] };
}

/* Each chunk of a panel is written once; eight threads meet in no bank. */
START_TEST(chunks)
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
    const struct shape good = shapes[1];
    struct shape s = good;
    struct conv_case c = case_of(&good, CONV_FORWARD, CREMA_F32);

    ck_assert(crema_conv_own_fits(&c));
    c.tf32 = false;
    ck_assert(!crema_conv_own_fits(&c));
    c = case_of(&good, CONV_FORWARD, CREMA_BF16);
    c.x = crema_layout_dense(&CREMA_SHAPE(2, 48, 9, 9), CREMA_BF16);
    ck_assert(!crema_conv_own_fits(&c));
    c = case_of(&good, CONV_FORWARD, CREMA_BF16);
    c.w.type = CREMA_F16;
    ck_assert(!crema_conv_own_fits(&c));
    s.c = 24; /* 12 a group: 16 bytes of TF32 alone */
    c = case_of(&s, CONV_FORWARD, CREMA_BF16);
    ck_assert(!crema_conv_own_fits(&c));
    c = case_of(&s, CONV_FORWARD, CREMA_F32);
    ck_assert(crema_conv_own_fits(&c));
    s = good;
    s.k = 36;
    c = case_of(&s, CONV_BWD_DATA, CREMA_BF16);
    ck_assert(!crema_conv_own_fits(&c));
    s = good;
    s.s[1] = OWN_PHASES + 1;
    c = case_of(&s, CONV_BWD_DATA, CREMA_BF16);
    ck_assert(!crema_conv_own_fits(&c));
    c = case_of(&s, CONV_BWD_WEIGHTS, CREMA_BF16);
    ck_assert(crema_conv_own_fits(&c));
}
END_TEST

/* Whatever would leave 31 bits is refused. */
START_TEST(too_large)
{
    static const struct shape all[] = {
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
                case_of(&all[i], (enum conv_way)way, CREMA_BF16);

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
    static const struct shape all[] = {
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
                case_of(&all[i], (enum conv_way)way, CREMA_BF16);

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
            const struct shape s = {
                n, 32, 13, 13, 32, { 3, 3 }, { 1, 1 }, { 1, 1 }, { 1, 1 }, 2
            };
            struct conv_case c = case_of(&s, CONV_BWD_WEIGHTS, CREMA_BF16);
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
    Suite *s = suite_create("own convolutions");
    TCase *parity = tcase_create("parity with ref");
    TCase *numbers = tcase_create("arithmetic");

    tcase_add_loop_test(parity, forward, 0, SHAPES * TYPES);
    tcase_add_loop_test(parity, data, 0, SHAPES * TYPES);
    tcase_add_loop_test(parity, weights, 0, SHAPES * TYPES);
    tcase_set_timeout(parity, 120);
    tcase_add_test(numbers, divisors);
    tcase_add_loop_test(numbers, chunks, 0, 2 * KINDS);
    tcase_add_loop_test(numbers, banks, 0, 2 * KINDS);
    tcase_add_loop_test(numbers, rooms, 0, KINDS);
    tcase_add_test(numbers, fits);
    tcase_add_test(numbers, too_large);
    tcase_add_test(numbers, large);
    tcase_add_test(numbers, splits);
    suite_add_tcase(s, parity);
    suite_add_tcase(s, numbers);
    return run_suite(s);
}
