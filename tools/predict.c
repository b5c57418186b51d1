/* predict.c - crema predict: names what is on pictures; with --oversample the
 * answers to its cuts are averaged.
 */
#include "photo.h"
#include "predict_sheet.h"
#include "verbs.h"

#include <stdlib.h>
#include <string.h>

struct predict {
    struct job job;
    struct device_flags device;
    struct model_flags model;
    struct photo photo;
    const char *labels, *sheet;
    long top;
    const struct crema_blob *output; /* the net's */
    struct labels label;             /* one line for each class */
    struct predict_sheet drawn;
};

/* ---- preparing ---------------------------------------------------------- */

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

/* Of another net, perhaps? */
static void compare_labels(struct predict *p)
{
    const struct crema_shape *s = crema_blob_shape(p->output);
    int64_t rows = s->ndims > 0 && s->dim[0] > 0 ? s->dim[0] : 1;
    int64_t classes = crema_shape_count(s) / rows;

    if (p->labels && classes != p->label.n)
        console_say(&p->job.console, CREMA_WARNING,
                    "%s has %d lines, the net %lld classes", p->labels,
                    p->label.n, (long long)classes);
}

/* ---- one picture -------------------------------------------------------- */

/* The likeliest classes, in order; takes their scores away. */
static int find_best(const struct predict *p, float *score, int classes,
                     struct guess *guess)
{
    int n = 0;

    for (; n < p->top && n < classes; n++) {
        int best = 0;

        for (int i = 1; i < classes; i++)
            if (score[i] > score[best]) best = i;
        guess[n] =
            (struct guess){ best, score[best],
                            best < p->label.n ? p->label.line[best] : NULL };
        score[best] = -1e30f;
    }
    return n;
}

static enum crema_status tell(struct predict *p, const char *path, float *score,
                              int classes)
{
    struct guess *guess = malloc((size_t)p->top * sizeof *guess);
    enum crema_status status = CREMA_OK;
    int n;

    if (!guess) return crema_no_memory(p->job.ctx, path);
    n = find_best(p, score, classes, guess);
    printf("%s\n", path);
    for (int i = 0; i < n; i++)
        printf("  %.4f  class %d%s%s\n", (double)guess[i].score, guess[i].class,
               guess[i].name ? "  " : "", guess[i].name ? guess[i].name : "");
    if (p->sheet)
        status = predict_sheet_add(p->job.ctx, &p->drawn, path, n, guess);
    free(guess);
    return status;
}

static enum crema_status answer(struct predict *p, const char *path)
{
    const struct crema_shape *s;
    enum crema_status status;
    int64_t rows, classes;
    float *values;

    CREMA_TRY(photo_feed(&p->photo, path));
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
        status = tell(p, path, values, (int)classes);
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
    p->photo.job = &p->job;
    p->photo.model = p->model.model;
    CREMA_TRY(photo_prepare(&p->photo));
    CREMA_TRY(find_output(p));
    CREMA_TRY(labels_read(p->job.ctx, p->labels, &p->label));
    compare_labels(p);
    for (int i = 0; i < n; i++)
        if (answer(p, paths[i]) != CREMA_OK) {
            if (n == 1) return p->job.ctx->status;
            console_failed(&p->job.console, p->job.ctx);
            bad++;
        }
    if (p->sheet && p->drawn.n)
        CREMA_TRY(predict_sheet_write(p->job.ctx, &p->drawn, p->sheet));
    if (!bad) return CREMA_OK;
    return crema_fail(p->job.ctx, CREMA_EIO, "%d of %d pictures failed", bad,
                      n);
}

int verb_predict(int argc, char **argv)
{
    struct predict p = { .model.phase = 1, .photo.scale = 1, .top = 5 };
    const struct flag table[] = {
        MODEL_FLAGS(&p.model),
        { "labels", FLAG_TEXT, &p.labels, "FILE", "a line for each class" },
        PHOTO_FLAGS(&p.photo),
        { "oversample", FLAG_BOOL, &p.photo.oversample, NULL,
          "average over centre and corners, mirrored too" },
        { "top", FLAG_INT, &p.top, "N", "how many classes to name" },
        { "sheet", FLAG_TEXT, &p.sheet, "FILE",
          "draws pictures and classes, .png or .svg" },
        DEVICE_FLAGS(&p.device),
    };
    const struct flags flags = {
        "crema predict",
        "IMAGE..",
        "Names what is on pictures (JPEG, PNG, BMP, PPM), the likeliest first.",
        table,
        sizeof table / sizeof *table,
        1,
        -1,
    };
    int status = flags_parse(&flags, &argc, argv);

    if (status >= 0) return status;
    if (!p.model.model) return flags_wrong(&flags, "wants --model FILE");
    if (!p.model.weights) return flags_wrong(&flags, "wants --weights FILE");
    status = photo_flags_wrong(&flags, &p.photo);
    if (status >= 0) return status;
    if (p.sheet && !canvas_takes(p.sheet))
        return flags_wrong(&flags, "--sheet wants a name ending in .png or "
                                   ".svg");
    if (p.top < 1) return flags_wrong(&flags, "--top wants at least 1");
    status = device_flags_wrong(&flags, &p.device);
    if (status >= 0) return status;
    if (!job_open(&p.job, "predict")) return 1;
    status = job_close(&p.job, work(&p, argc - 1, argv + 1));
    photo_free(&p.photo);
    predict_sheet_free(&p.drawn);
    labels_free(&p.label);
    return status;
}
