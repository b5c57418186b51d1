/* test_corpus.c - published prototxts: read whole, cut, and printed again. */
#include "proto_support.h"

/* Files that no schema here can read, each with what it is refused for. */
static const struct {
    const char *file, *says;
} refused[] = {
    { "autoencoderpool_train_val", "unknown field \"use_imagedb_mean\"" },
    { "siamese__mnist__train_val", "unknown field \"color_order\"" },
    { "vgg128_noup__test.proto", "type has no value IMAGE_SEG_DATA" },
    { "vgg128_noup__test_test", "type has no value IMAGE_SEG_DATA" },
    { "SSD_deploy_template", "expected a whole number, found \"cls3x\"" },
    { "SSD_train_template", "expected a whole number, found \"cls3x\"" },
    { "binarization_2017", "unknown field \"image_transform_param\"" },
    { "SPPNet__examples__imagenet__imagenet_train.",
      "type has no value SPATIAL_PYRAMID_POOLING" },
    { "lstm_simple__solver", "a string needs quotes: type: \"SGD\"" },
    { "triplet__mnist__solver", "a string needs quotes: lr_policy: \"inv\"" },
};

static const char *excuse(const char *path)
{
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (strstr(path, refused[i].file)) return refused[i].says;
    return NULL;
}

static const ProtobufCMessageDescriptor *kind(const char *path)
{
    return strncmp(path, "solver/", 7) == 0 ? OF(solver_parameter)
                                            : OF(net_parameter);
}

/* Calls for each file of the list, its first column; how many there were. */
static int each_file(struct crema_ctx *ctx,
                     void (*call)(struct crema_ctx *, const char *name,
                                  const char *path))
{
    char folder[400], path[800], line[4096];
    FILE *list;
    int n = 0;

    if (!shared_path(folder, sizeof folder, "prototxts")) return 0;
    snprintf(path, sizeof path, "%s/index.tsv", folder);
    list = fopen(path, "r");
    ck_assert_ptr_nonnull(list);
    while (fgets(line, sizeof line, list)) {
        line[strcspn(line, "\t\n")] = '\0';
        if (!strstr(line, ".prototxt")) continue;
        snprintf(path, sizeof path, "%.380s/%.400s", folder, line);
        call(ctx, line, path);
        n++;
    }
    fclose(list);
    return n;
}

static void read_one(struct crema_ctx *ctx, const char *name, const char *path)
{
    struct crema_source *source;
    ProtobufCMessage *message;
    char *once, *twice;
    enum crema_status status = crema_text_read_file(
        ctx, path, kind(name), CREMA_TEXT_STRICT, &message, &source);

    if (excuse(name)) {
        ck_assert_msg(status == CREMA_EINVAL, "%s", name);
        ck_assert_ptr_nonnull(strstr(crema_ctx_message(ctx), excuse(name)));
        return;
    }
    ck_assert_msg(status == CREMA_OK, "%s", crema_ctx_message(ctx));
    once = printed(ctx, message);
    twice = reprinted(ctx, kind(name), once, strlen(once));
    ck_assert_ptr_nonnull(twice);
    ck_assert_str_eq(once, twice);
    free(once);
    free(twice);
    crema_source_free(source);
}

START_TEST(published_files_are_read)
{
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);
    int n = each_file(ctx, read_one);

    if (n) ck_assert_int_eq(n, 153);
    crema_ctx_free(ctx);
}
END_TEST

static void cut_one(struct crema_ctx *ctx, const char *name, const char *path)
{
    struct crema_source *source;
    ProtobufCMessage *message;
    size_t length, step;
    char *text;

    ck_assert_int_eq(crema_file_read(ctx, path, &text, &length), CREMA_OK);
    step = length / 40 + 1;
    for (size_t cut = 0; cut < length; cut += step) {
        char *exact = malloc(cut + 1);

        memcpy(exact, text, cut); /* so that ASan sees its end */
        if (crema_text_read(ctx, "cut", exact, cut, kind(name),
                            CREMA_TEXT_STRICT, &message, &source) == CREMA_OK)
            crema_source_free(source);
        free(exact);
    }
    free(text);
}

START_TEST(cut_files_are_survived)
{
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);

    each_file(ctx, cut_one);
    crema_ctx_free(ctx);
}
END_TEST

static const char small[] =
    "name: \"a\\x41\" # note\ninput_dim: [1, -2] state { level: 0x1 }\n"
    "layer { name: 'b' loss_weight: -1.5e-3f phase: TEST clip_param <min: 1\n"
    "max: 2> propagate_down: t unknown { x: [{y: 1}, 'z'] } }";

START_TEST(every_cut_is_survived)
{
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);

    for (size_t cut = 0; cut < sizeof small; cut++) {
        char *exact = malloc(cut + 1);

        memcpy(exact, small, cut);
        free(reprinted(ctx, OF(net_parameter), exact, cut));
        free(exact);
    }
    crema_ctx_free(ctx);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = { published_files_are_read,
                                   cut_files_are_survived,
                                   every_cut_is_survived };

    return RUN_TESTS("corpus", tests);
}
