/* test_towers.c - AlexNet in two towers is AlexNet: with the same weights and
 * the same pictures, losses and gradients agree. */
#include "net/net.h"
#include "proto/text.h"
#include "support/suite.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 2, PIXELS = BATCH * 3 * 227 * 227 };

static const char inputs[] =
    "layer { name: 'data' type: 'Input' top: 'data' top: 'label' input_param { "
    "shape { dim: [2, 3, 227, 227] } shape { dim: 2 } } }\n";

struct side {
    struct crema_ctx *ctx;
    struct crema_device *dev;
    struct crema_world *world;
    struct crema_source *source;
    struct crema_net *net;
    char *text;
};

static void good(const struct side *s, enum crema_status status)
{
    ck_assert_msg(status == CREMA_OK, "%s", crema_ctx_message(s->ctx));
}

/* A model's train_val.prototxt with `inputs` in place of its data layers. */
static char *read_model(const char *name)
{
    char path[512];
    char *text, *body;
    long size;
    FILE *f;

    snprintf(path, sizeof path, SOURCE_DIR "/models/%s/train_val.prototxt",
             name);
    f = fopen(path, "r");
    ck_assert_ptr_nonnull(f);
    ck_assert_int_eq(fseek(f, 0, SEEK_END), 0);
    size = ftell(f);
    rewind(f);
    text = calloc((size_t)size + sizeof inputs, 1);
    ck_assert_ptr_nonnull(text);
    ck_assert_uint_eq(fread(text + sizeof inputs - 1, 1, (size_t)size, f),
                      (size_t)size);
    fclose(f);
    body = strstr(text + sizeof inputs - 1, "_val_lmdb");
    ck_assert_ptr_nonnull(body);
    body = strstr(body, "\n}\n");
    ck_assert_ptr_nonnull(body);
    body += strlen("\n}\n");
    memmove(text + sizeof inputs - 1, body, strlen(body) + 1);
    memcpy(text, inputs, sizeof inputs - 1);
    return text;
}

static void open_side(struct side *s, const char *model)
{
    const struct crema_net_options options = { .train = true,
                                               .backward = true };
    ProtobufCMessage *message;

    s->ctx = crema_ctx_new(NULL, NULL);
    ck_assert_ptr_nonnull(s->ctx);
    good(s, crema_device_open(s->ctx, "cpu", 2, &s->dev));
    s->text = read_model(model);
    good(s, crema_text_read(s->ctx, model, s->text, strlen(s->text),
                            &crema__net_parameter__descriptor,
                            CREMA_TEXT_STRICT, &message, &s->source));
    good(s, crema_world_open(s->ctx, s->dev, 1, &s->world));
    good(s, crema_net_build(s->world, (Crema__NetParameter *)message, s->source,
                            &options, &s->net));
}

static void close_side(struct side *s)
{
    crema_net_free(s->net);
    crema_world_free(s->world);
    crema_source_free(s->source);
    crema_device_free(s->dev);
    crema_ctx_free(s->ctx);
    free(s->text);
}

/* Numbers that look random: in [-1, 1). */
static float noise(int64_t i)
{
    uint32_t x = (uint32_t)i * 2654435761u;

    x = (x ^ x >> 15) * 2246822519u;
    return (float)(x >> 8) * 0x1p-23f - 1;
}

static struct crema_param *value_of(const struct side *s, const char *layer,
                                    int index)
{
    struct crema_slot *slot =
        crema_weights_find(&s->world->weights, layer, index);

    return slot ? &slot->weight->value : NULL;
}

/* Blob `index` of a layer of the whole net: its rows belong to tower a and
 * tower b, half to each, or the layer is one in both nets. */
static int parts_of(const struct side *towers, const char *layer, int index,
                    struct crema_param *part[2])
{
    char name[64];

    part[0] = value_of(towers, layer, index);
    if (part[0]) return 1;
    for (int k = 0; k < 2; k++) {
        snprintf(name, sizeof name, "%s_%c", layer, 'a' + k);
        part[k] = value_of(towers, name, index);
        ck_assert_msg(part[k], "no weights %s", name);
    }
    return 2;
}

