/* fuzz_datum.c - any bytes as a record. */
#include "proto/datum.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was read can be written, and then says the same. */
static void write_again(const struct crema_datum *datum, const float *floats)
{
    struct crema_bytes bytes = { .ctx = crema_ctx_new(NULL, NULL) };
    struct crema_datum again;

    if (crema_datum_write(&bytes, datum, floats) == CREMA_OK) {
        if (crema_datum_read(bytes.data, bytes.length, &again)) abort();
        if (again.channels != datum->channels ||
            again.nfloats != datum->nfloats || again.size != datum->size ||
            (datum->size && memcmp(again.data, datum->data, datum->size) != 0))
            abort();
    }
    free(bytes.data);
    crema_ctx_free(bytes.ctx);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct crema_datum datum;
    float *floats;

    if (crema_datum_read(data, size, &datum)) return 0;
    floats = malloc((datum.nfloats + 1) * sizeof *floats);
    if (!floats) abort();
    crema_datum_floats(&datum, floats);
    write_again(&datum, floats);
    free(floats);
    return 0;
}
