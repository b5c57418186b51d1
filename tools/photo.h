/* photo.h - a picture on its way into a net.
 *
 * It goes the way of the test data: resized (to the mean's size, where there is
 * a mean), mean subtracted, its centre cut out; with `oversample` its corners
 * as well, and all of them mirrored.
 */
#ifndef CREMA_TOOLS_PHOTO_H
#define CREMA_TOOLS_PHOTO_H

#include "data/image.h"
#include "job.h"

enum { PHOTO_CROPS = 10, PHOTO_VALUES = 4 };

struct photo {
    struct job *job;
    const char *model; /* the net's path, for messages */
    const char *mean_file, *mean_value;
    double scale;
    bool oversample;
    /* of photo_prepare */
    const char *input; /* the net's */
    int channels, height, width;
    /* what is subtracted: a picture, or numbers by channel */
    float *mean;
    int mean_shape[3];
    float value[PHOTO_VALUES];
};

#define PHOTO_FLAGS(p)                                                         \
    { "mean", FLAG_TEXT, &(p)->mean_file, "FILE",                              \
      "the mean picture, a .binaryproto" },                                    \
        { "mean_value", FLAG_TEXT, &(p)->mean_value, "B,G,R",                  \
          "what is subtracted instead, or one number" },                       \
    {                                                                          \
        "scale", FLAG_REAL, &(p)->scale, "X", "what pixels are multiplied by"  \
    }
/* -1, or the exit status after saying what is wrong. */
int photo_flags_wrong(const struct flags *, const struct photo *);

/* Finds the net's one input and reads the mean; after job_net. */
enum crema_status photo_prepare(struct photo *) CREMA_MUST_USE;
/* Writes the picture of a file to the net's input: N is 1, or PHOTO_CROPS. */
enum crema_status photo_feed(struct photo *, const char *path) CREMA_MUST_USE;
void photo_free(struct photo *);

/* The lines of a file of labels, one for each class. */
struct labels {
    char *text, **line;
    int n;
};
/* path NULL: none. */
enum crema_status labels_read(struct crema_ctx *, const char *path,
                              struct labels *out) CREMA_MUST_USE;
void labels_free(struct labels *);

#endif
