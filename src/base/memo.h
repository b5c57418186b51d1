/* memo.h - answers that took long to find, kept in a file between runs.
 * Floor 0.
 *
 * Key and value are one line of text each, without '\t'.  A file that cannot be
 * read or is damaged counts as empty; one that cannot be written leaves the
 * answers in memory: each is said once, and nothing fails for it.
 */
#ifndef CREMA_BASE_MEMO_H
#define CREMA_BASE_MEMO_H

#include "base/error.h"

struct crema_memo;

/* Entries at most; those not used for longest go first. */
enum { CREMA_MEMO_ENTRIES = 1024, CREMA_MEMO_LINE = 1024 };

/* path NULL: in memory only.  CREMA_ENOMEM is the only failure. */
enum crema_status crema_memo_open(struct crema_ctx *, const char *path,
                                  struct crema_memo **out) CREMA_MUST_USE;
/* Accepts NULL. */
void crema_memo_close(struct crema_memo *);
/* The value; NULL when there is none.  Valid until the next call. */
const char *crema_memo_find(struct crema_memo *, const char *key);
/* Replaces the key's value and writes the file anew, with what other processes
 * have put there meanwhile.  Key and value together are shorter than
 * CREMA_MEMO_LINE; a longer pair is not kept. */
enum crema_status crema_memo_put(struct crema_memo *, const char *key,
                                 const char *value) CREMA_MUST_USE;

/* "${XDG_CACHE_HOME:-$HOME/.cache}/crema/NAME", whose folder is made; false
 * where there is no such place. */
bool crema_memo_path(const char *name, char *out, size_t size);

#endif
