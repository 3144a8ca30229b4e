/*
 * memstat [PID]: prints how much address space every process has reserved and how much of it is
 * resident (contract 5, T6), and the sums as parts of the machine's memory.
 *
 * The percentages of sums are rounded to nearest; that of a process is rounded down.
 */
#include <errno.h>
#include <faultline.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <tamalloc.h>

#define PAGES_PER_MB 256u

static const char border[] =
    "+-------+----------------+----------------+-----------+-------------+";

static void print_table(const struct mem_usage_stats *stats, long count)
{
    puts(border);
    puts("|  PID  | Reserved (KB)  | Committed (KB) | OOM Score | Committed % |");
    puts(border);
    for (long i = 0; i < count; i++) {
        printf("| %5d | %14lu | %14lu | %9d | %11d |\n", stats[i].pid, stats[i].vmsize,
               stats[i].vmrss, stats[i].oom_score, stats[i].committed_percent);
    }
    puts(border);
}

static unsigned long percent_of(unsigned long mb, unsigned long total_mb)
{
    return total_mb == 0 ? 0 : (mb * 100 + total_mb / 2) / total_mb;
}

static int print_totals(void)
{
    struct global_mem_stats sums;
    struct fl_kernel_info info;
    if (get_global_memory_usage_stats(&sums) != 0 || kernel_info(&info) != 0) {
        fprintf(stderr, "memstat: no sums\n");
        return 1;
    }
    unsigned long total = (info.frames_total + PAGES_PER_MB / 2) / PAGES_PER_MB;
    printf("Total reserved:  %3lu MB (%3lu%% of memory)\n", sums.total_reserved_mb,
           percent_of(sums.total_reserved_mb, total));
    printf("Total committed: %3lu MB (%3lu%% of memory)\n", sums.total_committed_mb,
           percent_of(sums.total_committed_mb, total));
    return 0;
}

/* Lists all processes in a buffer that grows until it holds them with room to spare. */
static struct mem_usage_stats *all_processes(long *count)
{
    for (size_t max = 64;; max *= 2) {
        size_t size = max * sizeof(struct mem_usage_stats);
        struct mem_usage_stats *stats =
            mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (stats == MAP_FAILED) {
            return NULL;
        }
        *count = get_memory_usage_stats(0, stats, max);
        if (*count < (long)max) {
            return stats;
        }
        munmap(stats, size);
    }
}

static int print_all(void)
{
    long count;
    const struct mem_usage_stats *stats = all_processes(&count);
    if (stats == NULL || count < 0) {
        fprintf(stderr, "memstat: no memory for the list\n");
        return 1;
    }
    print_table(stats, count);
    return print_totals();
}

static int usage(void)
{
    fprintf(stderr, "usage: memstat [PID]\n");
    return 2;
}

static int print_one(const char *text)
{
    struct mem_usage_stats stats;
    char *end;
    long pid = strtol(text, &end, 10);
    if (*text == '\0' || *end != '\0' || pid <= 0) {
        return usage();
    }
    long count = get_memory_usage_stats((int)pid, &stats, 1);
    if (count < 0) {
        fprintf(stderr, "memstat: %s: %s\n", text, strerror((int)-count));
        return 1;
    }
    print_table(&stats, count);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 2) {
        return usage();
    }
    return argc > 1 ? print_one(argv[1]) : print_all();
}
