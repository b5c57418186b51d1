/* blob_internal.h - what the files of the blob reader share. */
#ifndef CREMA_PROTO_BLOB_INTERNAL_H
#define CREMA_PROTO_BLOB_INTERNAL_H

#include "proto/blob_file.h"

/* Field numbers, as the files have them. */
enum {
    NET_NAME = 1,
    NET_V1_LAYERS = 2,
    NET_LAYER = 100,
    LAYER_NAME = 1,
    LAYER_TYPE = 2,
    LAYER_BLOBS = 7,
    V1_V0_LAYER = 1,
    V1_NAME = 4,
    V1_TYPE = 5,
    V1_BLOBS = 6,
    V0_NAME = 1,
    V0_TYPE = 2,
    V0_BLOBS = 50,
    BLOB_NUM = 1, /* and channels, height, width */
    BLOB_WIDTH = 4,
    BLOB_DATA = 5,
    BLOB_SHAPE = 7,
    BLOB_DOUBLES = 8,
    BLOB_RAW_TYPE = 10,
    BLOB_RAW = 12,
    SHAPE_DIM = 1,
    STATE_ITER = 1,
    STATE_LEARNED_NET = 2,
    STATE_HISTORY = 3,
    STATE_STEP = 4,
    STATE_MINIMUM_LOSS = 5,
    STATE_LAST_EVENT = 6,
    STATE_CARRIED = 17004
};

/* Bytes of a stored number. */
size_t crema_stored__size(enum crema_stored_type);

/* The BlobProto that `w` walks; `what` names it in messages, as `layer
 * "conv1", blob 0`.  *out comes from the file's arena. */
enum crema_status
crema_stored__read(struct crema_blob_file *, struct crema_wire *w,
                   const char *what,
                   struct crema_stored_blob **out) CREMA_MUST_USE;
/* Which field of a layer is what, by the age of the format. */
struct crema_form {
    uint32_t name, type, blobs, inner; /* inner: V0 within V1; 0: none */
};
extern const struct crema_form crema_form_v2, crema_form_v1, crema_form_v0;

/* A walk that stopped: the file is cut or damaged.  `what` says in what, as
 * above; "" when it is in no layer or blob. */
enum crema_status crema_blob__damaged(struct crema_blob_file *,
                                      const struct crema_wire *w,
                                      const char *what) CREMA_MUST_USE;
/* Did the walk stop because the file, or what is around, ends within `f`?
 * *inside walks what is there of it. */
bool crema_blob__ends_in(const struct crema_wire *w,
                         const struct crema_wire_field *f,
                         struct crema_wire *inside);
/* In what a walk over this layer stops: `layer "conv1", blob 0`. */
enum { CREMA_BLOB_WHAT = 160 };
void crema_blob__where(struct crema_blob_file *, struct crema_wire layer,
                       const struct crema_form *, char what[CREMA_BLOB_WHAT]);
/* The state's small fields, packed. */
enum crema_status crema_blob__unpack_state(struct crema_blob_file *,
                                           const void *packed,
                                           size_t size) CREMA_MUST_USE;
/* The state without its histories, packed into *out. */
enum crema_status
crema_blob__pack_state(const Crema__SolverState *,
                       struct crema_bytes *out) CREMA_MUST_USE;
/* Layers and blobs, or state and histories, as file->kind says, of file->h5. */
enum crema_status crema_blob__index_h5(struct crema_blob_file *) CREMA_MUST_USE;
/* Numbers a writer moves at a time. */
enum { CREMA_BLOB_STRIP = 1 << 16 };
int64_t crema_blob__count(const struct crema_blob_out *);

/* What the file evidently is instead, in words; NULL when it is not known. */
const char *crema_blob__looks_like(struct crema_blob_file *);

#endif
