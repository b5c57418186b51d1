/* confusion.c - crema confusion: which classes a net takes for which, over its
 * test data, and what it is wrong about.
 *
 * Scores and labels are the bottoms of the net's Accuracy layer, or of its
 * loss.
 */
#include "mistakes.h"
#include "verbs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct confusion {
    struct job job;
    struct device_flags device;
    struct model_flags model;
    const char *labels, *out, *drawn;
    long most;
    struct labels label;
    struct matrix matrix;
    struct mistakes mistakes;
    /* of the net; pictures NULL: none are drawn */
    struct crema_blob *scores, *truth, *pictures;
    bool ignores;
    int64_t ignored; /* label of records that do not count */
    int64_t batch;   /* records in one */
    uint64_t seen;
    float *score, *answer, *picture; /* a batch of each */
};

/* ---- preparing ----------------------------------------------------------- */

static const struct crema_layer *find_layer(const struct crema_net *net,
                                            const char *type)
{
    for (int i = 0; i < net->nlayers; i++)
        if (!strcmp(net->layer[i].param->type, type) &&
            net->layer[i].param->n_bottom >= 2)
            return &net->layer[i];
    return NULL;
}

static enum crema_status find_blobs(struct confusion *c)
{
    const struct crema_net *net = c->job.net;
    const struct crema_layer *l = find_layer(net, "Accuracy");
    const struct crema_layer *data = crema_net_data(net, NULL);

    if (!l) l = find_layer(net, "SoftmaxWithLoss");
    if (!l)
        return crema_fail(c->job.ctx, CREMA_EINVAL,
                          "%s has in phase TEST neither Accuracy nor "
                          "SoftmaxWithLoss, which name scores and labels",
                          c->model.model);
    if (!data)
        return crema_fail(c->job.ctx, CREMA_EINVAL,
                          "%s has in phase TEST no source of data whose size "
                          "is known",
                          c->model.model);
    c->scores = crema_net_blob(net, l->param->bottom[0]);
    c->truth = crema_net_blob(net, l->param->bottom[1]);
    c->batch = data->top[0]->shape.dim[0];
    if (c->drawn) c->pictures = crema_net_blob(net, data->param->top[0]);
    if (l->param->accuracy_param) {
        c->ignores = l->param->accuracy_param->has_ignore_label;
        c->ignored = l->param->accuracy_param->ignore_label;
    }
    return CREMA_OK;
}

/* As the net is recorded: these are read after each pass. */
static enum crema_status keep(void *user, struct crema_net *net)
{
    const struct confusion *c = user;

    (void)net;
    crema_program_keep(c->scores->last);
    crema_program_keep(c->truth->last);
    if (c->pictures) crema_program_keep(c->pictures->last);
    return CREMA_OK;
}

static enum crema_status open_mistakes(struct confusion *c)
{
    const struct crema_shape *s = crema_blob_shape(c->pictures);

    if (s->ndims != 4 || (s->dim[1] != 1 && s->dim[1] != 3) ||
        s->dim[0] != c->batch)
        return crema_fail(c->job.ctx, CREMA_EINVAL,
                          "--mistakes: \"%s\" holds no pictures of 1 or 3 "
                          "channels",
                          c->pictures->name);
    c->picture = malloc((size_t)crema_shape_count(s) * sizeof *c->picture + 1);
    if (!c->picture) return crema_no_memory(c->job.ctx, c->pictures->name);
    return mistakes_open(c->job.ctx, (int)c->most, (int)s->dim[1],
                         (int)s->dim[2], (int)s->dim[3], &c->mistakes);
}

static enum crema_status prepare(struct confusion *c)
{
    enum { MOST_CLASSES = 20000 };
    const struct crema_shape *s = crema_blob_shape(c->scores);
    int64_t classes = s->ndims > 1 ? s->dim[1] : 0;

    if (classes < 1 || classes > MOST_CLASSES ||
        crema_shape_count(s) != c->batch * classes ||
        crema_shape_count(crema_blob_shape(c->truth)) != c->batch)
        return crema_fail(c->job.ctx, CREMA_EINVAL,
                          "\"%s\" is not one score for each of up to %d "
                          "classes, or \"%s\" not one label for each record",
                          c->scores->name, MOST_CLASSES, c->truth->name);
    c->score = malloc((size_t)(c->batch * classes) * sizeof *c->score);
    c->answer = malloc((size_t)c->batch * sizeof *c->answer);
    if (!c->score || !c->answer)
        return crema_no_memory(c->job.ctx, c->scores->name);
    if (c->labels && classes != c->label.n)
        console_say(&c->job.console, CREMA_WARNING,
                    "%s has %d lines, the net %lld classes", c->labels,
                    c->label.n, (long long)classes);
    if (c->pictures) CREMA_TRY(open_mistakes(c));
    return matrix_open(c->job.ctx, (int)classes, &c->label, &c->matrix);
}

/* ---- one pass ------------------------------------------------------------ */

/* What the softmax of the scores gives class k; of probabilities, its own. */
static float probability(const float *score, int classes, int k)
{
    double sum = 0, powers = 0;
    bool positive = true;

    for (int i = 0; i < classes; i++) {
        sum += (double)score[i];
        positive = positive && score[i] >= 0;
        powers += exp((double)(score[i] - score[k]));
    }
    return positive && fabs(sum - 1) < 1e-3 ? score[k] : (float)(1 / powers);
}

