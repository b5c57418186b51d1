/* mistakes.h - the records that a net is surest of, and wrong about. */
#ifndef CREMA_TOOLS_MISTAKES_H
#define CREMA_TOOLS_MISTAKES_H

#include "matrix.h"

struct mistake {
    uint64_t record;
    int truth, guess;
    float score;     /* of the guess */
    uint8_t *pixels; /* [height][width][channels] */
};

/* At most `most`, the surest first. */
struct mistakes {
    struct crema_ctx *ctx;
    int most, n;
    int channels, height, width;
    struct mistake *item;
};

/* Of pictures of channels (1 or 3) x height x width. */
enum crema_status mistakes_open(struct crema_ctx *, int most, int channels,
                                int height, int width,
                                struct mistakes *) CREMA_MUST_USE;
void mistakes_free(struct mistakes *);
/* Is it among the surest so far?  Then its values[channels][height][width]
 * become a picture, their least black and their largest white. */
enum crema_status mistakes_offer(struct mistakes *, const struct mistake *,
                                 const float *values) CREMA_MUST_USE;
/* A sheet of them with true and guessed names. */
enum crema_status mistakes_draw(const struct mistakes *, const struct matrix *,
                                const char *path) CREMA_MUST_USE;

#endif
