/* Merge: a, b, o, A, G, B, G, where G = M-1 ends an array, becomes: cells o.. = merge of A and B. */
#include <stdint.h>

void merge(uint32_t *memory, uint32_t size)
{
    uint32_t a = memory[0], b = memory[1], out = memory[2], guard = size - 1;
    while (memory[a] != guard || memory[b] != guard) {
        if (memory[a] <= memory[b])
            memory[out++] = memory[a++];
        else
            memory[out++] = memory[b++];
    }
}
