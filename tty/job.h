/*
 * The foreground job: whom ^C ends, and the group that TIOCSPGRP stores. What a process is, the
 * terminal does not know. Its owner, the code that manages processes, installs hooks.
 *
 * There is no job control: ^C signals what pid 1 waits for, whatever group was stored.
 */
#ifndef TTY_JOB_H
#define TTY_JOB_H

#include <stdbool.h>

#include "lib/compiler.h"

struct job_hooks {
    /* Sends SIGINT, SIGQUIT or SIGTSTP to the foreground job. May be called from interrupt
     * handlers. */
    void (*signal)(int signal);
    /* Returns true if there is a process group of this number. */
    bool (*exists)(int group);
    /* Returns true if the caller runs in pid 1. */
    bool (*is_init)(void);
};

/* Installs the hooks, which must live forever. Call before input is enabled. */
void job_set_hooks(const struct job_hooks *new_hooks);

/* Sends a signal to the foreground job: ^C, ^\ or ^Z arrived. May be called from interrupt
 * handlers. */
void job_signal(int signal);
/* Returns true if the caller runs in pid 1, which alone may report (bad-input R14). */
bool job_is_init(void);

/* Returns the stored foreground group, 1 at first. */
int job_group(void);
/* Stores a group. Returns 0; fails with -EINVAL if it is negative, with -ESRCH if it does not
 * exist. */
must_check int job_set_group(int wanted);

#endif
