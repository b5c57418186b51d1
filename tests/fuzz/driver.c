/* driver.c - runs a fuzz target without libFuzzer: every seed file, then
 * changes of it that are the same each time.
 *
 *   fuzz_x [--runs N] SEED..
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LARGEST = 1 << 16 };

struct input {
    uint8_t bytes[LARGEST];
    size_t size;
};

static uint32_t draw(uint32_t *state, size_t below)
{
    *state = *state * 1664525u + 1013904223u;
    return below ? (uint32_t)((*state >> 8) % below) : 0;
}

static void set_byte(struct input *in, uint32_t *state)
{
    static const uint8_t special[] = { 0,   1,   0x7F, 0x80, 0xFF, '{',  '}',
                                       '"', '[', ':',  '-',  '.',  '\\', '#' };

    if (!in->size) return;
    in->bytes[draw(state, in->size)] =
        draw(state, 2) ? special[draw(state, sizeof special)]
                       : (uint8_t)draw(state, 256);
}

static void flip_bit(struct input *in, uint32_t *state)
{
    if (in->size)
        in->bytes[draw(state, in->size)] ^= (uint8_t)(1u << draw(state, 8));
}

static void cut(struct input *in, uint32_t *state)
{
    in->size = draw(state, in->size + 1);
}

static void leave_out(struct input *in, uint32_t *state)
{
    size_t at = draw(state, in->size + 1);
    size_t n = draw(state, in->size - at + 1) % 32;

    memmove(in->bytes + at, in->bytes + at + n, in->size - at - n);
    in->size -= n;
}

/* A part once more, somewhere else. */
static void repeat(struct input *in, uint32_t *state)
{
    uint8_t part[64];
    size_t from = draw(state, in->size + 1), to = draw(state, in->size + 1);
    size_t n = draw(state, in->size - from + 1) % sizeof part;

    if (in->size + n > LARGEST) return;
    memcpy(part, in->bytes + from, n);
    memmove(in->bytes + to + n, in->bytes + to, in->size - to);
    memcpy(in->bytes + to, part, n);
    in->size += n;
}

static void change(struct input *in, uint32_t *state)
{
    static void (*const ways[])(struct input *,
                                uint32_t *) = { set_byte, set_byte,  flip_bit,
                                                cut,      leave_out, repeat };

    for (uint32_t n = 1 + draw(state, 4); n > 0; n--)
        ways[draw(state, sizeof ways / sizeof *ways)](in, state);
}

/* On a copy of exactly that size, so that sanitizers see its end. */
static void run(const struct input *in)
{
    uint8_t *exact = malloc(in->size ? in->size : 1);

    if (!exact) exit(EXIT_FAILURE);
    memcpy(exact, in->bytes, in->size);
    LLVMFuzzerTestOneInput(exact, in->size);
    free(exact);
}

int main(int argc, char **argv)
{
    static struct input seed, in;
    uint32_t state = 1;
    int first = 1, runs = 1000;

    if (argc > 2 && strcmp(argv[1], "--runs") == 0) {
        runs = atoi(argv[2]);
        first = 3;
    }
    for (int i = first; i < argc; i++) {
        FILE *f = fopen(argv[i], "rb");

        if (!f) {
            perror(argv[i]);
            return EXIT_FAILURE;
        }
        seed.size = fread(seed.bytes, 1, LARGEST, f);
        fclose(f);
        run(&seed);
        for (int n = 0; n < runs; n++) {
            in = seed;
            change(&in, &state);
            run(&in);
        }
    }
    printf("%d seeds, %d changes of each\n", argc - first, runs);
    return EXIT_SUCCESS;
}
