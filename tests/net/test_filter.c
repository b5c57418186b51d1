/* test_filter.c - the net of each phase is the one Caffe has, its splits aside;
 * on Caffe's published nets, where they are at hand. */
#include "net/net.h"
#include "proto/message.h"
#include "proto/upgrade.h"
#include "support/net_text.h"
#include "support/suite.h"

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *text_of(const ProtobufCMessage *message)
{
    struct crema_bytes bytes = { .ctx = ctx };
    struct crema_sink sink = crema_sink_bytes(&bytes);

    ck_assert_int_eq(crema_text_print(ctx, message, &sink), CREMA_OK);
    return (char *)bytes.data;
}

/* What a split copies: the blob behind a name that Caffe made. */
static char *unsplit(const Crema__NetParameter *net, char *name)
{
    for (size_t i = 0; i < net->n_layer; i++) {
        const Crema__LayerParameter *l = net->layer[i];

        for (size_t k = 0; !strcmp(l->type, "Split") && k < l->n_top; k++)
            if (!strcmp(l->top[k], name)) return l->bottom[0];
    }
    return name;
}

/* The layers' texts in turn: ours, and Caffe's behind its splits. */
static void compare(const struct crema_net *net, Crema__NetParameter *want,
                    const char *path)
{
    int n = 0;

    for (size_t i = 0; i < want->n_layer; i++) {
        Crema__LayerParameter *l = want->layer[i];
        char *a, *b;

        if (!strcmp(l->type, "Split")) continue;
        for (size_t k = 0; k < l->n_bottom; k++)
            l->bottom[k] = unsplit(want, l->bottom[k]);
        ck_assert_msg(n < net->nlayers, "%s: %d layers", path, n);
        a = text_of(&net->layer[n++].param->base);
        b = text_of(&l->base);
        ck_assert_msg(!strcmp(a, b), "%s:\n%sinstead of\n%s", path, a, b);
        free(a);
        free(b);
    }
    ck_assert_msg(n == net->nlayers, "%s: %d layers, not %d", path,
                  net->nlayers, n);
}

/* in.prototxt of the folder; false where Caffe made nothing of it. */
static bool same_as_caffe(const char *folder, bool train)
{
    const struct crema_net_options options = { .train = train,
                                               .optimistic = true };
    struct crema_source *source, *golden;
    Crema__NetParameter *param, *want;
    struct crema_world *world;
    struct crema_net *net;
    char path[2100];

    snprintf(path, sizeof path, "%s/out_splits_%s.prototxt", folder,
             train ? "TRAIN" : "TEST");
    if (access(path, R_OK) != 0) return false;
    ck_assert_int_eq(
        crema_net_file_read(ctx, path, CREMA_TEXT_STRICT, &want, &golden),
        CREMA_OK);
    snprintf(path, sizeof path, "%s/in.prototxt", folder);
    ck_assert_int_eq(
        crema_net_file_read(ctx, path, CREMA_TEXT_STRICT, &param, &source),
        CREMA_OK);
    ck_assert_int_eq(crema_world_open(ctx, dev, 1, &world), CREMA_OK);
    world->lender.opens_data = false;
    world->lender.no_values = true;
    ck_assert_msg(crema_net_build(world, param, source, &options, &net) ==
                      CREMA_OK,
                  "%s: %s", path, crema_ctx_message(ctx));
    compare(net, want, path);
    crema_net_free(net);
    crema_world_free(world);
    crema_source_free(source);
    crema_source_free(golden);
    return true;
}

START_TEST(phases_are_as_in_caffe)
{
    const char *shared = getenv("CREMA_SHARED");
    char root[1500], path[2000];
    struct dirent *entry;
    int n = 0;
    DIR *dir;

    snprintf(root, sizeof root, "%s/golden/upgrade/models",
             shared ? shared : SOURCE_DIR "/../shared");
    dir = opendir(root);
    if (!dir) return;
    while ((entry = readdir(dir))) {
        snprintf(path, sizeof path, "%s/%.255s", root, entry->d_name);
        n += same_as_caffe(path, true) + same_as_caffe(path, false);
    }
    closedir(dir);
    ck_assert_int_eq(n, 39);
}
END_TEST

/* Rules of our own making: which of the layers a to f there are. */
START_TEST(rules_choose_layers)
{
    static const char text[] =
        "layer { name: 'a' type: 'DummyData' top: 'x'\n"
        "  dummy_data_param { shape { dim: 1 } } }\n"
        "layer { name: 'b' type: 'ReLU' bottom: 'x' top: 'b'\n"
        "  include { phase: TRAIN } }\n"
        "layer { name: 'c' type: 'ReLU' bottom: 'x' top: 'c'\n"
        "  exclude { phase: TRAIN } }\n"
        "layer { name: 'd' type: 'ReLU' bottom: 'x' top: 'd'\n"
        "  include { min_level: 2 } include { stage: 's' not_stage: 't' } }\n"
        "layer { name: 'e' type: 'ReLU' bottom: 'x' top: 'e'\n"
        "  exclude { max_level: 1 stage: 's' } }\n";
    static const char *const stages[] = { "s", "t" };
    static const struct {
        bool train;
        int level, nstages;
        const char *names;
    } rows[] = {
        { true, 0, 0, "abe" }, { false, 0, 0, "ace" }, { true, 0, 1, "abd" },
        { false, 0, 2, "ac" }, { true, 2, 0, "abde" }, { false, 2, 2, "acde" },
    };
    struct crema_source *source;
    ProtobufCMessage *message;
    struct crema_world *world;

    ck_assert_int_eq(crema_text_read(ctx, "t", text, sizeof text - 1,
                                     &crema__net_parameter__descriptor,
                                     CREMA_TEXT_STRICT, &message, &source),
                     CREMA_OK);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct crema_net_options options = { .train = rows[i].train,
                                                   .level = rows[i].level,
                                                   .nstages = rows[i].nstages,
                                                   .stages = stages };
        struct crema_net *net;
        char names[8] = "";

        ck_assert_int_eq(crema_world_open(ctx, dev, 1, &world), CREMA_OK);
        ck_assert_msg(crema_net_build(world, (Crema__NetParameter *)message,
                                      source, &options, &net) == CREMA_OK,
                      "%s", crema_ctx_message(ctx));
        for (int k = 0; k < net->nlayers && k < 7; k++)
            names[k] = net->layer[k].param->name[0];
        ck_assert_str_eq(names, rows[i].names);
        crema_net_free(net);
        crema_world_free(world);
    }
    crema_source_free(source);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("filter");
    TCase *tc = tcase_create("filter");

    tcase_add_checked_fixture(tc, open_ref, close_device);
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, phases_are_as_in_caffe);
    tcase_add_test(tc, rules_choose_layers);
    suite_add_tcase(s, tc);
    return run_suite(s);
}
