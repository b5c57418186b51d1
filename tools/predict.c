/* predict.c - crema predict: names what is on pictures.
 *
 * A picture goes the way of the test data: resized (to the mean's size, where
 * there is a mean), mean subtracted, its centre cut out.  With --oversample
 * also its corners, and all of them mirrored; the answers are averaged.
 */
#include "base/file.h"
#include "data/image.h"
#include "data/mean.h"
#include "job.h"
#include "verbs.h"

#include <stdlib.h>
#include <string.h>

enum { CROPS = 10, MOST_VALUES = 4 };

struct predict {
    struct job job;
    struct device_flags device;
    struct model_flags model;
    const char *labels, *mean_file, *mean_value;
    double scale;
    long top;
    bool oversample;
    /* the net's input and output */
    const char *input;
    const struct crema_blob *output;
    int channels, height, width;
    /* what is subtracted: a picture, or numbers by channel */
    float *mean;
    int mean_shape[3];
    float value[MOST_VALUES];
    /* one line for each class */
    char *label_text, **label;
    int nlabels;
};

/* ---- preparing ---------------------------------------------------------- */

static enum crema_status find_input(struct predict *p)
{
    const struct crema_net *net = p->job.net;
    const struct crema_shape *s = NULL;

    for (int i = 0; i < net->nblobs; i++) {
        const struct crema_blob *b = &net->blob[i];

        if (!net->layer[b->producer].type->reshape) continue;
        if (p->input)
            return crema_fail(p->job.ctx, CREMA_EINVAL,
                              "the net has several inputs (%s, %s); pictures "
                              "go into one",
                              p->input, b->name);
        p->input = b->name;
        s = &b->first->shape;
    }
    if (!s)
        return crema_fail(p->job.ctx, CREMA_EINVAL,
                          "%s has no Input layer: give the net's deploy form",
                          p->model.model);
    if (s->ndims != 4 || (s->dim[1] != 1 && s->dim[1] != 3))
        return crema_fail(p->job.ctx, CREMA_EINVAL,
                          "input \"%s\" takes no pictures: it is not N x 1 x H "
                          "x W or N x 3 x H x W",
                          p->input);
    p->channels = (int)s->dim[1];
    p->height = (int)s->dim[2];
    p->width = (int)s->dim[3];
    return CREMA_OK;
}

/* The only output; of several "prob", else the first. */
static enum crema_status find_output(struct predict *p)
{
    const struct crema_net *net = p->job.net;

    for (int i = net->noutputs - 1; i >= 0; i--) {
        const struct crema_blob *b = &net->blob[net->output[i]];

        p->output = b;
        if (!strcmp(b->name, "prob")) break;
    }
    if (p->output) return CREMA_OK;
    return crema_fail(p->job.ctx, CREMA_EINVAL, "%s has no output",
                      p->model.model);
}

/* "104,117,123" */
static enum crema_status read_mean_value(struct predict *p)
{
    const char *text = p->mean_value;
    int n = 0;
    char *end;

    while (text && *text && n < MOST_VALUES) {
        p->value[n++] = strtof(text, &end);
        if (end == text) break;
        text = end + (*end == ',');
    }
    if (!p->mean_value || (!*text && (n == 1 || n == p->channels))) {
        for (int c = n; n == 1 && c < p->channels; c++)
            p->value[c] = p->value[0];
        return CREMA_OK;
    }
    return crema_fail(
        p->job.ctx, CREMA_EINVAL, "--mean_value wants one number%s, got \"%s\"",
        p->channels > 1 ? " or one for each channel" : "", p->mean_value);
}

static enum crema_status read_mean(struct predict *p)
{
    const int *s = p->mean_shape;
    size_t area;

    CREMA_TRY(read_mean_value(p));
    if (!p->mean_file) return CREMA_OK;
    CREMA_TRY(
        crema_mean_read(p->job.ctx, p->mean_file, &p->mean, p->mean_shape));
    if (s[0] != p->channels)
        return crema_fail(p->job.ctx, CREMA_EINVAL,
                          "%s has %d channels, the net wants %d", p->mean_file,
                          s[0], p->channels);
    if (s[1] >= p->height && s[2] >= p->width) return CREMA_OK;
    /* too small to be cut: its averages */
    area = (size_t)s[1] * (size_t)s[2];
    for (int c = 0; c < p->channels; c++) {
        double sum = 0;

        for (size_t i = 0; i < area; i++)
            sum += (double)p->mean[(size_t)c * area + i];
        p->value[c] = area ? (float)(sum / (double)area) : 0;
    }
    free(p->mean);
    p->mean = NULL;
    return CREMA_OK;
}