/* The same weights on both sides. */
static void share(const struct side *whole, const struct side *towers)
{
    const struct crema_slot *slot = whole->world->weights.slots;

    for (; slot; slot = slot->next) {
        int64_t count = crema_shape_count(&slot->shape);
        /* as large as keeps the activations' size from layer to layer */
        float scale =
            slot->index ? 0.1f : 2 / sqrtf((float)(count / slot->shape.dim[0]));
        float *w = malloc(sizeof *w * (size_t)count);
        struct crema_param *part[2];
        int parts = parts_of(towers, slot->layer, slot->index, part);

        ck_assert_ptr_nonnull(w);
        for (int64_t i = 0; i < count; i++) w[i] = scale * noise(i + count);
        good(whole, crema_param_write(&slot->weight->value, 0, count, w));
        for (int k = 0; k < parts; k++) {
            ck_assert_int_eq(crema_shape_count(&part[k]->shape) * parts, count);
            good(towers, crema_param_write(part[k], 0, count / parts,
                                           w + count / parts * k));
        }
        free(w);
    }
}

/* Gradients stay readable. */
static void keep_gradients(const struct side *s)
{
    struct crema_weight *w = s->world->weights.first;

    for (; w; w = w->next)
        crema_program_keep(
            crema_program_param(s->net->program, &w->value, false)->grad);
}

static float *gradient(const struct side *s, struct crema_param *param)
{
    int64_t count = crema_shape_count(&param->shape);
    float *values = malloc(sizeof *values * (size_t)count);

    ck_assert_ptr_nonnull(values);
    good(s,
         crema_tensor_read(
             s->dev, crema_program_param(s->net->program, param, false)->grad,
             values));
    return values;
}

static float run(const struct side *s, const float *pictures)
{
    const float labels[BATCH] = { 3, 700 };
    float loss;

    good(s, crema_net_write_input(s->net, "data",
                                  &CREMA_SHAPE(BATCH, 3, 227, 227), pictures));
    good(s,
         crema_net_write_input(s->net, "label", &CREMA_SHAPE(BATCH), labels));
    keep_gradients(s);
    good(s, crema_net_forward(s->net));
    good(s, crema_net_loss(s->net, &loss));
    good(s, crema_net_backward(s->net));
    return loss;
}

/* Of one blob of the whole net. */
static void compare(const struct side *whole, const struct side *towers,
                    const struct crema_slot *slot)
{
    int64_t count = crema_shape_count(&slot->shape);
    float *expected = gradient(whole, &slot->weight->value);
    struct crema_param *part[2];
    int parts = parts_of(towers, slot->layer, slot->index, part);
    float most = 0, off = 0;

    for (int k = 0; k < parts; k++) {
        float *got = gradient(towers, part[k]);

        for (int64_t i = 0; i < count / parts; i++) {
            float e = expected[count / parts * k + i];

            most = fmaxf(most, fabsf(e));
            off = fmaxf(off, fabsf(e - got[i]));
        }
        free(got);
    }
    free(expected);
    ck_assert_msg(most > 0 && off <= 1e-5f * most,
                  "gradient of %s[%d]: off by %g, the largest is %g",
                  slot->layer, slot->index, (double)off, (double)most);
}

START_TEST(agree)
{
    struct side whole = { 0 }, towers = { 0 };
    float *pictures = malloc(sizeof *pictures * PIXELS);
    float a, b;

    ck_assert_ptr_nonnull(pictures);
    for (int64_t i = 0; i < PIXELS; i++) pictures[i] = noise(i);
    open_side(&whole, "alexnet");
    open_side(&towers, "alexnet_two_towers");
    share(&whole, &towers);
    a = run(&whole, pictures);
    b = run(&towers, pictures);
    ck_assert_msg(a > 1 && fabsf(a - b) <= 1e-5f * a, "losses %g and %g",
                  (double)a, (double)b);
    for (struct crema_slot *s = whole.world->weights.slots; s; s = s->next)
        compare(&whole, &towers, s);
    free(pictures);
    close_side(&whole);
    close_side(&towers);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("towers");
    TCase *tc = tcase_create("all");

    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, agree);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
