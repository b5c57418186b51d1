/* convert_imageset.c - a list of pictures, or folders of them, into a database
 * of Datums: the flags. */
#include "console.h"
#include "data_tools.h"
#include "flags.h"
#include "imageset_run.h"

#include <unistd.h>

static int check_settings(const struct flags *flags, struct imageset *s)
{
    enum { LEVELDB = 1 };

    if (s->backend == LEVELDB)
        return flags_wrong(flags, "databases are written as LMDB only");
    if (s->resize_width < 0 || s->resize_width > CREMA_IMAGE_MAX_SIDE ||
        s->resize_height < 0 || s->resize_height > CREMA_IMAGE_MAX_SIDE)
        return flags_wrong(flags, "a picture cannot be %ld x %ld",
                           s->resize_width, s->resize_height);
    if (*s->encode_type &&
        crema_image_format_named(s->encode_type) == CREMA_IMAGE_UNKNOWN)
        return flags_wrong(flags,
                           "--encode_type wants jpg, png, bmp or ppm, got "
                           "\"%s\"",
                           s->encode_type);
    if (!(s->split >= 0 && s->split < 1))
        return flags_wrong(
            flags, "--split wants a part between 0 and 1, got %g", s->split);
    if (s->threads < 0)
        return flags_wrong(flags, "--threads wants at least 0, got %ld",
                           s->threads);
    if (s->threads == 0) s->threads = sysconf(_SC_NPROCESSORS_ONLN);
    if (s->threads < 1) s->threads = 1;
    return -1;
}

/* ROOT/ [LIST] DB */
static int take_words(const struct flags *flags, struct imageset *s, int argc,
                      char **argv)
{
    s->root = argv[1];
    s->list = argc == 4 ? argv[2] : NULL;
    s->database = argv[argc - 1];
    if (s->list && s->labels)
        return flags_wrong(flags, "--labels writes the names of folders; a "
                                  "list has none");
    return -1;
}

static int run_with(const struct imageset *s)
{
    struct console console;
    struct crema_ctx *ctx;
    int status = 1;

    console_open(&console, "convert_imageset", stderr);
    ctx = crema_ctx_new(console_log, &console);
    if (!ctx)
        console_say(&console, CREMA_ERROR, "out of memory");
    else
        status = imageset_run(ctx, &console, s);
    crema_ctx_free(ctx);
    console_close(&console);
    return status;
}

static const char summary[] =
    "Puts pictures into a database.  LIST has a line for each: its name below "
    "ROOT/ and\na label, a whole number from 0.  Without LIST each folder in "
    "ROOT/ is a class, and\nDB.labels.txt names them.  One that was "
    "interrupted stands as DB.partial: the same\ncommand goes on with it.";

int tool_convert_imageset(int argc, char **argv)
{
    struct imageset s = { .encode_type = "", .seed = 1 };
    const struct flag table[] = {
        { "gray", FLAG_BOOL, &s.gray, NULL, "read the pictures as grey ones" },
        { "shuffle", FLAG_BOOL, &s.shuffle, NULL, "put the list in disorder" },
        { "seed", FLAG_INT, &s.seed, "N", "of --shuffle and --split" },
        { "backend", FLAG_CHOICE, &s.backend, "lmdb|leveldb",
          "the kind of database" },
        { "resize_width", FLAG_INT, &s.resize_width, "N",
          "with the next: resize; 0: not" },
        { "resize_height", FLAG_INT, &s.resize_height, "N", "see above" },
        { "resize_mode", FLAG_CHOICE, &s.resize_mode, "warp|crop|fill",
          "stretch; or keep the shape and cut the middle out; or put black "
          "beside it" },
        { "check_size", FLAG_BOOL, &s.check_size, NULL,
          "stop at a picture of another size than the first" },
        { "encoded", FLAG_BOOL, &s.encoded, NULL,
          "store picture files, not pixels" },
        { "encode_type", FLAG_TEXT, &s.encode_type, "jpg|png|bmp|ppm",
          "store picture files of this type" },
        { "split", FLAG_REAL, &s.split, "RATIO",
          "that part of them to DB_train, the rest to DB_test; 0: not" },
        { "labels", FLAG_TEXT, &s.labels, "FILE",
          "the folders' names, instead of DB.labels.txt" },
        { "strict", FLAG_BOOL, &s.strict, NULL,
          "leave damaged pictures out, too; exit status 1 when one was" },
        { "restart", FLAG_BOOL, &s.restart, NULL,
          "begin anew where one was interrupted" },
        { "threads", FLAG_INT, &s.threads, "N",
          "how many decode; 0: one for each core" },
    };
    const struct flags flags = {
        .program = "convert_imageset",
        .words = "ROOT/ [LIST] DB",
        .summary = summary,
        .table = table,
        .count = sizeof table / sizeof *table,
        .min_words = 2,
        .max_words = 3,
    };
    int status = flags_parse(&flags, &argc, argv);

    if (status < 0) status = check_settings(&flags, &s);
    if (status < 0) status = take_words(&flags, &s, argc, argv);
    return status >= 0 ? status : run_with(&s);
}
