/* transform.c - a record's numbers to a net's: crop, mirror, mean, scale. */
#include "data/transform.h"

#include "base/philox.h"
#include "data/rows.h"
#include "data/transform_param.h"

#include <stdlib.h>

void crema_transform_free(struct crema_transform *t)
{
    if (!t) return;
    free(t->mean_image);
    free(t->mean_file);
    free(t->means);
    free(t->lighting);
    free(t);
}

static enum crema_status check_means(struct crema_ctx *ctx,
                                     const struct crema_transform *t,
                                     const char *name,
                                     const struct crema_sample *s)
{
    const int *m = t->mean_shape;

    if (t->mean_image &&
        (m[0] != s->channels || m[1] != s->height || m[2] != s->width))
        return crema_fail(ctx, CREMA_EINVAL,
                          "%s is %d x %d x %d (channels x height x width), but "
                          "the mean in %s is %d x %d x %d",
                          name, s->channels, s->height, s->width, t->mean_file,
                          m[0], m[1], m[2]);
    if (t->nmeans > 1 && t->nmeans != (size_t)s->channels)
        return crema_fail(ctx, CREMA_EINVAL,
                          "%s has %d channels, but there are %zu mean_value: "
                          "give one for all or one for each",
                          name, s->channels, t->nmeans);
    if (t->lights && t->lights != s->channels)
        return crema_fail(ctx, CREMA_EINVAL,
                          "%s has %d channels, but lighting_file is for %d",
                          name, s->channels, t->lights);
    return CREMA_OK;
}

enum crema_status crema_transform_shape(struct crema_ctx *ctx,
                                        const struct crema_transform *t,
                                        const char *name,
                                        const struct crema_sample *s,
                                        int shape[3])
{
    CREMA_TRY(check_means(ctx, t, name, s));
    if (t->crop_height > s->height || t->crop_width > s->width)
        return crema_fail(ctx, CREMA_EINVAL,
                          "%s is %d x %d (height x width), smaller than the "
                          "crop of %d x %d",
                          name, s->height, s->width, t->crop_height,
                          t->crop_width);
    shape[0] = s->channels;
    shape[1] = t->crop_height ? t->crop_height : s->height;
    shape[2] = t->crop_width ? t->crop_width : s->width;
    return CREMA_OK;
}

/* 0 to n - 1 */
static int below(uint32_t bits, int n)
{
    return (int)((uint64_t)bits * (uint64_t)n >> 32);
}

int crema_transform_crops(const struct crema_transform *t)
{
    return t->oversample ? CREMA_CROPS : 1;
}

/* The k-th crop; down, right: how far it may lie. */
static struct crema_choice choose_crop(int k, int down, int right)
{
    const struct crema_choice corners[] = {
        { down / 2, right / 2, false },
        { 0, 0, false },
        { 0, right, false },
        { down, 0, false },
        { down, right, false },
    };
    struct crema_choice choice = corners[k % (CREMA_CROPS / 2)];

    choice.mirror = k >= CREMA_CROPS / 2;
    return choice;
}

struct crema_choice crema_transform_choose(const struct crema_transform *t,
                                           const struct crema_sample *s,
                                           uint64_t ordinal)
{
    struct crema_philox random =
        crema_philox((uint32_t)ordinal, (uint32_t)(ordinal >> 32), 0,
                     crema_hash("transform"), t->seed, 0);
    struct crema_choice choice = { 0 };
    bool anywhere = t->train && !t->centred;

    if (t->oversample)
        return choose_crop((int)(ordinal % CREMA_CROPS),
                           s->height - t->crop_height,
                           s->width - t->crop_width);
    choice.mirror = t->mirror && random.v[0] >> 31;
    if (!t->crop_height) return choice;
    choice.top = s->height - t->crop_height;
    choice.left = s->width - t->crop_width;
    choice.top = anywhere ? below(random.v[1], choice.top + 1) : choice.top / 2;
    choice.left =
        anywhere ? below(random.v[2], choice.left + 1) : choice.left / 2;
    return choice;
}

enum crema_status crema_transform_picture(struct crema_ctx *ctx,
                                          const struct crema_transform *t,
                                          const char *name, uint64_t ordinal,
                                          struct crema_scratch *scratch,
                                          struct crema_sample *s)
{
    const struct crema_augment *a = &t->augment;
    struct crema_draws draws = crema_draws("erase", t->seed, ordinal);
    struct crema_image *image;
    struct crema_choice choice;
    int shape[3];

    if (!a->any) return CREMA_OK;
    CREMA_TRY(crema_augment_picture(ctx, a, name, ordinal, scratch, s, &image));
    s->planes = NULL;
    s->pixels = image->pixels;
    s->height = image->height;
    s->width = image->width;
    if (!t->train || !(a->erase.prob > 0)) return CREMA_OK;
    CREMA_TRY(crema_transform_shape(ctx, t, name, s, shape));
    choice = crema_transform_choose(t, s, ordinal);
    crema_erase(&a->erase, &draws, choice.top, choice.left, shape[1], shape[2],
                image);
    return CREMA_OK;
}