static enum crema_status read_labels(struct predict *p)
{
    size_t length, lines = 1;

    if (!p->labels) return CREMA_OK;
    CREMA_TRY(crema_file_read(p->job.ctx, p->labels, &p->label_text, &length));
    for (size_t i = 0; i < length; i++) lines += p->label_text[i] == '\n';
    p->label = malloc(lines * sizeof *p->label);
    if (!p->label) return crema_no_memory(p->job.ctx, p->labels);
    for (char *line = p->label_text; *line;) {
        size_t n = strcspn(line, "\n");
        char *next = line + n + (line[n] == '\n');

        line[n] = '\0';
        if (n > 0 && line[n - 1] == '\r') line[n - 1] = '\0';
        p->label[p->nlabels++] = line;
        line = next;
    }
    return CREMA_OK;
}

/* Of another net, perhaps? */
static void compare_labels(struct predict *p)
{
    const struct crema_shape *s = crema_blob_shape(p->output);
    int64_t rows = s->ndims > 0 && s->dim[0] > 0 ? s->dim[0] : 1;
    int64_t classes = crema_shape_count(s) / rows;

    if (p->labels && classes != p->nlabels)
        console_say(&p->job.console, CREMA_WARNING,
                    "%s has %d lines, the net %lld classes", p->labels,
                    p->nlabels, (long long)classes);
}

/* ---- one picture -------------------------------------------------------- */

/* One cut of the resized picture, from y, x. */
static void cut(const struct predict *p, const struct crema_image *image, int y,
                int x, bool mirror, float *out)
{
    size_t channels = (size_t)p->channels;
    float scale = (float)p->scale;

    for (size_t c = 0; c < channels; c++)
        for (int h = 0; h < p->height; h++)
            for (int w = 0; w < p->width; w++) {
                int from = x + (mirror ? p->width - 1 - w : w);
                size_t at =
                    (size_t)(y + h) * (size_t)image->width + (size_t)from;
                size_t area = (size_t)image->height * (size_t)image->width;
                float mean = p->mean ? p->mean[c * area + at] : p->value[c];

                *out++ =
                    scale * ((float)image->pixels[at * channels + c] - mean);
            }
}

/* Size before cutting. */
static void choose_size(const struct predict *p, int *height, int *width)
{
    *height = p->mean ? p->mean_shape[1] : p->height;
    *width = p->mean ? p->mean_shape[2] : p->width;
    if (!p->oversample || p->mean) return;
    *height = p->height * 256 / 227; /* as the published nets were trained */
    *width = p->width * 256 / 227;
}

static enum crema_status load(struct predict *p, const char *path,
                              struct crema_image *resized)
{
    struct crema_image image = { 0 };
    enum crema_status status;
    int height, width;

    choose_size(p, &height, &width);
    status = crema_image_read(
        p->job.ctx, path,
        p->channels == 1 ? CREMA_IMAGE_GRAY : CREMA_IMAGE_COLOR, &image);
    if (status == CREMA_OK)
        status = crema_image_resize(p->job.ctx, &image, height, width, resized);
    crema_image_free(&image);
    return status;
}

static enum crema_status feed(struct predict *p, const char *path)
{
    int n = p->oversample ? CROPS : 1;
    const struct crema_shape shape =
        CREMA_SHAPE(n, p->channels, p->height, p->width);
    size_t each = (size_t)(p->channels * p->height * p->width);
    float *values = malloc((size_t)n * each * sizeof *values + 1);
    struct crema_image image = { 0 };
    enum crema_status status =
        values ? load(p, path, &image) : crema_no_memory(p->job.ctx, path);

    if (status == CREMA_OK) {
        int y = image.height - p->height, x = image.width - p->width;
        const int at[CROPS / 2][2] = {
            { y / 2, x / 2 }, { 0, 0 }, { 0, x }, { y, 0 }, { y, x }
        };

        for (int i = 0; i < n; i++)
            cut(p, &image, at[i % 5][0], at[i % 5][1], i >= 5,
                values + (size_t)i * each);
        status = crema_net_write_input(p->job.net, p->input, &shape, values);
    }
    crema_image_free(&image);
    free(values);
    return status;
}

