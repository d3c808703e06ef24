/*
 * Times native code from C, so that no Python is in the measurement. The input is copied into the
 * memory before the clock starts; after each of `calls` calls the cells `undo` get their input back,
 * so that every call has the same work.
 */
#define _POSIX_C_SOURCE 199309L

#include <stdint.h>
#include <string.h>
#include <time.h>

typedef void written_program(uint32_t *memory, uint32_t size);
typedef int32_t compiled_program(
    uint32_t *memory, uint32_t size, uint64_t max_steps, uint64_t *steps);

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void restore(
    uint32_t *memory, const uint32_t *input, const uint32_t *undo, uint32_t undo_count)
{
    for (uint32_t i = 0; i < undo_count; i++)
        memory[undo[i]] = input[undo[i]];
}

double time_written(written_program *program, uint32_t *memory, const uint32_t *input,
    uint32_t size, const uint32_t *undo, uint32_t undo_count, uint64_t calls)
{
    memcpy(memory, input, size * sizeof *memory);
    double start = seconds();
    for (uint64_t i = 0; i < calls; i++) {
        program(memory, size);
        restore(memory, input, undo, undo_count);
    }
    return (seconds() - start) / (double)calls;
}

double time_compiled(compiled_program *program, uint32_t *memory, const uint32_t *input,
    uint32_t size, const uint32_t *undo, uint32_t undo_count, uint64_t calls, uint64_t max_steps)
{
    memcpy(memory, input, size * sizeof *memory);
    double start = seconds();
    for (uint64_t i = 0; i < calls; i++) {
        program(memory, size, max_steps, NULL);
        restore(memory, input, undo, undo_count);
    }
    return (seconds() - start) / (double)calls;
}
