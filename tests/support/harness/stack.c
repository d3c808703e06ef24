/*
 * The harness of harness.c for stack machines. A request is {capacity, steps} and the symbols; the
 * answer is the status, how many steps were made, and the outputs.
 */
#include "system.h"
#include "stack.h"

struct request {
    uint32_t capacity;
    uint32_t steps;
};

enum { MAX_STATE = 1 << 16, MAX_STEPS = 1 << 10 };

static uint64_t state[MAX_STATE];
static uint32_t symbols[MAX_STEPS];
static uint32_t outputs[MAX_STEPS];

ENTRY void _start(void)
{
    struct request request;
    while (transfer(READ, &request, sizeof request)) {
        uint64_t done = 0;
        int32_t status;
        if (hardmax_stack_state_size(request.capacity) > sizeof state || request.steps > MAX_STEPS)
            system_call(EXIT, 2, 0, 0);
        transfer(READ, symbols, request.steps * sizeof *symbols);
        status = hardmax_stack_run(symbols, request.steps, request.capacity, state, outputs, &done);
        transfer(WRITE, &status, sizeof status);
        transfer(WRITE, &done, sizeof done);
        transfer(WRITE, outputs, request.steps * sizeof *outputs);
    }
    system_call(EXIT, 0, 0, 0);
    __builtin_unreachable();
}