static void print_best(const struct predict *p, float *score, int classes)
{
    for (long k = 0; k < p->top && k < classes; k++) {
        int best = 0;

        for (int i = 1; i < classes; i++)
            if (score[i] > score[best]) best = i;
        printf("  %.4f  class %d", (double)score[best], best);
        if (best < p->nlabels) printf("  %s", p->label[best]);
        printf("\n");
        score[best] = -1e30f;
    }
}

static enum crema_status answer(struct predict *p, const char *path)
{
    const struct crema_shape *s;
    enum crema_status status;
    int64_t rows, classes;
    float *values;

    CREMA_TRY(feed(p, path));
    CREMA_TRY(crema_net_forward(p->job.net));
    s = crema_blob_shape(p->output);
    rows = s->ndims > 0 && s->dim[0] > 0 ? s->dim[0] : 1;
    classes = crema_shape_count(s) / rows;
    values = malloc((size_t)(rows * classes) * sizeof *values + 1);
    if (!values) return crema_no_memory(p->job.ctx, path);
    status = crema_net_read_blob(p->job.net, p->output, values);
    if (status == CREMA_OK) {
        for (int64_t c = 0; c < classes; c++) {
            double sum = 0;

            for (int64_t r = 0; r < rows; r++)
                sum += (double)values[r * classes + c];
            values[c] = (float)(sum / (double)rows);
        }
        printf("%s\n", path);
        print_best(p, values, (int)classes);
    }
    free(values);
    return status;
}

/* ---- the whole ---------------------------------------------------------- */

static enum crema_status work(struct predict *p, int n, char **paths)
{
    const struct net_wishes wishes = { 0 };
    int bad = 0;

    CREMA_TRY(job_device(&p->job, &p->device, "auto"));
    CREMA_TRY(job_net(&p->job, &p->model, &wishes));
    CREMA_TRY(find_input(p));
    CREMA_TRY(find_output(p));
    CREMA_TRY(read_mean(p));
    CREMA_TRY(read_labels(p));
    compare_labels(p);
    for (int i = 0; i < n; i++)
        if (answer(p, paths[i]) != CREMA_OK) {
            if (n == 1) return p->job.ctx->status;
            console_failed(&p->job.console, p->job.ctx);
            bad++;
        }
    if (!bad) return CREMA_OK;
    return crema_fail(p->job.ctx, CREMA_EIO, "%d of %d pictures failed", bad,
                      n);
}

int verb_predict(int argc, char **argv)
{
    struct predict p = { .model.phase = 1, .scale = 1, .top = 5 };
    const struct flag table[] = {
        MODEL_FLAGS(&p.model),
        { "labels", FLAG_TEXT, &p.labels, "FILE", "a line for each class" },
        { "mean", FLAG_TEXT, &p.mean_file, "FILE",
          "the mean picture, a .binaryproto" },
        { "mean_value", FLAG_TEXT, &p.mean_value, "B,G,R",
          "what is subtracted instead, or one number" },
        { "scale", FLAG_REAL, &p.scale, "X", "what pixels are multiplied by" },
        { "oversample", FLAG_BOOL, &p.oversample, NULL,
          "average over centre and corners, mirrored too" },
        { "top", FLAG_INT, &p.top, "N", "how many classes to name" },
        DEVICE_FLAGS(&p.device),
    };
    const struct flags flags = {
        "crema predict",
        "IMAGE..",
        "Names what is on pictures (JPEG, PNG, BMP), the likeliest first.",
        table,
        sizeof table / sizeof *table,
        1,
        -1,
    };
    int status = flags_parse(&flags, &argc, argv);

    if (status >= 0) return status;
    if (!p.model.model) return flags_wrong(&flags, "wants --model FILE");
    if (!p.model.weights) return flags_wrong(&flags, "wants --weights FILE");
    if (p.mean_file && p.mean_value)
        return flags_wrong(&flags, "give --mean or --mean_value, not both");
    if (p.top < 1) return flags_wrong(&flags, "--top wants at least 1");
    status = device_flags_wrong(&flags, &p.device);
    if (status >= 0) return status;
    if (!job_open(&p.job, "predict")) return 1;
    status = job_close(&p.job, work(&p, argc - 1, argv + 1));
    free(p.mean);
    free(p.label);
    free(p.label_text);
    return status;
}
