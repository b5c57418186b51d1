/* picture.c - a file with a picture becomes a net's input. */
#include "data/image.h"
#include "data/mean.h"

#include <stdlib.h>

/* Means by channel: the file's averages, or the given values. */
static enum crema_status find_means(struct crema_ctx *ctx, int channels,
                                    const struct crema_preprocess *p,
                                    float mean[4])
{
    float *values;
    int shape[3];
    size_t each;

    for (int c = 0; c < channels; c++)
        mean[c] = p->nmeans == 0 ? 0 : p->mean[p->nmeans == 1 ? 0 : c];
    if (p->nmeans > 1 && p->nmeans != channels)
        return crema_fail(ctx, CREMA_EINVAL, "%d mean values for %d channels",
                          p->nmeans, channels);
    if (!p->mean_file) return CREMA_OK;
    CREMA_TRY(crema_mean_read(ctx, p->mean_file, &values, shape));
    each = (size_t)shape[1] * (size_t)shape[2];
    for (int c = 0; c < channels; c++) {
        double sum = 0;

        for (size_t i = 0; c < shape[0] && i < each; i++)
            sum += values[(size_t)c * each + i];
        mean[c] = each ? (float)(sum / (double)each) : 0;
    }
    free(values);
    if (shape[0] == channels) return CREMA_OK;
    return crema_fail(ctx, CREMA_EINVAL, "%s has %d channels, the net wants %d",
                      p->mean_file, shape[0], channels);
}

/* [h][w][c] bytes -> [c][h][w] floats */
static void spread(const struct crema_image *image, const float mean[4],
                   float scale, float *values)
{
    size_t area = (size_t)image->height * (size_t)image->width;
    size_t channels = (size_t)image->channels;

    for (size_t c = 0; c < channels; c++)
        for (size_t i = 0; i < area; i++)
            values[c * area + i] =
                scale * ((float)image->pixels[i * channels + c] - mean[c]);
}

enum crema_status crema_picture_read(struct crema_ctx *ctx, const char *path,
                                     int channels, int height, int width,
                                     const struct crema_preprocess *p,
                                     float *values)
{
    static const struct crema_preprocess plain = { 0 };
    struct crema_image image = { 0 }, resized = { 0 };
    enum crema_status status;
    float mean[4] = { 0 };

    if (!p) p = &plain;
    if (channels != 1 && channels != 3)
        return crema_fail(ctx, CREMA_EINVAL,
                          "a picture has 1 or 3 channels, the net wants %d",
                          channels);
    CREMA_TRY(find_means(ctx, channels, p, mean));
    status = crema_image_read(
        ctx, path, channels == 1 ? CREMA_IMAGE_GRAY : CREMA_IMAGE_COLOR,
        &image);
    if (status == CREMA_OK)
        status = crema_image_resize(ctx, &image, height, width, &resized);
    if (status == CREMA_OK)
        spread(&resized, mean, p->scale == 0 ? 1 : p->scale, values);
    crema_image_free(&image);
    crema_image_free(&resized);
    return status;
}
