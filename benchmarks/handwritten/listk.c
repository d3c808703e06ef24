/* ListK: head, k, out, nodes (next, value) becomes: cell 2 = value k hops after head. */
#include <stdint.h>

void listk(uint32_t *memory, uint32_t size)
{
    (void)size;
    uint32_t node = memory[0];
    for (uint32_t k = memory[1]; k > 0; k--)
        node = memory[node];
    memory[2] = memory[node + 1];
}
