/* image_data.c - batches of the pictures that a list names; top 1, if there is
 * one: their labels. */
#include "layers/feeder.h"

CREMA_LAYER_PARAM(Crema__ImageDataParameter, CREMA__IMAGE_DATA_PARAMETER__INIT,
                  image_data_param)

static enum crema_status check(const struct crema_layer *l)
{
    const Crema__ImageDataParameter *p = param(l);

    CREMA_TRY(crema_feeder_check(l, &p->source, p->source,
                                 "a list of pictures, a file"));
    if (p->batch_size == 0)
        return crema_layer_fail(l, &p->batch_size,
                                "batch_size must be positive, got 0");
    if (p->new_height > CREMA_IMAGE_MAX_SIDE ||
        p->new_width > CREMA_IMAGE_MAX_SIDE)
        return crema_layer_fail(l, &p->new_height,
                                "new_height %u and new_width %u are too large",
                                p->new_height, p->new_width);
    if ((p->new_height > 0) != (p->new_width > 0))
        return crema_layer_fail(l, &p->new_height,
                                "new_height %u and new_width %u: give both or "
                                "neither",
                                p->new_height, p->new_width);
    CREMA_TRY(crema_feeder_check_transform(l, false));
    CREMA_TRY(crema_feeder_check_labels(l, &p->label_size, p->label_size));
    return CREMA_OK;
}

static enum crema_status setup(struct crema_layer *l)
{
    const Crema__ImageDataParameter *p = param(l);
    const struct crema_images_options how = {
        .list = p->source,
        .root = p->root_folder,
        .height = (int)p->new_height,
        .width = (int)p->new_width,
        .gray = !p->is_color,
        .shuffle = p->shuffle,
        .seed = l->lender->seed,
        .labels = (int)p->label_size,
    };
    const struct crema_feeder_options options = {
        .source = &p->source,
        .batch_size = p->batch_size,
        .rand_skip = p->rand_skip,
        .transform = l->param->transform_param,
    };
    struct crema_records *records;
    enum crema_status status;

    CREMA_TRY(check(l));
    if (!l->lender->opens_data) {
        crema_feeder_assume(l, p->batch_size);
        return CREMA_OK;
    }
    status = crema_records_images(l->ctx, &how, &records);
    if (status != CREMA_OK)
        return crema_feeder_missing(l, &p->source, p->source, status);
    return crema_feeder_open(l, records, &options);
}

static const struct crema_param_doc image_data_param = {
    .message = "image_data_param",
    .fields =
        (const struct crema_field_doc[]){
            { "source",
              "a file; on each line the name of a picture (JPEG, PNG, "
              "BMP or PPM), a blank, and its label" },
            { "root_folder", "put before each name as it is, so it ends with "
                             "a slash" },
            { "batch_size", "pictures in a batch; with 1 their sizes may "
                            "differ" },
            { "new_height", "pictures are resized to that many pixels" },
            { "new_width", "likewise; both are given or neither" },
            { "is_color", "3 channels, in the order B, G, R; else 1" },
            { "shuffle", "another order in each epoch" },
            { "rand_skip", "begins behind up to so many pictures, at random" },
            { "label_size", "labels on each line" },
            { 0 },
        },
    .ignored = "scale mean_file crop_size mirror threads cache precache",
    .refused =
        "max_random_scale max_random_shift face_mirror face_point_num "
        "balance_class balance_by label_cut_start label_cut_end short_side "
        "dataset_share_per_node min_height min_width ignore_label label_type "
        "face_transform max_shear_ratio max_aspect_ratio max_rotate_angle "
        "min_random_scale",
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_DATA,
    .line = "pictures and labels that a list names",
    .text =
        "Pictures are decoded, turned upright as EXIF says and resized; then "
        "transform_param crops, mirrors, subtracts and scales them. A label is "
        "any number; a name may hold blanks.\n\n"
        "Threads decode ahead of time; order, crops and mirroring depend on "
        "the seed alone, not on the number of threads.",
    .tops = { { "data", "batch_size x channels x height x width" },
              { "label",
                "may be left out; batch_size, or batch_size x label_size" } },
    .params = { &image_data_param },
    .quirks = "Caffe takes whole numbers as labels only, and shuffles its list "
              "over and over, so that an epoch's order depends on all before. "
              "label_size is of jolibrain's fork.",
    .example = "image_data_param {\n"
               "  source: \"train.txt\"\n"
               "  root_folder: \"pictures/\"\n"
               "  batch_size: 32\n"
               "  new_height: 256\n"
               "  new_width: 256\n"
               "  shuffle: true\n"
               "}\n"
               "transform_param { crop_size: 227 mirror: true }",
};

const struct crema_layer_type crema_layer_ImageData = {
    .name = "ImageData",
    .max_bottoms = 0,
    .min_tops = 1,
    .max_tops = 2,
    .state_size = sizeof(struct crema_feeder),
    .setup = setup,
    .record = crema_feeder_record,
    .free = crema_feeder_free,
    .next = crema_feeder_next,
    .item = crema_feeder_item,
    .position = crema_feeder_position,
    .seek = crema_feeder_seek,
    .records = crema_feeder_records,
    .waited = crema_feeder_waited,
    .left_out = crema_feeder_left_out,
    .doc = &doc,
};
