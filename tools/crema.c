/* crema.c - the program: finds the verb and hands over. */
#include "data_tools.h"
#include "flags.h"
#include "verbs.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct verb {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *what;
    bool computes; /* for long, with all processors */
} verbs[] = {
    { "train", verb_train, "train or fine-tune a net", true },
    { "test", verb_test, "score a net on its test data", true },
    { "confusion", verb_confusion, "which class a net takes for which", true },
    { "predict", verb_predict, "name what is on pictures", true },
    { "time", verb_time, "measure a net, layer by layer", true },
    { "summary", verb_summary, "layers, shapes, parameters, operations",
      false },
    { "check", verb_check, "look for mistakes in nets and solvers", false },
    { "describe", verb_describe, "what layers compute, what fields mean",
      false },
    { "forward", verb_forward, "run a net and write down every blob", true },
    { "convert", tool_convert, "idx files, as MNIST has them, to LMDB", false },
    { "convert_imageset", tool_convert_imageset, "pictures to LMDB", false },
    { "db", verb_db, "what is in a database", false },
    { "compute_image_mean", tool_compute_image_mean,
      "the mean picture of an LMDB", false },
    { "upgrade", tool_upgrade, "old nets, weights and solvers in today's form",
      false },
    { "extract_features", tool_extract_features,
      "blobs of a net, record by record, to LMDB", true },
    { "augment", verb_augment,
      "what a net sees of its data, as pictures", false },
    { "features", verb_features,
      "what a net makes of a picture, layer by layer", true },
    { "filters", verb_filters, "a convolution's kernels as pictures", false },
    { "draw", verb_draw, "a net as a graph", false },
    { "plot", verb_plot, "the log of a training as curves", false },
    { "device_query", verb_device_query, "what there is to compute on", false },
};
enum { VERBS = sizeof verbs / sizeof *verbs };

static int usage(FILE *out, int status)
{
    fprintf(out, "usage: crema VERB [flags] ...\n"
                 "Trains and runs the networks that Caffe's prototxt files "
                 "describe.\n\n");
    for (int i = 0; i < VERBS; i++)
        fprintf(out, "  %-20s%s\n", verbs[i].name, verbs[i].what);
    fprintf(out, "\ncrema VERB --help lists the flags of a verb.\n");
    return status;
}

static const struct verb *find(const char *name)
{
    for (int i = 0; i < VERBS; i++)
        if (!strcmp(verbs[i].name, name)) return &verbs[i];
    return NULL;
}

static int unknown(const char *name)
{
    const char *near =
        flags_nearest(name, &verbs[0].name, VERBS, sizeof *verbs);

    fprintf(stderr, "crema: unknown verb \"%s\"", name);
    if (near) fprintf(stderr, ", did you mean \"%s\"?", near);
    fprintf(stderr, " (crema --help lists them)\n");
    return 2;
}

/* Threads of OpenMP that wait for each other spin first, by default for so long
 * that a machine with other work on it slows down tenfold; a short while is as
 * fast on a quiet one.  The library reads its environment before main(), so
 * the program starts itself anew; where that fails it goes on as it is. */
static void wait_briefly(char **argv)
{
    if (getenv("GOMP_SPINCOUNT") || getenv("OMP_WAIT_POLICY")) return;
    if (setenv("GOMP_SPINCOUNT", "10000", 1) == 0)
        (void)execv("/proc/self/exe", argv);
}

int main(int argc, char **argv)
{
    const struct verb *verb;
    const char *name = argc > 1 ? argv[1] : NULL;

    signal(SIGXFSZ, SIG_IGN); /* a write that fails is told in words */
    if (!name) return usage(stdout, 0);
    if (!strcmp(name, "help") && argc > 2) {
        static char help[] = "--help";
        char *words[] = { argv[0], help, NULL };

        verb = find(argv[2]);
        return verb ? verb->run(2, words) : unknown(argv[2]);
    }
    if (!strcmp(name, "help") || !strcmp(name, "--help") ||
        !strcmp(name, "-help") || !strcmp(name, "-h"))
        return usage(stdout, 0);
    if (!strcmp(name, "--version") || !strcmp(name, "-version")) {
        printf("crema " CREMA_VERSION "\n");
        return 0;
    }
    verb = find(name);
    if (!verb) return unknown(name);
    if (verb->computes) wait_briefly(argv);
    return verb->run(argc - 1, argv + 1);
}
