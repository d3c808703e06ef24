#include "copy.h"

#include <inttypes.h>
#include <stdio.h>

int main(void)
{
    uint32_t memory[12] = {6, 2, 10, 6, 8, 9};
    uint64_t steps;
    int32_t status = copy_run(memory, 12, copy_step_budget(12), &steps);
    if (status != COPY_HALTED) {
        fprintf(stderr, "status %" PRId32 " after %" PRIu64 " timesteps\n", status, steps);
        return 1;
    }
    for (size_t i = 0; i < 12; i++)
        printf("%" PRIu32 "%c", memory[i], i < 11 ? ' ' : '\n');
    return 0;
}
