/* imageset_run.h - a whole conversion of pictures; private to convert_imageset.
 */
#ifndef CREMA_TOOLS_IMAGESET_RUN_H
#define CREMA_TOOLS_IMAGESET_RUN_H

#include "console.h"
#include "imageset.h"

/* Makes the database, or the two, that the settings tell of, or goes on with
 * what was interrupted.  Says what it does; the exit status. */
int imageset_run(struct crema_ctx *, struct console *, const struct imageset *);

#endif
