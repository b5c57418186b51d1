/* test_load_memory.c - reading weights takes little more memory than the
 * weights themselves: they are never held twice, nor is their file.
 *
 *     test_load_memory [PROTOTXT ..]
 *
 * measures a large inner product, or these nets; their weights lie in the
 * working directory meanwhile.
 */
#include "crema.h"
#include "net/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Bytes of a line of /proc/self/status, as "VmHWM:". */
static double status_of(const char *name)
{
    FILE *f = fopen("/proc/self/status", "r");
    char line[256];
    double kib = -1;

    while (f && fgets(line, sizeof line, f))
        if (!strncmp(line, name, strlen(name))) kib = atof(line + strlen(name));
    if (f) fclose(f);
    return kib * 1024;
}

/* The most memory in use is from now on the most since now. */
static int forget_peak(void)
{
    FILE *f = fopen("/proc/self/clear_refs", "w");
    int bad = !f || fputs("5", f) < 0;

    return (f && fclose(f) != 0) || bad;
}

static int failed(const struct crema_ctx *ctx, const char *what)
{
    fprintf(stderr, "%s: %s\n", what, crema_ctx_message(ctx));
    return 1;
}

static int save_first(struct crema_device *dev, struct crema_ctx *ctx,
                      const char *net, const char *weights)
{
    struct crema_model *m;
    enum crema_status status = crema_model_open(dev, net, NULL, &m);

    if (status != CREMA_OK) return failed(ctx, net);
    status = crema_net_save_weights(crema_model_net(m), weights);
    crema_model_free(m);
    return status == CREMA_OK ? 0 : failed(ctx, weights);
}

/* Of all weights, as they lie at last. */
static double parameters(const struct crema_net *net)
{
    double bytes = 0;

    for (const struct crema_weight *w = net->world->weights.first; w;
         w = w->next)
        bytes += (double)w->value.layout.bytes;
    return bytes;
}

/* One picture goes through the net, so that its weights lie as they stay. */
static enum crema_status run(struct crema_model *m)
{
    int64_t dims[CREMA_MODEL_DIMS], count = 1;
    const char *input = crema_model_input(m, 0);
    int ndims = crema_model_shape(m, input, dims);
    enum crema_status status;
    float *x;

    dims[0] = 1;
    for (int i = 0; i < ndims; i++) count *= dims[i];
    x = calloc((size_t)count, sizeof *x);
    if (!x) return CREMA_ENOMEM;
    status = crema_model_write(m, input, ndims, dims, x);
    free(x);
    return status == CREMA_OK ? crema_model_forward(m) : status;
}

static int measure(struct crema_device *dev, struct crema_ctx *ctx,
                   const char *net, const char *weights)
{
    const struct crema_model_options o = { .weights = weights };
    double before, opened, peak, own, rest;
    struct crema_model *m;
    struct stat st;

    if (save_first(dev, ctx, net, weights)) return 1;
    if (forget_peak() || stat(weights, &st) != 0) {
        perror("cannot measure");
        return 77;
    }
    before = status_of("VmRSS:");
    if (crema_model_open(dev, net, &o, &m) != CREMA_OK) return failed(ctx, net);
    opened = status_of("VmHWM:") - before;
    if (run(m) != CREMA_OK) return failed(ctx, net);
    peak = status_of("VmHWM:") - before;
    own = parameters(crema_model_net(m));
    rest = (double)crema_model_net(m)->world->heap.bytes;
    crema_model_free(m);
    printf("%s: file %.1f MB, parameters %.1f; loading %.1f, at most %.1f with "
           "%.1f of values\n",
           net, (double)st.st_size / 1e6, own / 1e6, opened / 1e6, peak / 1e6,
           rest / 1e6);
    if (opened < own + 0.3 * (double)st.st_size &&
        peak < own + rest + 0.3 * (double)st.st_size)
        return 0;
    fprintf(stderr, "%s: too much\n", net);
    return 1;
}

/* 134 MB of weights. */
static int write_large(const char *path)
{
    static const char text[] =
        "layer { name: 'x' type: 'Input' top: 'x'\n"
        "  input_param { shape { dim: [1, 8192] } } }\n"
        "layer { name: 'y' type: 'InnerProduct' bottom: 'x' top: 'y'\n"
        "  inner_product_param { num_output: 4096\n"
        "    weight_filler { value: 1 } } }\n";
    FILE *f = fopen(path, "w");
    int bad = !f || fputs(text, f) < 0;

    return (f && fclose(f) != 0) || bad;
}

int main(int argc, char **argv)
{
    static const char large[] = "load_memory.prototxt";
    static const char weights[] = "load_memory.caffemodel";
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);
    struct crema_device *dev = NULL;
    int status = 0;

    if (!ctx || crema_device_open(ctx, "cpu", 1, &dev) != CREMA_OK)
        return failed(ctx, "cpu");
    for (int i = 1; i < argc && status == 0; i++)
        status = measure(dev, ctx, argv[i], weights);
    if (argc == 1)
        status = write_large(large) ? 1 : measure(dev, ctx, large, weights);
    unlink(weights);
    if (argc == 1) unlink(large);
    crema_device_free(dev);
    crema_ctx_free(ctx);
    return status;
}
