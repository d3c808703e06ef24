#include "copy.h"

#include <array>
#include <iostream>
#include <vector>

// Eight problems in one call.
int main()
{
    constexpr std::uint32_t size = 12;
    constexpr std::size_t count = 8;
    const std::array<std::uint32_t, size> problem{6, 2, 10, 6, 8, 9};
    std::vector<std::uint32_t> memories;
    for (std::size_t i = 0; i < count; i++)
        memories.insert(memories.end(), problem.begin(), problem.end());

    std::vector<std::uint64_t> steps(count);
    std::vector<std::int32_t> statuses(count);
    copy_run_batch(
        memories.data(), size, count, copy_step_budget(size), steps.data(), statuses.data());
    for (std::size_t i = 0; i < count; i++) {
        if (statuses[i] != COPY_HALTED) {
            std::cerr << "problem " << i << ": status " << statuses[i] << '\n';
            return 1;
        }
    }
    for (std::size_t cell = 0; cell < size; cell++)
        std::cout << memories[(count - 1) * size + cell] << (cell < size - 1 ? ' ' : '\n');
}
