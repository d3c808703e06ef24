/*
 * The harness of harness.c for Neural Turing Machines. A request is {rows, steps} and the inputs;
 * the answer is the status, the outputs and the addresses.
 */
#include "system.h"
#include "ntm.h"

struct request {
    uint32_t rows;
    uint32_t steps;
};

enum { MAX_STATE = 1 << 20, MAX_STEPS = 1 << 10 };

static uint32_t state[MAX_STATE];
static float inputs[MAX_STEPS * HARDMAX_INPUT_WIDTH];
static float outputs[MAX_STEPS * HARDMAX_OUTPUT_WIDTH];
static uint32_t addresses[MAX_STEPS * HARDMAX_HEADS];

ENTRY void _start(void)
{
    struct request request;
    while (transfer(READ, &request, sizeof request)) {
        size_t steps = request.steps;
        int32_t status;
        if (hardmax_ntm_state_size(request.rows) > sizeof state || steps > MAX_STEPS)
            system_call(EXIT, 2, 0, 0);
        transfer(READ, inputs, steps * HARDMAX_INPUT_WIDTH * sizeof *inputs);
        status = hardmax_ntm_run(inputs, steps, request.rows, state, outputs, addresses);
        transfer(WRITE, &status, sizeof status);
        transfer(WRITE, outputs, steps * HARDMAX_OUTPUT_WIDTH * sizeof *outputs);
        transfer(WRITE, addresses, steps * HARDMAX_HEADS * sizeof *addresses);
    }
    system_call(EXIT, 0, 0, 0);
    __builtin_unreachable();
}
