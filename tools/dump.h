/* dump.h - every blob and diff of a net, written down as it comes into being.
 */
#ifndef CREMA_TOOLS_DUMP_H
#define CREMA_TOOLS_DUMP_H

#include "job.h"

/* One file to be written: a tensor's values, or zeros where it has none. */
struct dump_item {
    const char *name; /* "data_conv1", as a file name */
    const struct crema_tensor *tensor;
    struct crema_shape shape;
    bool watched, written;
};

struct dump {
    struct job *job;
    const char *folder; /* where files go now */
    bool backward;      /* diffs too */
    bool optimized;     /* watch without disturbing */
    struct dump_item *items;
    int nitems, capacity;
    struct crema_arena arena; /* of names */
};

/* From now on the job's net reports to the dump. */
enum crema_status dump_attach(struct dump *) CREMA_MUST_USE;
void dump_free(struct dump *);
/* Before and after each run whose blobs are wanted: what no op wrote is
 * written now, what is gone goes into absent.txt. */
void dump_begin(struct dump *, const char *folder);
enum crema_status dump_end(struct dump *) CREMA_MUST_USE;
/* param_<layer>_<i> of every layer. */
enum crema_status dump_params(struct dump *) CREMA_MUST_USE;

#endif
