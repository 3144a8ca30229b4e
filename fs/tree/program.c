/* Files that processes run from (program.h). */
#include "fs/tree/program.h"

#include <stddef.h>

int program_begin(struct dentry *program)
{
    return inode_begin_run(program->inode);
}

void program_ref(struct dentry *program)
{
    dentry_ref(program);
    inode_run_again(program->inode);
}

void program_unref(struct dentry *program)
{
    if (program != NULL) {
        inode_end_run(program->inode);
        dentry_unref(program);
    }
}
