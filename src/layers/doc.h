/* doc.h - what a layer says of itself, for `crema describe`.  Floor 3.
 *
 * It stands in the layer's own file.  Types, values of enums and defaults are
 * not repeated here: whoever prints a page takes them from the schema.  Text is
 * plain English in lines of any length; an empty line divides paragraphs, and a
 * line that begins with spaces stays as it is (formulas, tables).
 */
#ifndef CREMA_LAYERS_DOC_H
#define CREMA_LAYERS_DOC_H

struct ProtobufCMessageDescriptor;

/* In the order in which a list of all layers has them. */
enum crema_layer_kind {
    CREMA_LAYER_DATA,       /* where values come from */
    CREMA_LAYER_IMAGE,      /* windows over spatial axes */
    CREMA_LAYER_DENSE,      /* products with weights, tables of weights */
    CREMA_LAYER_SEQUENCE,   /* over time */
    CREMA_LAYER_NORM,       /* normalization */
    CREMA_LAYER_ACTIVATION, /* a function of each element */
    CREMA_LAYER_ARITHMETIC, /* of whole blobs */
    CREMA_LAYER_SHAPE,      /* elements elsewhere, none changed */
    CREMA_LAYER_LOSS,
    CREMA_LAYER_MEASURE,   /* how good a result is; no gradient */
    CREMA_LAYER_DETECTION, /* boxes and regions */
    CREMA_LAYER_KINDS,
};

/* A field of a message, or a bottom or top. */
struct crema_field_doc {
    const char *name;    /* as in prototxt; NULL ends a list */
    const char *meaning; /* what it is or does, its unit, its limits */
};

/* One of a layer's messages.  Each of its fields is in one of the three. */
struct crema_param_doc {
    const char *message;                  /* LayerParameter's: "relu_param" */
    const struct crema_field_doc *fields; /* NULL: none has an effect */
    /* Names divided by a space, or NULL.  Read, and without effect: */
    const char *ignored;
    /* A failure when set to anything but the default: */
    const char *refused;
};

enum { CREMA_DOC_BLOBS = 6, CREMA_DOC_PARAMS = 3 };

struct crema_layer_doc {
    enum crema_layer_kind kind;
    const char *line; /* in a list: at most 60 characters, no full stop */
    const char *text; /* formula and shapes */
    /* Up to max_bottoms and max_tops, in their order.  A meaning that begins
     * with "optional" is left out of the example. */
    struct crema_field_doc bottoms[CREMA_DOC_BLOBS], tops[CREMA_DOC_BLOBS];
    /* The layer's own messages; NULL behind the last. */
    const struct crema_param_doc *params[CREMA_DOC_PARAMS];
    /* Where Caffe does otherwise than one would think, which fork defines the
     * layer, what crema does not do; NULL: nothing of the kind. */
    const char *quirks;
    /* In a prototxt, what follows name, type, bottoms and tops; NULL: nothing.
     */
    const char *example;
};

/* What is not of one layer: the fields that all have, those of solvers. */
struct crema_page_part {
    const struct ProtobufCMessageDescriptor
        *message;                         /* NULL: behind the last */
    const char *title;                    /* how one gets there: "param" */
    const char *text;                     /* may be NULL */
    const struct crema_field_doc *fields; /* NULL: none needs words */
    const char *others; /* what is said of the message's other fields; NULL:
                           they are left out */
};

struct crema_page_doc {
    const char *name, *line, *text;
    const struct crema_page_part *parts;
};

/* What all layers have: param, include, fillers, transform_param. */
extern const struct crema_page_doc crema_layer_page;

#endif
