/* features.c - crema features: what each layer makes of a picture. */
#include "chart.h"
#include "photo.h"
#include "tiles.h"
#include "verbs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MOST_NAMES = 64 };

struct features {
    struct job job;
    struct device_flags device;
    struct model_flags model;
    struct photo photo;
    const char *layers, *out;
    char *names_text, *name[MOST_NAMES];
    int nnames;
    long most; /* channels of a blob */
    bool each;
    int drawn;
};

static bool wanted(const struct features *f, const char *blob)
{
    for (int i = 0; i < f->nnames; i++)
        if (!strcmp(f->name[i], blob)) return true;
    return f->nnames == 0;
}

/* As the net is recorded: these are looked at afterwards. */
static enum crema_status keep(void *user, struct crema_net *net)
{
    const struct features *f = user;

    for (int i = 0; i < net->nblobs; i++)
        if (wanted(f, net->blob[i].name)) crema_program_keep(net->blob[i].last);
    return CREMA_OK;
}

static enum crema_status check_names(struct features *f)
{
    for (int i = 0; i < f->nnames; i++)
        if (!crema_net_blob(f->job.net, f->name[i]))
            return crema_fail(f->job.ctx, CREMA_EINVAL, "%s has no blob \"%s\"",
                              f->model.model, f->name[i]);
    return CREMA_OK;
}

/* One tile for each channel of the first image. */
static enum crema_status draw_planes(struct features *f, const char *path,
                                     const struct crema_blob *b,
                                     const float *values)
{
    const struct crema_shape *s = crema_blob_shape(b);
    char title[256], text[CREMA_SHAPE_TEXT];
    bool colored = s->dim[1] == 3 && !strcmp(b->name, f->photo.input);
    const struct tiles t = {
        .n = colored               ? 1
             : s->dim[1] > f->most ? (int)f->most
                                   : (int)s->dim[1],
        .channels = colored ? 3 : 1,
        .height = (int)s->dim[2],
        .width = (int)s->dim[3],
        .values = values,
        .each = f->each,
        .title = title,
    };

    snprintf(title, sizeof title, "%s, %s%s", b->name,
             crema_shape_text(s, text),
             !colored && s->dim[1] > f->most ? ", the first of them" : "");
    return tiles_write(f->job.ctx, path, &t);
}

/* A curve over the elements. */
static enum crema_status draw_row(struct features *f, const char *path,
                                  const struct crema_blob *b,
                                  const float *values)
{
    const struct crema_shape *s = crema_blob_shape(b);
    size_t n = (size_t)crema_shape_product(s, s->ndims > 1, s->ndims);
    double *x = malloc(2 * n * sizeof *x), *y = x ? x + n : NULL;
    const struct chart_line line = { NULL, n, x, y, chart_color(0), 0 };
    const struct chart chart = {
        .x_label = "element", .y_label = b->name, .n = 1, .line = &line
    };
    enum crema_status status;
    struct canvas *c;

    if (!x) return crema_no_memory(f->job.ctx, path);
    for (size_t i = 0; i < n; i++) {
        x[i] = (double)i;
        y[i] = (double)values[i];
    }
    status = canvas_open(f->job.ctx, path, 800, 300, &c);
    if (status == CREMA_OK) {
        chart_draw(c, &chart, 4, 8, 792, 288);
        status = canvas_close(c);
    }
    free(x);
    return status;
}

static enum crema_status draw_blob(struct features *f,
                                   const struct crema_blob *b)
{
    const struct crema_shape *s = crema_blob_shape(b);
    size_t n = (size_t)crema_shape_count(s);
    float *values = malloc((n + 1) * sizeof *values);
    char path[4096];
    enum crema_status status;
    int used;

    if (!values) return crema_no_memory(f->job.ctx, b->name);
    used = snprintf(path, sizeof path, "%s/%02d_%s.png", f->out, f->drawn++,
                    b->name);
    for (char *at = path + strlen(f->out) + 1; *at; at++)
        if (*at == '/') *at = '-';
    status =
        used < (int)sizeof path
            ? crema_net_read_blob(f->job.net, b, values)
            : crema_fail(f->job.ctx, CREMA_EINVAL, "%s: name too long", f->out);
    if (status == CREMA_OK)
        status = s->ndims == 4 && s->dim[2] * s->dim[3] > 1
                     ? draw_planes(f, path, b, values)
                     : draw_row(f, path, b, values);
    free(values);
    if (status == CREMA_OK) printf("%s\n", path);
    return status;
}

static enum crema_status work(struct features *f, const char *picture)
{
    const struct net_wishes wishes = { .no_fusion = true };
    struct crema_net *net;

    CREMA_TRY(job_device(&f->job, &f->device, "auto"));
    CREMA_TRY(job_net(&f->job, &f->model, &wishes));
    net = f->job.net;
    CREMA_TRY(check_names(f));
    f->photo.job = &f->job;
    f->photo.model = f->model.model;
    CREMA_TRY(photo_prepare(&f->photo));
    net->recorded = keep;
    net->recorded_user = f;
    CREMA_TRY(photo_feed(&f->photo, picture));
    CREMA_TRY(crema_net_record(net));
    CREMA_TRY(crema_net_forward(net));
    if (mkdir(f->out, 0777) != 0 && errno != EEXIST)
        return crema_fail(f->job.ctx, CREMA_EIO, "%s: %s", f->out,
                          strerror(errno));
    for (int i = 0; i < net->nblobs; i++)
        if (wanted(f, net->blob[i].name) &&
            crema_shape_count(crema_blob_shape(&net->blob[i])) > 0)
            CREMA_TRY(draw_blob(f, &net->blob[i]));
    return CREMA_OK;
}

int verb_features(int argc, char **argv)
{
    struct features f = {
        .model.phase = 1, .photo.scale = 1, .most = 256, .each = true
    };
    const struct flag table[] = {
        MODEL_FLAGS(&f.model),
        PHOTO_FLAGS(&f.photo),
        { "blobs", FLAG_TEXT, &f.layers, "A,B", "which blobs; all" },
        { "out", FLAG_TEXT, &f.out, "DIR",
          "a picture for each blob goes here" },
        { "o", FLAG_TEXT, &f.out, "DIR", "the same" },
        { "most", FLAG_INT, &f.most, "N", "how many channels of a blob" },
        { "each", FLAG_BOOL, &f.each, NULL,
          "black to white is each channel's own range; --noeach: the blob's" },
        DEVICE_FLAGS(&f.device),
    };
    const struct flags flags = {
        "crema features",
        "IMAGE",
        "Draws what each layer of a net makes of a picture.",
        table,
        sizeof table / sizeof *table,
        1,
        1,
    };
    int status = flags_parse(&flags, &argc, argv);

    if (status >= 0) return status;
    if (!f.model.model) return flags_wrong(&flags, "wants --model FILE");
    if (!f.model.weights) return flags_wrong(&flags, "wants --weights FILE");
    if (!f.out) return flags_wrong(&flags, "wants --out DIR");
    if (f.most < 1) return flags_wrong(&flags, "--most wants at least 1");
    status = photo_flags_wrong(&flags, &f.photo);
    if (status < 0) status = device_flags_wrong(&flags, &f.device);
    if (status >= 0) return status;
    if (!job_open(&f.job, "features")) return 1;
    f.names_text = f.layers ? strdup(f.layers) : NULL;
    if (f.names_text) f.nnames = split_list(f.names_text, f.name, MOST_NAMES);
    status = job_close(&f.job, work(&f, argv[1]));
    photo_free(&f.photo);
    free(f.names_text);
    return status;
}
