/* lmdb_partial.h - the folder of a database that is not finished yet, and what
 * is needed to go on with it; private to this folder.
 *
 * Beside data.mdb it holds a text `journal`: the note, which says what the
 * database is made of and how, and after it a line for each transaction, which
 * is there before the transaction is: its number and the caller's state.  The
 * file is locked as long as somebody works on the folder.
 */
#ifndef CREMA_DATA_LMDB_PARTIAL_H
#define CREMA_DATA_LMDB_PARTIAL_H

#include "data/lmdb.h"

#include <stdint.h>

struct crema_partial {
    struct crema_ctx *ctx;
    const char *folder; /* borrowed */
    int fd;             /* of the journal; -1: none */
};

/* Makes the folder, or finds it; *found: it holds a database that was begun
 * with this note.  One begun with another, or in somebody's hands, is refused;
 * `restart` removes what was begun, if nobody works on it. */
enum crema_status crema_partial_open(struct crema_ctx *, const char *folder,
                                     const char *note, bool restart,
                                     struct crema_partial *out,
                                     bool *found) CREMA_MUST_USE;
/* What the journal says of a transaction. */
enum crema_status
crema_partial_state(const struct crema_partial *, uint64_t transaction,
                    char state[CREMA_LMDB_STATE]) CREMA_MUST_USE;
/* 0 or an errno; on disk when it returns. */
int crema_partial_note(const struct crema_partial *, uint64_t transaction,
                       const char *state);
/* Lets go of it; the journal stays. */
void crema_partial_close(struct crema_partial *);

#endif
