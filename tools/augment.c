/* augment.c - crema augment: what a net sees of its training data, as pictures.
 *
 * Of the net only the layers that read data are built; they leave mean and
 * scale out, so that a top holds bytes again.
 */
#include "job.h"
#include "sheet.h"
#include "verbs.h"

#include "net/model.h"
#include "proto/upgrade.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct augment {
    struct job job;
    struct device_flags device;
    struct model_flags model;
    const char *out;
    long n, seed;
    struct sheet_picture *picture;
    int made;
};

/* ---- the net ------------------------------------------------------------- */

/* Layers that hand over batches stay. */
static enum crema_status keep_data(struct augment *a)
{
    Crema__NetParameter *p = a->job.param;
    size_t n = 0;

    for (size_t i = 0; i < p->n_layer; i++) {
        const struct crema_layer_type *type =
            crema_layer_find(p->layer[i]->type ? p->layer[i]->type : "");

        if (type && type->next && p->layer[i]->n_bottom == 0)
            p->layer[n++] = p->layer[i];
    }
    p->n_layer = n;
    if (n > 0) return CREMA_OK;
    return crema_fail(a->job.ctx, CREMA_EINVAL,
                      "%s has no layer that reads data", a->model.model);
}

static enum crema_status open_net(struct augment *a)
{
    struct net_wishes wishes = { .seed = (uint32_t)a->seed };

    CREMA_TRY(crema_net_file_read(a->job.ctx, a->model.model, CREMA_TEXT_STRICT,
                                  &a->job.param, &a->job.source));
    CREMA_TRY(keep_data(a));
    CREMA_TRY(
        crema_world_open(a->job.ctx, a->job.dev, wishes.seed, &a->job.world));
    a->job.world->lender.opens_data = true;
    a->job.world->lender.unscaled = true;
    return job_build(&a->job, &a->model, &wishes);
}

/* The first layer whose top is pictures. */
static struct crema_layer *find_pictures(const struct augment *a)
{
    const struct crema_net *net = a->job.net;

    for (int i = 0; i < net->nlayers; i++) {
        struct crema_layer *l = &net->layer[i];

        if (l->type->item && l->ntops > 0 && l->top[0]->shape.ndims == 4)
            return l;
    }
    return NULL;
}

/* ---- pictures ------------------------------------------------------------ */

/* [c][h][w] floats become [h][w][c] bytes; of two or more than three channels
 * the first is shown. */
static enum crema_status take_picture(struct augment *a, const char *label,
                                      const struct crema_shape *s,
                                      const float *values)
{
    int channels = s->dim[1] == 3 ? 3 : 1;
    size_t area = (size_t)(s->dim[2] * s->dim[3]);
    uint8_t *pixels = malloc((size_t)channels * area + 1);
    char *words = strdup(label);

    if (!pixels || !words) {
        free(pixels);
        free(words);
        return crema_no_memory(a->job.ctx, "a picture");
    }
    for (int c = 0; c < channels; c++)
        for (size_t i = 0; i < area; i++)
            pixels[i * (size_t)channels + (size_t)c] = (uint8_t)rintf(
                fminf(fmaxf(values[(size_t)c * area + i], 0), 255));
    a->picture[a->made++] =
        (struct sheet_picture){ pixels,         channels, (int)s->dim[2],
                                (int)s->dim[3], words,    0 };
    return CREMA_OK;
}

static const struct crema_blob *blob_named(const struct crema_net *net,
                                           const char *name)
{
    for (int i = 0; i < net->nblobs; i++)
        if (!strcmp(net->blob[i].name, name)) return &net->blob[i];
    return NULL;
}

/* values of a blob; free() them */
static enum crema_status read_values(struct augment *a,
                                     const struct crema_blob *b, float **out)
{
    size_t n = (size_t)crema_shape_count(crema_blob_shape(b));
    enum crema_status status;

    *out = malloc(n * sizeof **out + 1);
    if (!*out) return crema_no_memory(a->job.ctx, b->name);
    status = crema_net_read_blob(a->job.net, b, *out);
    if (status == CREMA_OK) return CREMA_OK;
    free(*out);
    *out = NULL;
    return status;
}

