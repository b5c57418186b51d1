/* classify.c - names what is on a picture:  classify NET WEIGHTS MEAN LABELS PICTURE */
#include <crema.h>

#include <stdio.h>
#include <stdlib.h>

static void check(struct crema_ctx *ctx, enum crema_status status)
{
    if (status == CREMA_OK) return;
    fprintf(stderr, "%s\n", crema_ctx_message(ctx));
    exit(EXIT_FAILURE);
}

int main(int argc, char **argv)
{
    struct crema_model_options options = { .weights = argc == 6 ? argv[2] : NULL };
    struct crema_preprocess how = { .mean_file = argc == 6 ? argv[3] : NULL };
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);
    struct crema_device *device;
    struct crema_model *model;
    int64_t in[CREMA_MODEL_DIMS], out[CREMA_MODEL_DIMS];
    static float picture[3 * 1024 * 1024], prob[100000];
    char label[256] = "";
    int best = 0;

    if (argc != 6) return fputs("usage: classify NET WEIGHTS MEAN LABELS PICTURE\n", stderr), 2;
    check(ctx, crema_device_open(ctx, "auto", 0, &device));
    check(ctx, crema_model_open(device, argv[1], &options, &model));
    crema_model_shape(model, crema_model_input(model, 0), in);
    in[0] = 1; /* one picture at a time */
    check(ctx, crema_picture_read(ctx, argv[5], (int)in[1], (int)in[2], (int)in[3], &how, picture));
    check(ctx, crema_model_write(model, crema_model_input(model, 0), 4, in, picture));
    check(ctx, crema_model_forward(model));
    crema_model_shape(model, crema_model_output(model, 0), out);
    check(ctx, crema_model_read(model, crema_model_output(model, 0), prob, (size_t)out[1]));

    for (int i = 1; i < out[1]; i++)
        if (prob[i] > prob[best]) best = i;
    FILE *labels = fopen(argv[4], "r");
    for (int i = 0; labels && i <= best; i++)
        if (!fgets(label, sizeof label, labels)) label[0] = '\0';
    if (labels) fclose(labels);
    printf("%.4f  class %d  %s\n", (double)prob[best], best, label);
    crema_model_free(model);
    crema_device_free(device);
    crema_ctx_free(ctx);
}
