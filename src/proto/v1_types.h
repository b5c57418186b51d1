/* v1_types.h - layer types by their old and new names.  Floor 1.
 *
 * `layers { type: CONVOLUTION }` became `layer { type: "Convolution" }`.
 */
#ifndef CREMA_PROTO_V1_TYPES_H
#define CREMA_PROTO_V1_TYPES_H

#include "crema.pb-c.h"

/* From the old name, without '\0', to the new one; NULL if there is none. */
const char *crema_v1_type(const char *old, size_t length);
/* From the new name to the old one. */
const char *crema_v1_name(const char *type, size_t length);
/* From the old number to the new name. */
const char *crema_v1_type_of(int number);

#endif
