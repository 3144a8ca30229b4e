/*
 * The report of a finished program (contract 1, L6 and L7), in two forms: lines and a table for
 * people, "name value" pairs for programs. It is in the libc so that init, tests and whoever else
 * runs programs say the same things in the same words.
 *
 * The table shows only what happened: an account with no fault and no page has no row, a cause that
 * never came has no column.
 */
#include <faultline.h>

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "lib/compiler.h"

#define LINE_MAX_LEN 256
#define LABEL_WIDTH  30 /* "segment 08049000-0804906e r-x" */
#define NUMBER_WIDTH 6  /* narrowest column               */

#define PROT_BIT_READ  1u
#define PROT_BIT_WRITE 2u
#define PROT_BIT_EXEC  4u

struct printer {
    void (*put)(void *context, const char *line);
    void *context;
    const struct fl_report *report;
    const struct fl_account *accounts;
    unsigned int n_accounts;
};

printf_like(2, 3) static void put_line(const struct printer *p, const char *format, ...)
{
    char line[LINE_MAX_LEN];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    p->put(p->context, line);
}

static struct printer printer_make(const struct fl_report *report,
                                   const struct fl_account *accounts,
                                   void (*put)(void *context, const char *line), void *context)
{
    bool is_cut = report->n_accounts > report->max_accounts;
    return (struct printer){put, context, report, accounts,
                            is_cut ? report->max_accounts : report->n_accounts};
}

/* ---- Contract L7 ------------------------------------------------------------------------------- */

/* Bytes as KB with four decimals, half up, in integers: 1 KB is 10000 ten-thousandths. */
static void put_fragmentation(const struct printer *p)
{
    uint64_t scaled = ((uint64_t)p->report->bytes_lost * 10000u + 512u) / 1024u;
    put_line(p, "Total fragmentation (in KB): %u.%04uKB", (unsigned int)(scaled / 10000u),
             (unsigned int)(scaled % 10000u));
}

static void put_contract_lines(const struct printer *p)
{
    if (p->report->exit_kind == FL_EXITED) {
        put_line(p, "User _start return value = %d", p->report->value);
    }
    put_line(p, "Total page faults: %u", p->report->page_faults);
    put_line(p, "Pages Allocated: %u", p->report->pages_allocated);
    put_fragmentation(p);
}

/* ---- The table --------------------------------------------------------------------------------- */

static const char *const kind_words[] = {
    [FL_ACCOUNT_STACK] = "stack", [FL_ACCOUNT_HEAP] = "heap",    [FL_ACCOUNT_MMAP] = "mmap",
    [FL_ACCOUNT_AREA] = "area",   [FL_ACCOUNT_TAM] = "tamalloc", [FL_ACCOUNT_SEGMENT] = "segment",
};

static const char *kind_word(unsigned int kind)
{
    return kind < sizeof(kind_words) / sizeof(kind_words[0]) ? kind_words[kind] : "?";
}

static void rights_text(unsigned int prot, char text[4])
{
    text[0] = (prot & PROT_BIT_READ) != 0 ? 'r' : '-';
    text[1] = (prot & PROT_BIT_WRITE) != 0 ? 'w' : '-';
    text[2] = (prot & PROT_BIT_EXEC) != 0 ? 'x' : '-';
    text[3] = '\0';
}

static bool account_is_used(const struct fl_account *a)
{
    bool is_used = a->pages != 0;
    for (unsigned int cause = 0; cause < VM_CAUSE_COUNT; cause++) {
        is_used = is_used || a->faults[cause] != 0;
    }
    return is_used;
}

static int column_width(const char *title)
{
    int len = (int)strlen(title);
    return len > NUMBER_WIDTH ? len : NUMBER_WIDTH;
}

/* A table line is put together piece by piece. */
struct row {
    char text[LINE_MAX_LEN];
    size_t len;
};

printf_like(2, 3) static void row_add(struct row *row, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(row->text + row->len, sizeof(row->text) - row->len, format, args);
    va_end(args);
    if (n > 0 && (size_t)n < sizeof(row->text) - row->len) {
        row->len += (size_t)n;
    }
}

/* A number under its title, a dot for nothing. */
static void row_add_number(struct row *row, const char *title, unsigned int number)
{
    if (number == 0) {
        row_add(row, "  %*s", column_width(title), ".");
    } else {
        row_add(row, "  %*u", column_width(title), number);
    }
}

static void put_title_row(const struct printer *p, const unsigned int *totals)
{
    struct row row = {.len = 0};
    row_add(&row, "%-*s", LABEL_WIDTH, "faults by cause");
    for (unsigned int cause = 0; cause < VM_CAUSE_COUNT; cause++) {
        if (totals[cause] != 0) {
            const char *word = vm_cause_name(cause);
            row_add(&row, "  %*s", column_width(word), word);
        }
    }
    row_add(&row, "  %*s  %s", column_width("pages"), "pages", "bytes lost");
    p->put(p->context, row.text);
}

