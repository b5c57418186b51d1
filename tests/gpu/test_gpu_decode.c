/* test_gpu_decode.c - JPEGs that nvJPEG decodes while the GPU computes: nearly
 * the processor's pixels, in their order, the same ones each time. */
#include "gpu/opened.h"

#include "data/pipeline.h"
#include "device/op.h"

#include <string.h>

enum {
    N = 64,
    CUT = 100,
    ROW = 3 * CUT,
    EACH = CUT * ROW,
    STEPS = 24,
    RING = CREMA_FEED_HOLDS,
    KINDS = 9 /* different pictures */
};

/* ---- pictures -------------------------------------------------------------
 */

struct picture {
    uint8_t *jpeg;
    size_t length;
    struct crema_image image; /* as the processor decodes it */
};

/* Smooth, as photographs are. */
static void make_picture(struct picture *p, int kind)
{
    struct crema_image *image = &p->image;
    int h = CUT + 5 * kind, w = CUT + 31 * kind;
    uint8_t *at;

    ok(crema_image_reserve(ctx, "drawn", h, w, 3, image));
    at = image->pixels;
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++)
            for (int c = 0; c < 3; c++)
                *at++ = (uint8_t)(20 + 9 * kind + (y * (c + 1) + x) / 8);
    ok(crema_image_encode(ctx, image, CREMA_IMAGE_JPEG, &p->jpeg, &p->length));
    ok(crema_image_decode(ctx, "drawn", p->jpeg, p->length,
                          CREMA_IMAGE_UNCHANGED, image));
}

static void free_picture(struct picture *p)
{
    crema_image_free(&p->image);
    free(p->jpeg);
}

/* ---- batches: every seventh is a cut already -------------------------------
 */

struct batch {
    struct crema_cuts cuts;
    struct crema_encoded encoded[N];
    int32_t *places;
    int kind[N];
};

static enum crema_status refuse(struct crema_ctx *c,
                                const struct crema_cuts *cuts, int64_t i)
{
    return crema_fail(c, CREMA_EDEVICE,
                      "picture %lld of %u bytes was not decoded", (long long)i,
                      cuts->encoded[i].length);
}

static void open_ring(struct batch *b)
{
    b->places =
        dev->type->host_alloc(dev, sizeof(int32_t) * N * CREMA_PLACE_NUMBERS);
    b->cuts = (struct crema_cuts){
        .n = N,
        .rows = CUT,
        .row = ROW,
        .bytes = dev->type->host_alloc(dev, (size_t)N * CREMA_ENCODED_BYTES),
        .stride = CREMA_ENCODED_BYTES,
        .encoded = b->encoded,
        .places = b->places,
        .decode = refuse,
    };
    ck_assert(b->cuts.bytes && b->places);
}

static const uint8_t *row_of(const struct crema_image *image,
                             const int32_t *place, int y)
{
    return image->pixels + ((place[CREMA_PLACE_TOP] + y) * image->width +
                            place[CREMA_PLACE_LEFT]) *
                               3;
}

static void fill(struct batch *b, const struct picture pictures[], int step)
{
    for (int i = 0; i < N; i++) {
        int kind = b->kind[i] = (i * 5 + step) % KINDS;
        const struct picture *p = &pictures[kind];
        int32_t *place = b->places + i * CREMA_PLACE_NUMBERS;
        uint8_t *to = b->cuts.bytes + (size_t)i * b->cuts.stride;

        place[CREMA_PLACE_TOP] = (p->image.height - CUT) * (i % 3) / 2;
        place[CREMA_PLACE_LEFT] = (p->image.width - CUT) * (i % 5) / 4;
        place[CREMA_PLACE_MIRROR] = 0;
        place[CREMA_PLACE_BY_PIXEL] = 1;
        b->encoded[i] = (struct crema_encoded){ 0 };
        if (i % 7 == 3) {
            for (int y = 0; y < CUT; y++)
                memcpy(to + y * ROW, row_of(&p->image, place, y), ROW);
            continue;
        }
        memcpy(to, p->jpeg, p->length);
        b->encoded[i] =
            (struct crema_encoded){ (uint32_t)p->length, p->image.height,
                                    p->image.width };
    }
}

