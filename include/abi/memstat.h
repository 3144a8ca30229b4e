/* Memory statistics of processes and of the system (contract 5, T4 and T5). */
#ifndef ABI_MEMSTAT_H
#define ABI_MEMSTAT_H

/* One process. Sizes in KB. vmsize: all areas (image, stack, heap, mappings, tamalloc). vmrss:
 * resident user frames, without page tables and without the shared zero page. */
struct mem_usage_stats {
    int pid;
    unsigned long vmsize;
    unsigned long vmrss;
    int oom_score;         /* resident * 1000 / all pages + oom_score_adj, within 0..1000   */
    int committed_percent; /* vmrss * 100 / vmsize, rounded down; 0 if vmsize is 0          */
};

/* Sums over all processes, in MB. Pages are summed first and converted last, rounded down. */
struct global_mem_stats {
    unsigned long total_reserved_mb;  /* sum of vmsize */
    unsigned long total_committed_mb; /* sum of vmrss  */
};

#endif
