/* convert.c - other people's data sets into databases: idx files, which MNIST
 * and its likes come in, and CIFAR's binary files. */
#include "console.h"
#include "convert_source.h"
#include "data/lmdb.h"
#include "data/permutation.h"
#include "data_tools.h"
#include "flags.h"
#include "proto/datum.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { LABELS = 256 };

struct conversion {
    struct crema_ctx *ctx;
    struct console *console;
    struct convert_source *source;
    struct convert_options options;
    struct crema_lmdb_writer *writer;
    struct crema_bytes record;
    uint8_t *pixels;
    struct crema_datum datum; /* its shape and size are set */
    bool shuffle;
    struct crema_permutation order;
    long first, count, seed;
    const char *classes; /* NULL: all */
    bool wanted[LABELS];
};

static enum crema_status read_classes(struct conversion *c)
{
    const char *p = c->classes;

    for (int i = 0; !p && i < LABELS; i++) c->wanted[i] = true;
    while (p) {
        char *end;
        unsigned long label = strtoul(p, &end, 10);

        if (*p < '0' || *p > '9' || label >= LABELS || (*end && *end != ','))
            return crema_fail(c->ctx, CREMA_EINVAL,
                              "--classes %s: wants numbers of 0 to %d and "
                              "commas",
                              c->classes, LABELS - 1);
        c->wanted[label] = true;
        p = *end ? end + 1 : NULL;
    }
    return CREMA_OK;
}

/* Picture i, just read, as a record; its key is its place. */
static enum crema_status put(struct conversion *c, uint64_t i)
{
    uint64_t place = c->shuffle ? crema_permutation_at(&c->order, i) : i;
    char key[24];
    int length = snprintf(key, sizeof key, "%08llu", (unsigned long long)place);
    struct crema_slice name = { key, (size_t)length }, value;

    c->datum.data = c->pixels;
    c->record.length = 0;
    CREMA_TRY(crema_datum_write(&c->record, &c->datum, NULL));
    value = (struct crema_slice){ c->record.data, c->record.length };
    return crema_lmdb_put(c->writer, name, value);
}

static enum crema_status convert_all(struct conversion *c)
{
    struct convert_source *s = c->source;
    long records = 0;

    c->pixels = malloc(c->datum.size);
    if (!c->pixels) return crema_no_memory(c->ctx, "a picture");
    for (uint64_t i = 0; i < s->count; i++) {
        int label;

        if (c->count && records == c->count) break;
        CREMA_TRY(s->kind->next(s, c->pixels, &label));
        console_progress(c->console, "pictures", i + 1, s->count);
        if (i < (uint64_t)c->first || !c->wanted[label]) continue;
        c->datum.label = label;
        CREMA_TRY(put(c, i));
        records++;
    }
    if (!records)
        return crema_fail(c->ctx, CREMA_EINVAL,
                          "none of the %llu pictures of %s is wanted",
                          (unsigned long long)s->count, s->path);
    console_say(c->console, CREMA_INFO,
                "%ld records of %d x %d x %d (channels x height x width)",
                records, s->channels, s->height, s->width);
    return CREMA_OK;
}

/* A folder is no file of a data set; of LevelDB's it is said what to do. */
static enum crema_status refuse_folder(struct conversion *c, const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode)) return CREMA_OK;
    CREMA_TRY(crema_lmdb_check(c->ctx, path));
    return crema_fail(c->ctx, CREMA_EINVAL,
                      "%s is an LMDB database already: it is read as it is",
                      path);
}

static enum crema_status open_source(struct conversion *c, char **files, int n)
{
    for (int i = 0; i < n; i++) CREMA_TRY(refuse_folder(c, files[i]));
    if (convert_is_cifar(files[0]))
        return convert_open_cifar(c->ctx, files, n, &c->options, &c->source);
    if (c->options.coarse || c->options.bgr)
        return crema_fail(c->ctx, CREMA_EINVAL,
                          "--coarse and --bgr are for CIFAR's binary files; "
                          "%s is none",
                          files[0]);
    if (n != 2)
        return crema_fail(c->ctx, CREMA_EINVAL,
                          "%s is no binary file of CIFAR; idx files come in "
                          "twos: pictures and labels",
                          files[0]);
    return convert_open_idx(c->ctx, files, &c->source);
}

/* Until it is whole it stands as DB.partial; what is left of one that was
 * interrupted is replaced. */
static enum crema_status convert(struct conversion *c, char **words, int n)
{
    const struct convert_source *s;
    char state[CREMA_LMDB_STATE];
    enum crema_status status;

    CREMA_TRY(read_classes(c));
    CREMA_TRY(open_source(c, words, n - 1));
    s = c->source;
    c->datum = (struct crema_datum){ .channels = s->channels,
                                     .height = s->height,
                                     .width = s->width,
                                     .has_label = true };
    c->datum.size = (size_t)s->channels * (size_t)s->height * (size_t)s->width;
    if (c->shuffle)
        crema_permutation_begin(&c->order, s->count, (uint32_t)c->seed, 0);
    CREMA_TRY(crema_lmdb_go_on(c->ctx, words[n - 1], "crema convert\n", true,
                               &c->writer, state));
    status = convert_all(c);
    if (status == CREMA_OK) return crema_lmdb_commit(c->writer);
    crema_lmdb_abandon(c->writer);
    return status;
}

static int run(struct conversion *c, char **words, int n)
{
    struct console console;
    int status = 1;

    console_open(&console, "convert", stderr);
    c->console = &console;
    c->ctx = crema_ctx_new(console_log, &console);
    c->record.ctx = c->ctx;
    if (c->ctx && convert(c, words, n) == CREMA_OK)
        status = 0;
    else if (c->ctx)
        console_failed(&console, c->ctx);
    if (c->source) c->source->kind->close(c->source);
    free(c->record.data);
    free(c->pixels);
    crema_ctx_free(c->ctx);
    console_close(&console);
    return status;
}

int tool_convert(int argc, char **argv)
{
    struct conversion c = { .seed = 1 };
    const struct flag table[] = {
        { "first", FLAG_INT, &c.first, "N", "pictures to pass over" },
        { "count", FLAG_INT, &c.count, "N", "records to write; 0: all" },
        { "classes", FLAG_TEXT, &c.classes, "A,B",
          "only pictures with these labels" },
        { "shuffle", FLAG_BOOL, &c.shuffle, NULL, "put them in disorder" },
        { "seed", FLAG_INT, &c.seed, "N", "of --shuffle" },
        { "coarse", FLAG_BOOL, &c.options.coarse, NULL,
          "CIFAR-100: the labels of its 20 classes, not of its 100" },
        { "bgr", FLAG_BOOL, &c.options.bgr, NULL,
          "CIFAR: blue, green, red, as pictures have them; left out: red, "
          "green, blue, as Caffe does" },
    };
    const struct flags flags = {
        .program = "crema convert",
        .words = "FILES.. DB",
        .summary =
            "Puts idx files, as MNIST comes in (pictures and labels, plain or "
            ".gz), or CIFAR's\nbinary files (data_batch_1.bin .., train.bin) "
            "into a database.",
        .table = table,
        .count = sizeof table / sizeof *table,
        .min_words = 2,
        .max_words = -1,
    };
    int status = flags_parse(&flags, &argc, argv);

    if (status < 0 && (c.first < 0 || c.count < 0))
        status = flags_wrong(&flags, "--first and --count want at least 0");
    return status >= 0 ? status : run(&c, argv + 1, argc - 1);
}
