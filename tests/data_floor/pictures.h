/* pictures.h - pictures for tests. */
#ifndef CREMA_TESTS_PICTURES_H
#define CREMA_TESTS_PICTURES_H

#include "data/image.h"

#include <check.h>

static struct crema_ctx *ctx;

static inline void setup(void)
{
    ctx = crema_ctx_new(NULL, NULL);
}
static inline void teardown(void)
{
    crema_ctx_free(ctx);
}

#define OK(call) ck_assert_msg((call) == CREMA_OK, "%s", ctx->message)

static inline uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static inline struct crema_image random_image(int height, int width,
                                              int channels, uint32_t seed)
{
    struct crema_image image = { 0 };

    OK(crema_image_reserve(ctx, "random", height, width, channels, &image));
    for (int i = 0; i < height * width * channels; i++)
        image.pixels[i] = (uint8_t)next_random(&seed);
    return image;
}

#endif