bool crema_transform_bytes(const struct crema_transform *t)
{
    return !t->lighting;
}

bool crema_transform_plain(const struct crema_transform *t)
{
    return !t->lighting && !t->augment.any && !t->oversample;
}

/* All that the rows of one record have in common. */
struct job {
    const struct crema_transform *t;
    const struct crema_sample *s;
    struct crema_choice choice;
    int height, width; /* of the result */
    float *out;
};

/* The offset of the crop's row y in plane c of the record. */
static size_t offset_in(const struct job *job, int c, int y)
{
    size_t line =
        (size_t)c * (size_t)job->s->height + (size_t)(job->choice.top + y);

    return line * (size_t)job->s->width + (size_t)job->choice.left;
}

static struct crema_row row_of(const struct job *job, int c, int y)
{
    const struct crema_transform *t = job->t;
    struct crema_row row = { .n = (size_t)job->width,
                             .scale = crema_transform_scale(t) };
    size_t line = (size_t)c * (size_t)job->height + (size_t)y;

    row.out = job->out + line * row.n;
    if (t->unscaled) return row;
    if (t->mean_image) row.means = t->mean_image + offset_in(job, c, y);
    if (t->nmeans) row.mean = t->means[t->nmeans > 1 ? c : 0];
    return row;
}

static void apply_bytes(const struct job *job, int c, int y, const uint8_t *in)
{
    struct crema_row row = row_of(job, c, y);

    if (job->choice.mirror)
        crema_row_bytes_mirrored(&row, in);
    else
        crema_row_bytes(&row, in);
}

static void apply_floats(const struct job *job, int c, int y)
{
    struct crema_row row = row_of(job, c, y);
    const float *in = job->s->floats + offset_in(job, c, y);

    if (job->choice.mirror)
        crema_row_floats_mirrored(&row, in);
    else
        crema_row_floats(&row, in);
}

/* Channels lie beside each other: a row is split before it is used.
 * split: room for width x channels bytes. */
static void apply_pixels(const struct job *job, uint8_t *split)
{
    int channels = job->s->channels;
    size_t stride = (size_t)job->s->width * (size_t)channels;

    for (int y = 0; y < job->height; y++) {
        const uint8_t *in = job->s->pixels +
                            (size_t)(job->choice.top + y) * stride +
                            (size_t)(job->choice.left * channels);

        if (channels > 1) {
            crema_row_split(in, (size_t)job->width, channels, split);
            in = split;
        }
        for (int c = 0; c < channels; c++)
            apply_bytes(job, c, y, in + (size_t)c * (size_t)job->width);
    }
}

static void apply_planes(const struct job *job)
{
    for (int c = 0; c < job->s->channels; c++)
        for (int y = 0; y < job->height; y++) {
            if (job->s->floats)
                apply_floats(job, c, y);
            else
                apply_bytes(job, c, y, job->s->planes + offset_in(job, c, y));
        }
}

/* Adds to each channel what this record's light is. */
static void light(const struct job *job, uint64_t ordinal)
{
    const struct crema_transform *t = job->t;
    struct crema_draws draws = crema_draws("lighting", t->seed, ordinal);
    size_t area = (size_t)job->height * (size_t)job->width;
    float much[CREMA_FILL_VALUES];

    for (int i = 0; i < t->lights; i++)
        much[i] = t->lighting_std * crema_draw_normal(&draws);
    for (int c = 0; c < t->lights; c++) {
        float sum = 0, *plane = job->out + (size_t)c * area;

        for (int i = 0; i < t->lights; i++)
            sum += much[i] * t->lighting[i * t->lights + c];
        sum *= crema_transform_scale(t);
        for (size_t i = 0; i < area; i++) plane[i] += sum;
    }
}

enum crema_status
crema_transform_apply(struct crema_ctx *ctx, const struct crema_transform *t,
                      const char *name, const struct crema_sample *s,
                      uint64_t ordinal, struct crema_scratch *scratch,
                      float *out)
{
    struct job job = { .t = t, .s = s, .out = out };
    int shape[3];

    CREMA_TRY(crema_transform_shape(ctx, t, name, s, shape));
    job.choice = crema_transform_choose(t, s, ordinal);
    job.height = shape[1];
    job.width = shape[2];
    CREMA_TRY(crema_room_grow(ctx, &scratch->rows,
                              (size_t)shape[0] * (size_t)shape[2]));
    if (s->pixels)
        apply_pixels(&job, scratch->rows.data);
    else
        apply_planes(&job);
    if (t->lights) light(&job, ordinal);
    return CREMA_OK;
}
