/* window_data.c - batches of windows of pictures, as R-CNN trains with them;
 * top 1: their labels. */
#include "layers/feeder.h"

#include <string.h>

CREMA_LAYER_PARAM(Crema__WindowDataParameter,
                  CREMA__WINDOW_DATA_PARAMETER__INIT, window_data_param)

static bool is_square(const Crema__WindowDataParameter *p)
{
    return p->crop_mode && !strcmp(p->crop_mode, "square");
}

static enum crema_status check_fractions(const struct crema_layer *l)
{
    const Crema__WindowDataParameter *p = param(l);

    if (!(p->fg_fraction >= 0 && p->fg_fraction <= 1))
        return crema_layer_fail(l, &p->fg_fraction,
                                "fg_fraction must be in 0..1, got %g",
                                (double)p->fg_fraction);
    if (!(p->bg_threshold <= p->fg_threshold))
        return crema_layer_fail(
            l, &p->bg_threshold, "bg_threshold %g is above fg_threshold %g",
            (double)p->bg_threshold, (double)p->fg_threshold);
    return CREMA_OK;
}

static enum crema_status check(const struct crema_layer *l)
{
    const Crema__WindowDataParameter *p = param(l);
    const Crema__TransformationParameter *t = l->param->transform_param;

    CREMA_TRY(crema_feeder_check(l, &p->source, p->source, "a window file"));
    if (p->batch_size == 0)
        return crema_layer_fail(l, &p->batch_size,
                                "batch_size must be positive, got 0");
    if (!t || t->crop_size == 0 || t->crop_size > CREMA_IMAGE_MAX_SIDE / 16)
        return crema_layer_fail(l, t ? (const void *)&t->crop_size : NULL,
                                "transform_param must say a crop_size of 1 to "
                                "%d, the size of windows in the net",
                                CREMA_IMAGE_MAX_SIDE / 16);
    if (p->context_pad >= (t->crop_size + 1) / 2)
        return crema_layer_fail(l, &p->context_pad,
                                "context_pad %u leaves nothing of a crop_size "
                                "of %u",
                                p->context_pad, t->crop_size);
    if (p->crop_mode && strcmp(p->crop_mode, "warp") != 0 && !is_square(p))
        return crema_layer_fail(l, &p->crop_mode,
                                "unknown crop_mode \"%s\": \"warp\" and "
                                "\"square\" are known",
                                p->crop_mode);
    CREMA_TRY(crema_feeder_check_transform(l, true));
    return check_fractions(l);
}

static enum crema_status setup(struct crema_layer *l)
{
    const Crema__WindowDataParameter *p = param(l);
    const struct crema_feeder_options options = {
        .source = &p->source,
        .batch_size = p->batch_size,
    };
    struct crema_windows_options how = {
        .file = p->source,
        .root = p->root_folder,
        .param = l->param->transform_param,
        .source = l->source,
        .batch_size = (int)p->batch_size,
        .pad = (int)p->context_pad,
        .square = is_square(p),
        .cache = p->cache_images,
        .fg_threshold = p->fg_threshold,
        .bg_threshold = p->bg_threshold,
        .fg_fraction = p->fg_fraction,
        .seed = l->lender->seed,
    };
    struct crema_records *records;
    enum crema_status status;

    CREMA_TRY(check(l));
    if (!l->lender->opens_data) {
        crema_feeder_assume(l, p->batch_size);
        return CREMA_OK;
    }
    how.size = (int)how.param->crop_size;
    how.mirror = how.param->mirror;
    status = crema_records_windows(l->ctx, &how, &records);
    if (status != CREMA_OK)
        return crema_feeder_missing(l, &p->source, p->source, status);
    return crema_feeder_open(l, records, &options);
}

static const struct crema_param_doc window_data_param = {
    .message = "window_data_param",
    .fields =
        (const struct crema_field_doc[]){
            { "source", "a window file, see below" },
            { "root_folder", "put before each picture's path as it is" },
            { "batch_size", "windows in a batch" },
            { "fg_threshold", "windows whose overlap with an object is that "
                              "large, or larger, show it" },
            { "bg_threshold", "those whose overlap is smaller than that are "
                              "background, of label 0; others are not used" },
            { "fg_fraction", "of the windows of a batch show objects; they "
                             "come last in it" },
            { "context_pad", "pixels of the crop's rim that show what is "
                             "around the window" },
            { "crop_mode", "\"warp\" stretches windows to the crop, \"square\" "
                           "makes them square before, around their middle" },
            { "cache_images", "keeps all pictures' files in memory" },
            { 0 },
        },
    .ignored = "scale mean_file crop_size mirror",
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_DATA,
    .line = "windows of pictures, objects and background",
    .text =
        "Each item is a window drawn at random, enlarged by its context, and "
        "resized to transform_param's crop_size; mirror, mean and scale are "
        "transform_param's, too. What lies outside the picture is 0. The "
        "window file has for each picture, 3 being its channels:\n\n"
        "  # NUMBER\n"
        "  PATH\n"
        "  3\n"
        "  HEIGHT\n"
        "  WIDTH\n"
        "  COUNT\n"
        "  LABEL OVERLAP X1 Y1 X2 Y2   COUNT times, in pixels from 0, both "
        "ends inside",
    .tops = { { "data", "batch_size x 3 x crop_size x crop_size" },
              { "label", "batch_size" } },
    .params = { &window_data_param },
    .quirks = "A mean file's middle is used, whatever part of the picture a "
              "window shows, as in Caffe. Windows are drawn with the solver's "
              "seed, the same whatever the number of threads.",
    .example = "transform_param {\n"
               "  crop_size: 227\n"
               "  mirror: true\n"
               "  mean_value: 104\n"
               "  mean_value: 117\n"
               "  mean_value: 123\n"
               "}\n"
               "window_data_param {\n"
               "  source: \"windows.txt\"\n"
               "  batch_size: 128\n"
               "  context_pad: 16\n"
               "}",
};

const struct crema_layer_type crema_layer_WindowData = {
    .name = "WindowData",
    .max_bottoms = 0,
    .min_tops = 2,
    .max_tops = 2,
    .state_size = sizeof(struct crema_feeder),
    .setup = setup,
    .record = crema_feeder_record,
    .free = crema_feeder_free,
    .next = crema_feeder_next,
    .item = crema_feeder_item,
    .position = crema_feeder_position,
    .seek = crema_feeder_seek,
    .waited = crema_feeder_waited,
    .left_out = crema_feeder_left_out,
    .doc = &doc,
};
