/* tile.c - the bottom `tiles` times, one behind the other along `axis`. */
#include "layers/layer.h"

CREMA_LAYER_PARAM(Crema__TileParameter, CREMA__TILE_PARAMETER__INIT, tile_param)

static enum crema_status setup(struct crema_layer *l)
{
    const Crema__TileParameter *p = param(l);

    if (p->tiles < 1)
        return crema_layer_fail(l, &p->tiles, "tiles must be at least 1");
    return CREMA_OK;
}

static enum crema_status record(struct crema_layer *l)
{
    const Crema__TileParameter *p = param(l);
    int axis;

    CREMA_TRY(crema_layer_axis(l, &p->axis, p->axis, l->bottom[0]->shape.ndims,
                               &axis));
    l->top[0] = crema_repeat(l->program, axis, p->tiles, l->bottom[0]);
    return CREMA_OK;
}

static const struct crema_param_doc tile_param = {
    .message = "tile_param",
    .fields =
        (const struct crema_field_doc[]){
            { "axis", "-1 is the last" },
            { "tiles", "how often; must be given" },
            { 0 },
        },
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_SHAPE,
    .line = "a blob repeated along an axis",
    .text = "x, tiles times, one behind the other along axis.",
    .bottoms = { { "x", "of any shape" } },
    .tops = { { "y", "tiles times as long along axis" } },
    .params = { &tile_param },
    .example = "tile_param { tiles: 4 }",
};

const struct crema_layer_type crema_layer_Tile = {
    .name = "Tile",
    .min_bottoms = 1,
    .max_bottoms = 1,
    .min_tops = 1,
    .max_tops = 1,
    .setup = setup,
    .record = record,
    .doc = &doc,
};
