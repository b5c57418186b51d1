/* test_gpu_feed.c - batches that are fed while the GPU computes arrive whole
 * and in their order, and bytes of pictures become what the definition makes.
 */
#include "gpu/opened.h"

#include "device/formula/picture.h"
#include "device/op.h"

#include <string.h>

enum {
    N = 16,
    C = 3,
    H = 61,
    W = 67,
    EACH = C * H * W,
    STEPS = 40,
    RING = CREMA_FEED_HOLDS
};

struct batch {
    uint8_t *bytes;  /* [N][EACH] */
    int32_t *places; /* [N][CREMA_PLACE_NUMBERS] */
};

static void fill(struct batch *b, int step)
{
    for (int i = 0; i < N * EACH; i++)
        b->bytes[i] = (uint8_t)(i * 7 + i / 251 + 13 * step);
    for (int n = 0; n < N; n++) {
        int32_t *place = b->places + n * CREMA_PLACE_NUMBERS;

        place[CREMA_PLACE_TOP] = (n + step) % 5;
        place[CREMA_PLACE_LEFT] = (n * 3 + step) % 4;
        place[CREMA_PLACE_MIRROR] = (n ^ step) & 1;
        place[CREMA_PLACE_BY_PIXEL] = (n >> 1) & 1;
    }
}

static float mean_at(int64_t i)
{
    return (float)(i % 97) + 0.5f;
}

struct trial {
    struct crema_program *p;
    struct crema_param mean;
    struct crema_tensor *bytes, *places, *y;
    float *values;
};

static void open_trial(struct trial *t)
{
    const struct crema_shape shape = CREMA_SHAPE(N, C, H, W);
    int64_t count;

    t->mean = (struct crema_param){ .name = "mean",
                                    .shape = CREMA_SHAPE(C, H + 4, W + 3),
                                    .dev = dev };
    count = crema_shape_count(&t->mean.shape);
    t->values = malloc(sizeof *t->values * (size_t)count);
    ck_assert_ptr_nonnull(t->values);
    for (int64_t i = 0; i < count; i++) t->values[i] = mean_at(i);
    ok(crema_program_open(dev, &heap, true, &t->p));
    ok(crema_param_write(&t->mean, 0, count, t->values));
    t->bytes = crema_program_input(t->p, &CREMA_SHAPE(N, EACH), CREMA_U8);
    t->places = crema_program_input(t->p, &CREMA_SHAPE(N, CREMA_PLACE_NUMBERS),
                                    CREMA_I32);
    t->bytes->streamed = t->places->streamed = true;
    t->y = crema_pictures(t->p, &shape, 0.25f, t->bytes, t->places,
                          crema_program_param(t->p, &t->mean, false));
    crema_program_keep(t->y);
    crema_program_end(t->p, CREMA_FORWARD);
    ok(crema_program_prepare(t->p));
}

static void close_trial(struct trial *t)
{
    crema_program_free(t->p);
    crema_param_release(&t->mean);
    free(t->values);
}

static void check(const struct trial *t, const struct batch *b, float *y)
{
    const struct crema_picture_sizes s = { C, H, W, C, H + 4, W + 3, 0.25f };
    const float *at = y;

    ok(crema_tensor_read(dev, t->y, y));
    for (int n = 0; n < N; n++)
        for (int c = 0; c < C; c++)
            for (int r = 0; r < H; r++)
                for (int x = 0; x < W; x++)
                    ck_assert_float_eq(
                        *at++,
                        crema_picture_value(&s, b->bytes + n * EACH,
                                            b->places + n * CREMA_PLACE_NUMBERS,
                                            t->values, c, r, x));
}

/* The host runs ahead as far as it may: only every tenth result is read, and a
 * batch's memory is filled anew as soon as that is allowed. */
START_TEST(in_order_and_whole)
{
    const struct crema_device_type *type = dev->type;
    float *y = malloc(sizeof *y * N * EACH);
    struct batch ring[RING];
    struct trial t;

    ck_assert_ptr_nonnull(y);
    for (int i = 0; i < RING; i++) {
        ring[i].bytes = type->host_alloc(dev, N * EACH);
        ring[i].places = type->host_alloc(dev, N * CREMA_PLACE_NUMBERS * 4);
        ck_assert(ring[i].bytes && ring[i].places);
    }
    open_trial(&t);
    for (int step = 0; step < STEPS; step++) {
        struct batch *b = &ring[step % RING];

        fill(b, step);
        ok(crema_tensor_feed(dev, t.bytes, b->bytes));
        ok(crema_tensor_feed(dev, t.places, b->places));
        ok(crema_program_run(t.p, CREMA_FORWARD, CREMA_FORWARD, NULL, NULL));
        if (step % 10 == 9) check(&t, b, y);
    }
    close_trial(&t);
    for (int i = 0; i < RING; i++) {
        type->host_free(dev, ring[i].bytes);
        type->host_free(dev, ring[i].places);
    }
    free(y);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("batches to a GPU");
    TCase *tc = tcase_create("feed");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, in_order_and_whole);
    suite_add_tcase(s, tc);
    return gpu_main(s);
}