/* ---- the program ------------------------------------------------------------
 */

struct trial {
    struct crema_program *p;
    struct crema_tensor *bytes, *places, *y;
};

static void open_trial(struct trial *t)
{
    const struct crema_shape shape = CREMA_SHAPE(N, 3, CUT, CUT);

    ok(crema_program_open(dev, &heap, true, &t->p));
    t->bytes = crema_program_input(t->p, &CREMA_SHAPE(N, EACH), CREMA_U8);
    t->places = crema_program_input(t->p, &CREMA_SHAPE(N, CREMA_PLACE_NUMBERS),
                                    CREMA_I32);
    t->bytes->streamed = t->places->streamed = t->bytes->decoded = true;
    t->y = crema_pictures(t->p, &shape, 1, t->bytes, t->places, NULL);
    crema_program_keep(t->y);
    crema_program_end(t->p, CREMA_FORWARD);
    ok(crema_program_prepare(t->p));
}

/* A pixel may differ where colours change; on average hardly. */
static void check(const struct batch *b, const struct picture pictures[],
                  const float *y)
{
    for (int i = 0; i < N; i++) {
        const int32_t *place = b->places + i * CREMA_PLACE_NUMBERS;
        const struct crema_image *image = &pictures[b->kind[i]].image;
        double sum = 0;

        for (int c = 0; c < 3; c++)
            for (int r = 0; r < CUT; r++)
                for (int x = 0; x < CUT; x++) {
                    float d = *y++ - (float)row_of(image, place, r)[x * 3 + c];

                    sum += d < 0 ? -d : d;
                }
        ck_assert_msg(sum / EACH <= (b->encoded[i].length ? 3 : 0),
                      "picture %d, kind %d: off by %g on average", i,
                      b->kind[i], sum / EACH);
    }
}

/* The host runs ahead; every ninth step is what the first was. */
static void feed_and_check(void)
{
    static struct batch ring[RING];
    struct picture pictures[KINDS] = { { NULL } };
    size_t bytes = sizeof(float) * N * EACH;
    float *y = malloc(bytes), *first = malloc(bytes);
    struct trial t;

    ck_assert(y && first);
    for (int k = 0; k < KINDS; k++) make_picture(&pictures[k], k);
    for (int i = 0; i < RING; i++) open_ring(&ring[i]);
    open_trial(&t);
    for (int step = 0; step < STEPS; step++) {
        struct batch *b = &ring[step % RING];

        fill(b, pictures, step);
        ok(crema_tensor_feed_cuts(dev, t.bytes, &b->cuts));
        ok(crema_tensor_feed(dev, t.places, b->places));
        ok(crema_program_run(t.p, CREMA_FORWARD, CREMA_FORWARD, NULL, NULL));
        if (step % 4 && step % KINDS) continue;
        ok(crema_tensor_read(dev, t.y, y));
        check(b, pictures, y);
        if (step == 0) memcpy(first, y, bytes);
        if (step % KINDS == 0) ck_assert_mem_eq(first, y, bytes);
    }
    crema_program_free(t.p);
    for (int i = 0; i < RING; i++) {
        dev->type->host_free(dev, ring[i].cuts.bytes);
        dev->type->host_free(dev, ring[i].places);
    }
    for (int k = 0; k < KINDS; k++) free_picture(&pictures[k]);
    free(y);
    free(first);
}

/* Where there is no nvJPEG the processor is there, and it is said why. */
START_TEST(nearly_the_processor)
{
    if (crema_device_decode(dev, "gpu") != CREMA_OK) {
        ck_assert_int_eq(ctx->status, CREMA_EUNSUPPORTED);
        printf("not tried: %s\n", ctx->message);
        return;
    }
    printf("%s\n", crema_device_decoder(dev, true));
    feed_and_check();
}
END_TEST

int main(void)
{
    Suite *s = suite_create("JPEGs on a GPU");
    TCase *tc = tcase_create("decode");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, nearly_the_processor);
    suite_add_tcase(s, tc);
    return gpu_main(s);
}
