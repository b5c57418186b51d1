/* filters.c - crema filters: a convolution's kernels as pictures. */
#include "job.h"
#include "tiles.h"
#include "verbs.h"

#include <stdlib.h>
#include <string.h>

enum { MOST = 32 }; /* rows and columns where kernels have many channels */

struct filters {
    struct job job;
    struct device_flags device;
    struct model_flags model;
    const char *layer, *out;
    bool each;
    long magnify;
};

static bool has_kernels(const struct crema_slot *s)
{
    return s->index == 0 && s->shape.ndims == 4 &&
           s->shape.dim[2] * s->shape.dim[3] > 1;
}

/* The layer asked for, or the first that has kernels. */
static enum crema_status find_layer(struct filters *f, struct crema_slot **out)
{
    struct crema_slot *s = f->job.world->weights.slots;

    for (; s; s = s->next)
        if (has_kernels(s) && (!f->layer || !strcmp(f->layer, s->layer))) {
            *out = s;
            return CREMA_OK;
        }
    if (f->layer)
        return crema_fail(f->job.ctx, CREMA_EINVAL,
                          "%s has no layer \"%s\" with kernels larger than "
                          "1x1",
                          f->model.model, f->layer);
    return crema_fail(f->job.ctx, CREMA_EINVAL,
                      "%s has no convolution with kernels larger than 1x1",
                      f->model.model);
}

/* Kernels over colours are coloured.  Others have a row for each output with a
 * plane for each input, and only the first of both. */
static enum crema_status draw(struct filters *f, const struct crema_slot *s,
                              const float *w)
{
    int64_t outputs = s->shape.dim[0], inputs = s->shape.dim[1];
    size_t area = (size_t)(s->shape.dim[2] * s->shape.dim[3]);
    bool colored = inputs == 3;
    int rows = colored || inputs == 1 || outputs < MOST ? (int)outputs : MOST;
    int columns = inputs < MOST ? (int)inputs : MOST;
    char title[256], text[CREMA_SHAPE_TEXT];
    struct tiles t = { .n = colored ? rows : rows * columns,
                       .channels = colored ? 3 : 1,
                       .height = (int)s->shape.dim[2],
                       .width = (int)s->shape.dim[3],
                       .each = f->each,
                       .columns = inputs > 3 ? columns : 0,
                       .magnify = (int)f->magnify,
                       .title = title };
    float *planes =
        malloc((size_t)t.n * (size_t)t.channels * area * sizeof *planes);
    enum crema_status status;

    if (!planes) return crema_no_memory(f->job.ctx, f->out);
    for (int k = 0; k < rows; k++)
        memcpy(planes + (size_t)k * (size_t)columns * area,
               w + (size_t)k * (size_t)inputs * area,
               (size_t)columns * area * sizeof *planes);
    snprintf(title, sizeof title, "%s, %s", s->layer,
             crema_shape_text(&s->shape, text));
    t.values = planes;
    status = tiles_write(f->job.ctx, f->out, &t);
    free(planes);
    return status;
}

static enum crema_status work(struct filters *f)
{
    const struct net_wishes wishes = { .blind = true };
    struct crema_slot *slot = NULL;
    enum crema_status status;
    int64_t count;
    float *w;

    CREMA_TRY(job_device(&f->job, &f->device, "ref"));
    CREMA_TRY(job_net(&f->job, &f->model, &wishes));
    CREMA_TRY(find_layer(f, &slot));
    count = crema_shape_count(&slot->shape);
    w = malloc((size_t)count * sizeof *w);
    if (!w) return crema_no_memory(f->job.ctx, f->out);
    status = crema_param_read(&slot->weight->value, 0, count, w);
    if (status == CREMA_OK) status = draw(f, slot, w);
    free(w);
    if (status == CREMA_OK) printf("%s\n", f->out);
    return status;
}

int verb_filters(int argc, char **argv)
{
    struct filters f = { 0 };
    const struct flag table[] = {
        MODEL_FLAGS(&f.model),
        PHASE_FLAG(&f.model),
        { "layer", FLAG_TEXT, &f.layer, "NAME",
          "whose kernels; the first convolution's" },
        { "out", FLAG_TEXT, &f.out, "FILE", "the picture, .png or .svg" },
        { "o", FLAG_TEXT, &f.out, "FILE", "the same" },
        { "each", FLAG_BOOL, &f.each, NULL,
          "black to white is each kernel's own range" },
        { "magnify", FLAG_INT, &f.magnify, "N",
          "pixels for a weight; 0: as suits" },
    };
    const struct flags flags = {
        "crema filters",
        "[NET WEIGHTS [LAYER]]",
        "Draws a convolution's kernels, coloured where they look at colours.",
        table,
        sizeof table / sizeof *table,
        0,
        3,
    };
    int status = flags_parse(&flags, &argc, argv);

    if (status >= 0) return status;
    if (argc > 1 && !f.model.model) f.model.model = argv[1];
    if (argc > 2 && !f.model.weights) f.model.weights = argv[2];
    if (argc > 3 && !f.layer) f.layer = argv[3];
    if (!f.model.model || !f.model.weights)
        return flags_wrong(&flags, "wants a net and its weights");
    if (!f.out) return flags_wrong(&flags, "wants --out FILE");
    if (f.magnify < 0 || f.magnify > 100)
        return flags_wrong(&flags, "--magnify wants 0 to 100");
    if (!job_open(&f.job, "filters")) return 1;
    return job_close(&f.job, work(&f));
}
