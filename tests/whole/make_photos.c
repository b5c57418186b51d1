/* make_photos.c - pictures in ten classes, told apart by colour and texture.
 *
 *   make_photos FOLDER COUNT [HEIGHT WIDTH [GRAIN]]
 *
 * writes FOLDER/0000.jpg .. and FOLDER/list.txt.
 *
 * Class = number mod 10: five hues, each with stripes or spots.  Angle, phase,
 * size, light and noise differ from picture to picture, so that a net has to
 * learn something.  JPEG, 256 x 256 and with a grain of 40 (of 255) unless
 * said: much, so that pictures differ; with 10 a file is as long as a photo's.
 */
#include "base/philox.h"
#include "data/image.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { SIDE = 256, GRAIN = 40, LARGEST = 4096, CLASSES = 10 };

/* B, G, R of a hue */
static const float hues[5][3] = { { 40, 40, 200 },
                                  { 40, 190, 60 },
                                  { 210, 80, 50 },
                                  { 30, 190, 210 },
                                  { 180, 60, 170 } };

static float draw(uint32_t picture, uint32_t i)
{
    return crema_uniform(crema_philox(i, picture, 0, 0, 7, 7).v[0]);
}

/* In [0, 1]: stripes along an angle, or a grid of spots. */
static float texture(int kind, float x, float y, float angle, float period,
                     float phase)
{
    float c = cosf(angle), s = sinf(angle);
    float u = (x * c + y * s) / period + phase;
    float v = (y * c - x * s) / period + phase;
    float wave = 0.5f + 0.5f * sinf(6.2832f * u);

    if (kind == 0) return wave;
    return wave * (0.5f + 0.5f * sinf(6.2832f * v));
}

static void paint(uint32_t n, float grain, struct crema_image *image)
{
    const float *hue = hues[n % CLASSES / 2];
    float angle = 3.1416f * draw(n, 0), period = 10 + 20 * draw(n, 1);
    float phase = draw(n, 2), light = 0.6f + 0.5f * draw(n, 3);
    uint8_t *at = image->pixels;

    for (int y = 0; y < image->height; y++)
        for (int x = 0; x < image->width; x++) {
            float t =
                texture((int)(n & 1), (float)x, (float)y, angle, period, phase);
            uint32_t i = (uint32_t)(y * image->width + x);
            float noise = grain * (draw(n, 16 + i) - 0.5f);

            for (int c = 0; c < 3; c++) {
                float v = light * hue[c] * (0.35f + 0.65f * t) + noise;

                *at++ = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
            }
        }
}

static int write_bytes(const char *path, const void *bytes, size_t length)
{
    FILE *f = fopen(path, "wb");

    if (!f || fwrite(bytes, 1, length, f) != length || fclose(f) != 0) {
        fprintf(stderr, "cannot write %s: %s\n", path, strerror(errno));
        return 1;
    }
    return 0;
}

static int make(struct crema_ctx *ctx, const char *folder, uint32_t count,
                const int size[3], FILE *list)
{
    struct crema_image image = { 0 };
    int failed = crema_image_reserve(ctx, folder, size[0], size[1], 3, &image);

    for (uint32_t n = 0; n < count && !failed; n++) {
        char path[4096];
        uint8_t *bytes;
        size_t length;

        paint(n, (float)size[2], &image);
        snprintf(path, sizeof path, "%s/%04u.jpg", folder, n);
        failed =
            crema_image_encode(ctx, &image, CREMA_IMAGE_JPEG, &bytes, &length);
        if (failed) break;
        failed = write_bytes(path, bytes, length);
        free(bytes);
        fprintf(list, "%04u.jpg %u\n", n, n % CLASSES);
    }
    crema_image_free(&image);
    return failed;
}

int main(int argc, char **argv)
{
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);
    char path[4096];
    int size[3] = { SIDE, SIDE, GRAIN }, failed; /* height, width */
    FILE *list;

    for (int i = 3; i < argc && i < 6; i++) size[i - 3] = atoi(argv[i]);
    if ((argc != 3 && argc != 5 && argc != 6) || !ctx || size[0] < 1 ||
        size[1] < 1 || size[0] > LARGEST || size[1] > LARGEST) {
        fprintf(stderr, "usage: make_photos FOLDER COUNT [HEIGHT WIDTH "
                        "[GRAIN]]\n");
        return 2;
    }
    mkdir(argv[1], 0777);
    snprintf(path, sizeof path, "%s/list.txt", argv[1]);
    list = fopen(path, "w");
    if (!list) {
        perror(path);
        return 1;
    }
    failed = make(ctx, argv[1], (uint32_t)atoi(argv[2]), size, list);
    failed |= fclose(list) != 0;
    if (failed) fprintf(stderr, "%s\n", crema_ctx_message(ctx));
    crema_ctx_free(ctx);
    return failed != 0;
}