static void put_number_row(const struct printer *p, const char *label, const struct fl_account *a,
                           const unsigned int *totals)
{
    struct row row = {.len = 0};
    row_add(&row, "%-*s", LABEL_WIDTH, label);
    for (unsigned int cause = 0; cause < VM_CAUSE_COUNT; cause++) {
        if (totals[cause] != 0) {
            row_add_number(&row, vm_cause_name(cause), a->faults[cause]);
        }
    }
    row_add_number(&row, "pages", a->pages);
    row_add_number(&row, "bytes lost", a->bytes_lost);
    p->put(p->context, row.text);
}

static void put_account_row(const struct printer *p, const struct fl_account *a,
                            const unsigned int *totals)
{
    char label[LABEL_WIDTH + 1], rights[4];
    if (a->kind == FL_ACCOUNT_SEGMENT) {
        rights_text(a->prot, rights);
        (void)snprintf(label, sizeof(label), "segment %08x-%08x %s", a->start, a->end, rights);
    } else {
        (void)snprintf(label, sizeof(label), "%s", kind_word(a->kind));
    }
    put_number_row(p, label, a, totals);
}

/* Segments first, in their order, then the rest: the image is what the contract's lines are about. */
static void put_account_rows(const struct printer *p, const unsigned int *totals, bool is_segment)
{
    for (unsigned int i = 0; i < p->n_accounts; i++) {
        const struct fl_account *a = &p->accounts[i];
        if ((a->kind == FL_ACCOUNT_SEGMENT) == is_segment && account_is_used(a)) {
            put_account_row(p, a, totals);
        }
    }
}

static void put_table(const struct printer *p)
{
    struct fl_account total = {.pages = 0};
    for (unsigned int i = 0; i < p->n_accounts; i++) {
        total.pages += p->accounts[i].pages;
        total.bytes_lost += p->accounts[i].bytes_lost;
    }
    memcpy(total.faults, p->report->faults, sizeof(total.faults));

    put_title_row(p, total.faults);
    put_account_rows(p, total.faults, true);
    put_account_rows(p, total.faults, false);
    put_number_row(p, "total", &total, total.faults);
}

static void put_summary(const struct printer *p)
{
    const struct fl_report *r = p->report;
    put_line(p,
             "peak RSS %u KB of VmSize %u KB, %u system calls, free frames %u before and %u after",
             r->rss_peak_kb, r->vmsize_peak_kb, r->syscalls, r->freemem_before, r->freemem_after);
}

void fl_report_print(const struct fl_report *report, const struct fl_account *accounts,
                     void (*put)(void *context, const char *line), void *context)
{
    struct printer p = printer_make(report, accounts, put, context);
    put_contract_lines(&p);
    put_table(&p);
    put_summary(&p);
}

/* ---- Name and value ---------------------------------------------------------------------------- */

static void list_faults(const struct printer *p, const char *prefix, const unsigned int *faults,
                        bool with_zeros)
{
    for (unsigned int cause = 0; cause < VM_CAUSE_COUNT; cause++) {
        if (with_zeros || faults[cause] != 0) {
            put_line(p, "%sfault.%s %u", prefix, vm_cause_name(cause), faults[cause]);
        }
    }
}

/* A cause that is not listed under an account did not happen. */
static void list_account(const struct printer *p, unsigned int i)
{
    const struct fl_account *a = &p->accounts[i];
    char prefix[32], rights[4];
    (void)snprintf(prefix, sizeof(prefix), "account.%u.", i);
    rights_text(a->prot, rights);
    put_line(p, "%skind %s", prefix, kind_word(a->kind));
    put_line(p, "%sstart 0x%08x", prefix, a->start);
    put_line(p, "%send 0x%08x", prefix, a->end);
    put_line(p, "%sprot %s", prefix, rights);
    put_line(p, "%spages %u", prefix, a->pages);
    put_line(p, "%sbytes_lost %u", prefix, a->bytes_lost);
    list_faults(p, prefix, a->faults, false);
}

void fl_report_list(const struct fl_report *report, const struct fl_account *accounts,
                    void (*put)(void *context, const char *line), void *context)
{
    struct printer p = printer_make(report, accounts, put, context);
    const struct fl_report *r = report;
    put_line(&p, "name %s", r->name);
    put_line(&p, "pid %d", r->pid);
    put_line(&p, "exit_kind %s", r->exit_kind == FL_EXITED ? "exited" : "killed");
    put_line(&p, "value %d", r->value);
    put_line(&p, "is_return %u", r->is_return);
    put_line(&p, "policy %s", r->policy == FL_POLICY_SEGMENT ? "segment" : "page");
    put_line(&p, "page_faults %u", r->page_faults);
    put_line(&p, "pages_allocated %u", r->pages_allocated);
    put_line(&p, "bytes_lost %u", r->bytes_lost);
    list_faults(&p, "", r->faults, true);
    put_line(&p, "rss_peak_kb %u", r->rss_peak_kb);
    put_line(&p, "rss_kb %u", r->rss_kb);
    put_line(&p, "vmsize_peak_kb %u", r->vmsize_peak_kb);
    put_line(&p, "vmsize_kb %u", r->vmsize_kb);
    put_line(&p, "freemem_before %u", r->freemem_before);
    put_line(&p, "freemem_after %u", r->freemem_after);
    put_line(&p, "syscalls %u", r->syscalls);
    put_line(&p, "n_accounts %u", p.n_accounts);
    for (unsigned int i = 0; i < p.n_accounts; i++) {
        list_account(&p, i);
    }
}
