/* Commit accounting (commit.h): one sum, kept where areas change size. */
#include "mm/commit.h"

#include <asm/errno.h>

#include "mm/phys/frame.h"

enum commit_mode commit_mode;
uint32_t commit_ratio = COMMIT_RATIO_DEFAULT;
uint32_t commit_promised;

int commit_configure(uint32_t mode, uint32_t ratio)
{
    if (mode > COMMIT_STRICT || ratio > 100) {
        return -EINVAL;
    }
    commit_mode = (enum commit_mode)mode;
    commit_ratio = ratio;
    return 0;
}

/* No 64-bit product: 2^24 frames (64 GiB) times 100 fits. */
uint32_t commit_limit(void)
{
    return frame_total_count() * commit_ratio / 100;
}

int commit_check_strict(uint32_t pages)
{
    uint32_t limit = commit_limit();

    return commit_promised <= limit && pages <= limit - commit_promised ? 0 : -ENOMEM;
}