static enum crema_status count(struct confusion *c, int64_t i)
{
    int classes = c->matrix.classes, best = 0;
    const float *score = c->score + i * classes;
    float label = c->answer[i];
    struct mistake m = { .record = c->seen };

    c->seen++;
    if (c->ignores && label == (float)c->ignored) return CREMA_OK;
    if (!(label >= 0 && label < (float)classes))
        return crema_fail(c->job.ctx, CREMA_EINVAL,
                          "record %llu has label %g, the net %d classes",
                          (unsigned long long)m.record, (double)label, classes);
    for (int k = 1; k < classes; k++)
        if (score[k] > score[best]) best = k;
    m.truth = (int)label;
    m.guess = best;
    matrix_add(&c->matrix, m.truth, m.guess);
    if (!c->pictures || m.truth == m.guess) return CREMA_OK;
    m.score = probability(score, classes, best);
    return mistakes_offer(&c->mistakes, &m,
                          c->picture + i * c->mistakes.channels *
                                           c->mistakes.height *
                                           c->mistakes.width);
}

/* The last batch may go on with the first records again, which have counted. */
static enum crema_status run(struct confusion *c)
{
    struct crema_net *net = c->job.net;
    uint64_t records = 0;

    (void)crema_net_data(net, &records);
    while (c->seen < records) {
        CREMA_TRY(crema_net_forward(net));
        CREMA_TRY(crema_net_read_blob(net, c->scores, c->score));
        CREMA_TRY(crema_net_read_blob(net, c->truth, c->answer));
        if (c->pictures)
            CREMA_TRY(crema_net_read_blob(net, c->pictures, c->picture));
        for (int64_t i = 0; i < c->batch && c->seen < records; i++)
            CREMA_TRY(count(c, i));
        console_progress(&c->job.console, "records", c->seen, records);
    }
    return CREMA_OK;
}

static enum crema_status show(struct confusion *c)
{
    console_clear(&c->job.console);
    matrix_print(&c->matrix, stdout);
    if (c->out) {
        CREMA_TRY(matrix_draw(c->job.ctx, &c->matrix, c->out));
        printf("%s\n", c->out);
    }
    if (c->drawn && c->mistakes.n == 0)
        printf("no mistakes: %s is not written\n", c->drawn);
    if (!c->drawn || c->mistakes.n == 0) return CREMA_OK;
    CREMA_TRY(mistakes_draw(&c->mistakes, &c->matrix, c->drawn));
    printf("%s\n", c->drawn);
    return CREMA_OK;
}

static enum crema_status work(struct confusion *c)
{
    const struct net_wishes wishes = { 0 };

    CREMA_TRY(labels_read(c->job.ctx, c->labels, &c->label));
    CREMA_TRY(job_device(&c->job, &c->device, "auto"));
    CREMA_TRY(job_net(&c->job, &c->model, &wishes));
    CREMA_TRY(find_blobs(c));
    c->job.net->recorded = keep;
    c->job.net->recorded_user = c;
    CREMA_TRY(crema_net_record(c->job.net));
    CREMA_TRY(prepare(c));
    CREMA_TRY(run(c));
    return show(c);
}

static int flags_bad(const struct flags *flags, const struct confusion *c)
{
    if (!c->model.model) return flags_wrong(flags, "wants --model FILE");
    if (!c->model.weights) return flags_wrong(flags, "wants --weights FILE");
    if ((c->out && !canvas_takes(c->out)) ||
        (c->drawn && !canvas_takes(c->drawn)))
        return flags_wrong(flags, "--out and --mistakes want names ending in "
                                  ".png or .svg");
    if (c->most < 1 || c->most > 1000)
        return flags_wrong(flags, "--most wants 1 to 1000");
    return device_flags_wrong(flags, &c->device);
}

int verb_confusion(int argc, char **argv)
{
    struct confusion c = { .model.phase = 1, .most = 24 };
    const struct flag table[] = {
        { "labels", FLAG_TEXT, &c.labels, "FILE", "a line for each class" },
        { "out", FLAG_TEXT, &c.out, "FILE",
          "the matrix as a picture, .svg or .png" },
        { "mistakes", FLAG_TEXT, &c.drawn, "FILE",
          "the surest wrong answers as a sheet of pictures, .svg or .png" },
        { "most", FLAG_INT, &c.most, "N", "pictures on that sheet" },
        MODEL_FLAGS(&c.model),
        DEVICE_FLAGS(&c.device),
    };
    const struct flags flags = {
        "crema confusion",
        "",
        "Counts over a net's test data which classes it takes for which.",
        table,
        sizeof table / sizeof *table,
        0,
        0,
    };
    int status = flags_parse(&flags, &argc, argv);

    if (status < 0) status = flags_bad(&flags, &c);
    if (status >= 0) return status;
    if (!job_open(&c.job, "confusion")) return 1;
    status = job_close(&c.job, work(&c));
    mistakes_free(&c.mistakes);
    matrix_free(&c.matrix);
    labels_free(&c.label);
    free(c.score);
    free(c.answer);
    free(c.picture);
    return status;
}
