/* The commit charge (commit_charge.h): one sum, updated where the sizes of areas change. */
#include "mm/commit_charge.h"

#include <asm/errno.h>

#include "mm/phys/frame.h"

enum commit_mode commit_mode;
uint32_t commit_ratio = COMMIT_RATIO_DEFAULT;
uint32_t commit_charged;

int commit_configure(uint32_t mode, uint32_t ratio)
{
    if (mode > COMMIT_STRICT || ratio > 100) {
        return -EINVAL;
    }
    commit_mode = (enum commit_mode)mode;
    commit_ratio = ratio;
    return 0;
}

/* 32 bits are enough: 2^24 frames (64 GiB) times 100. */
uint32_t commit_limit(void)
{
    return frame_total_count() * commit_ratio / 100;
}

int commit_check_strict(uint32_t pages)
{
    uint32_t limit = commit_limit();

    return commit_charged <= limit && pages <= limit - commit_charged ? 0 : -ENOMEM;
}
