/* Runs a program once: once CELLS SIZE MAX_STEPS, where the file CELLS holds uint32_t. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

int32_t hardmax_run(uint32_t *memory, uint32_t size, uint64_t max_steps, uint64_t *steps);

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    uint32_t size = (uint32_t)strtoul(argv[2], NULL, 10);
    uint32_t *memory = malloc(size * sizeof *memory);
    FILE *file = fopen(argv[1], "rb");
    if (memory == NULL || file == NULL || fread(memory, sizeof *memory, size, file) != size)
        return 1;
    uint64_t steps;
    int32_t status = hardmax_run(memory, size, strtoull(argv[3], NULL, 10), &steps);
    printf("%" PRIu64 " %" PRId32 "\n", steps, status);
    return 0;
}