/* The pictures of one batch, each with its key and its first label. */
static enum crema_status take_batch(struct augment *a, struct crema_layer *l)
{
    const struct crema_blob *data = blob_named(a->job.net, l->param->top[0]);
    const struct crema_blob *label =
        l->ntops > 1 ? blob_named(a->job.net, l->param->top[1]) : NULL;
    const struct crema_shape *s = crema_blob_shape(data);
    int64_t items = s->dim[0], each = crema_shape_count(s) / items;
    float *values = NULL, *labels = NULL;
    enum crema_status status = read_values(a, data, &values);
    int64_t per = 1;

    if (status == CREMA_OK && label) status = read_values(a, label, &labels);
    if (label) per = crema_shape_count(crema_blob_shape(label)) / items;
    for (int64_t i = 0; i < items && a->made < a->n && status == CREMA_OK;
         i++) {
        const char *key = l->type->item(l, i);
        char text[CREMA_RECORD_NAME + 32];

        snprintf(text, sizeof text, "%s", key ? key : "");
        if (labels)
            snprintf(text, sizeof text, "%s\nlabel %g", key ? key : "",
                     (double)labels[i * per]);
        status = take_picture(a, text, s, values + i * each);
    }
    free(values);
    free(labels);
    return status;
}

static enum crema_status work(struct augment *a)
{
    const char *slash = strrchr(a->model.model, '/');
    char title[512];
    struct crema_layer *l;

    a->picture = calloc((size_t)a->n, sizeof *a->picture);
    if (!a->picture) return crema_no_memory(a->job.ctx, "pictures");
    CREMA_TRY(job_device(&a->job, &a->device, "cpu"));
    CREMA_TRY(open_net(a));
    l = find_pictures(a);
    if (!l)
        return crema_fail(a->job.ctx, CREMA_EINVAL,
                          "no layer of %s reads pictures", a->model.model);
    while (a->made < a->n) {
        CREMA_TRY(crema_net_forward(a->job.net));
        CREMA_TRY(take_batch(a, l));
    }
    snprintf(title, sizeof title, "%s: what layer \"%s\" gives in %s",
             slash ? slash + 1 : a->model.model,
             l->param->name ? l->param->name : "",
             a->model.phase == 0 ? "TRAIN" : "TEST");
    CREMA_TRY(
        sheet_write(a->job.ctx, a->out, title, a->made, a->picture, 0, 160));
    console_say(&a->job.console, CREMA_INFO, "Write to %s: %d pictures", a->out,
                a->made);
    return CREMA_OK;
}

int verb_augment(int argc, char **argv)
{
    enum { MOST = 1000 };
    struct augment a = { .n = 32, .seed = 1 };
    const struct flag table[] = {
        { "model", FLAG_TEXT, &a.model.model, "FILE", "the net's prototxt" },
        { "out", FLAG_TEXT, &a.out, "FILE", "the sheet, .png or .svg" },
        { "n", FLAG_INT, &a.n, "N", "how many pictures" },
        { "seed", FLAG_INT, &a.seed, "N",
          "of what is random; a solver's random_seed" },
        PHASE_FLAG(&a.model),
        { "level", FLAG_INT, &a.model.level, "N", "of the net, for its rules" },
        { "stage", FLAG_TEXT, &a.model.stage, "A,B",
          "of the net, for its rules" },
        DEVICE_FLAGS(&a.device),
    };
    const struct flags flags = {
        "crema augment",
        "",
        "Draws what a net sees of its data, as its transform_param changes it.",
        table,
        sizeof table / sizeof *table,
        0,
        0
    };
    int status = flags_parse(&flags, &argc, argv);

    if (status >= 0) return status;
    if (!a.model.model) return flags_wrong(&flags, "wants --model FILE");
    if (!a.out || !canvas_takes(a.out))
        return flags_wrong(&flags, "wants --out FILE, ending in .png or .svg");
    if (a.n < 1 || a.n > MOST)
        return flags_wrong(&flags, "--n wants 1 to %d, got %ld", MOST, a.n);
    status = device_flags_wrong(&flags, &a.device);
    if (status >= 0) return status;
    if (!job_open(&a.job, "augment")) return 1;
    status = job_close(&a.job, work(&a));
    for (int i = 0; i < a.made; i++) {
        free((void *)a.picture[i].pixels);
        free((void *)a.picture[i].label);
    }
    free(a.picture);
    return status;
}
