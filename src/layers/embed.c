/* embed.c - rows of a weight by number, as a one-hot vector times a matrix
 * would give them; with bias_term, plus a bias. */
#include "layers/layer.h"

CREMA_LAYER_PARAM(Crema__EmbedParameter, CREMA__EMBED_PARAMETER__INIT,
                  embed_param)

static enum crema_status setup(struct crema_layer *l)
{
    const Crema__EmbedParameter *p = param(l);

    if (p->num_output < 1)
        return crema_layer_fail(l, &p->num_output,
                                "num_output must be positive");
    if (p->input_dim < 1)
        return crema_layer_fail(l, &p->input_dim, "input_dim must be positive");
    return CREMA_OK;
}

static enum crema_status record(struct crema_layer *l)
{
    const Crema__EmbedParameter *p = param(l);
    struct crema_shape rows = CREMA_SHAPE(p->input_dim, p->num_output);
    struct crema_tensor *w = crema_layer_weight(l, 0, &rows, p->weight_filler);
    struct crema_tensor *b = NULL;

    if (p->bias_term)
        b = crema_layer_weight(l, 1, &CREMA_SHAPE(p->num_output),
                               p->bias_filler);
    l->top[0] = crema_scale(l->program, l->bottom[0]->shape.ndims,
                            crema_gather(l->program, w, l->bottom[0]), NULL, b);
    return CREMA_OK;
}

static const struct crema_param_doc embed_param = {
    .message = "embed_param",
    .fields =
        (const struct crema_field_doc[]){
            { "num_output", "length of a row; must be given" },
            { "input_dim", "rows of the table; must be given" },
            { "bias_term", "adds the same learned row to each" },
            { "weight_filler", "first values of w" },
            { "bias_filler", "first values of b" },
            { 0 },
        },
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_DENSE,
    .line = "rows of a learned table, by number",
    .text = "  y[i] = w[x[i]] + b\n\n"
            "What a product of one-hot vectors with w would give. Weights: w, "
            "input_dim x num_output, and b, num_output.",
    .bottoms = { { "x", "of any shape: whole numbers, 0 to input_dim - 1" } },
    .tops = { { "y", "x's axes, then num_output" } },
    .params = { &embed_param },
    .quirks = "No gradient flows to x.",
    .example = "embed_param {\n"
               "  input_dim: 8000\n"
               "  num_output: 300\n"
               "  weight_filler { type: \"uniform\" min: -0.08 max: 0.08 }\n"
               "}",
};

const struct crema_layer_type crema_layer_Embed = {
    .name = "Embed",
    .min_bottoms = 1,
    .max_bottoms = 1,
    .min_tops = 1,
    .max_tops = 1,
    .setup = setup,
    .record = record,
    .doc = &doc,
};
