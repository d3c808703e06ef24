/*
 * Runs batches on a machine without an operating system's library: requests on standard input,
 * answers on standard output. A request is {size, count, max_steps} and a tape: the memories with a
 * cell before and after them. The answer is the tape, the steps and the statuses.
 */
#include "system.h"

int32_t hardmax_run_batch(uint32_t *memories, uint32_t size, uint64_t count, uint64_t max_steps,
    uint64_t *steps, int32_t *statuses);

struct request {
    uint32_t size;
    uint32_t count;
    uint64_t max_steps;
};

enum { MAX_CELLS = 1 << 16, MAX_COUNT = 1 << 12 };

static uint32_t tape[MAX_CELLS];
static uint64_t steps[MAX_COUNT];
static int32_t statuses[MAX_COUNT];

ENTRY void _start(void)
{
    struct request request;
    while (transfer(READ, &request, sizeof request)) {
        size_t cells = (size_t)request.size * request.count + 2;
        if (cells > MAX_CELLS || request.count > MAX_COUNT)
            system_call(EXIT, 2, 0, 0);
        transfer(READ, tape, cells * sizeof *tape);
        hardmax_run_batch(
            tape + 1, request.size, request.count, request.max_steps, steps, statuses);
        transfer(WRITE, tape, cells * sizeof *tape);
        transfer(WRITE, steps, request.count * sizeof *steps);
        transfer(WRITE, statuses, request.count * sizeof *statuses);
    }
    system_call(EXIT, 0, 0, 0);
    __builtin_unreachable();
}
