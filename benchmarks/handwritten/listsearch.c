/* ListSearch: head, v, out, nodes (next, value) becomes: cell 2 = first node that holds v. */
#include <stdint.h>

void listsearch(uint32_t *memory, uint32_t size)
{
    (void)size;
    uint32_t node = memory[0], v = memory[1];
    while (memory[node + 1] != v)
        node = memory[node];
    memory[2] = node;
}
