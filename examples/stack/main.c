#include "reversal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Make a step; where the stack is full, first go on in a state twice as large. */
static uint32_t step(void **state, uint32_t *capacity, uint32_t symbol)
{
    uint32_t output = 0;
    int32_t status = reversal_stack_step(*state, symbol, &output);
    if (status == REVERSAL_OVERFLOW) {
        void *larger = malloc(reversal_stack_state_size(2 * *capacity));
        status = reversal_stack_grow(*state, larger, 2 * *capacity);
        free(*state);
        *state = larger;
        *capacity *= 2;
        if (status == REVERSAL_HALTED)
            status = reversal_stack_step(*state, symbol, &output);
    }
    if (status != REVERSAL_HALTED) {
        fprintf(stderr, "status %" PRId32 "\n", status);
        exit(1);
    }
    return output;
}

int main(void)
{
    const uint32_t symbols[] = {0, 2, 1, 1, 2}, end = REVERSAL_SYMBOLS - 2, blank = end + 1;
    const size_t length = sizeof symbols / sizeof *symbols;
    uint32_t capacity = 2;
    void *state = malloc(reversal_stack_state_size(capacity));
    reversal_stack_start(state, capacity);
    for (size_t i = 0; i < length; i++)
        step(&state, &capacity, symbols[i]);
    step(&state, &capacity, end);
    for (size_t i = 0; i < length; i++)
        printf("%" PRIu32 "%c", step(&state, &capacity, blank), i + 1 < length ? ' ' : '\n');
    free(state);
    return 0;
}
