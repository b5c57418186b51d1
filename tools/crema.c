/* crema.c - the program: finds the verb and hands over. */
#include "data_tools.h"
#include "flags.h"
#include "verbs.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

static const struct verb {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *what;
} verbs[] = {
    { "train", verb_train, "train or fine-tune a net" },
    { "test", verb_test, "score a net on its test data" },
    { "predict", verb_predict, "name what is on pictures" },
    { "time", verb_time, "measure a net, layer by layer" },
    { "summary", verb_summary, "layers, shapes, parameters, operations" },
    { "check", verb_check, "look for mistakes in nets and solvers" },
    { "forward", verb_forward, "run a net and write down every blob" },
    { "convert", tool_convert, "idx files, as MNIST has them, to LMDB" },
    { "convert_imageset", tool_convert_imageset, "pictures to LMDB" },
    { "compute_image_mean", tool_compute_image_mean,
      "the mean picture of an LMDB" },
    { "device_query", verb_device_query, "what there is to compute on" },
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
    return verb ? verb->run(argc - 1, argv + 1) : unknown(name);
}
