/*
 * The panic screen's call trace.
 *
 * The release kernel is built without frame pointers, so there is no chain to follow. Instead a
 * scan of the stack looks for words that point into the text directly after a call instruction. It
 * finds every return address, but also leftovers of calls that returned long ago. An entry is
 * certain if its call names the function of an entry already shown. Otherwise it gets a question
 * mark, as in Linux's traces: it may be an old call, a call through a pointer, or a function left
 * by a tail call.
 */
#include "kernel/diag/panic_impl.h"
#include "kernel/diag/symbols.h"
#include "lib/format.h"
#include "lib/string.h"

#define TRACE_MAX 12u

#define OPCODE_CALL_NEAR  0xE8u
#define CALL_NEAR_BYTES   5u
#define OPCODE_GROUP_5    0xFFu /* with /2 in its second byte: an indirect call */
#define MODRM_REG_MASK    0x38u
#define MODRM_REG_CALL    0x10u
#define CALL_INDIRECT_MIN 2u
#define CALL_INDIRECT_MAX 7u

/* Returns the length of an indirect call, from its mod/rm and scale/index/base bytes (SDM vol. 2,
 * 2.1.5). */
static uint32_t call_indirect_length(uint8_t modrm, uint8_t sib)
{
    uint32_t mod = modrm >> 6;
    uint32_t rm = modrm & 7u;
    if (mod == 3) {
        return 2;
    }
    bool has_sib = rm == 4;
    uint32_t base = has_sib ? sib & 7u : rm;
    uint32_t displacement = mod == 1 ? 1 : mod == 2 || base == 5 ? 4 : 0;
    return 2 + has_sib + displacement;
}

/* Returns true if there is a call directly before addr, so that addr can be a return address.
 * *target is the address it calls, or 0 if that was in a register or in memory. */
static bool follows_call(uint32_t addr, uint32_t *target)
{
    if (!panic_is_text(addr - CALL_INDIRECT_MAX) || !panic_is_text(addr)) {
        return false;
    }
    const uint8_t *p = (const uint8_t *)addr;
    if (p[-(int)CALL_NEAR_BYTES] == OPCODE_CALL_NEAR) {
        uint32_t distance;
        memcpy(&distance, p - sizeof(distance), sizeof(distance));
        *target = addr + distance;
        if (panic_is_text(*target)) {
            return true;
        }
    }
    *target = 0;
    for (int len = (int)CALL_INDIRECT_MIN; len <= (int)CALL_INDIRECT_MAX; len++) {
        if (p[-len] == OPCODE_GROUP_5 && (p[1 - len] & MODRM_REG_MASK) == MODRM_REG_CALL &&
            call_indirect_length(p[1 - len], p[2 - len]) == (uint32_t)len) {
            return true;
        }
    }
    return false;
}

/* The trace so far: the row being filled, and the start addresses of the functions of the last
 * certain entry and of the last entry of any kind. */
static struct {
    char row[PANIC_ROW_MAX];
    uint32_t count;
    uint32_t sure_function, last_function;
} trace;

static void trace_flush(void)
{
    if (trace.row[0] != '\0') {
        panic_show("%s", trace.row);
        trace.row[0] = '\0';
    }
}

/* `inside` is the address whose function is named: for a return address the byte before it, because
 * a call can be the last instruction of a function. `target` is what that call calls. */
static void trace_add(uint32_t addr, uint32_t inside, uint32_t target)
{
    const char *name = "";
    uint32_t offset = inside;
    bool is_known = panic_is_text(inside) && symbols_find(inside, &name, &offset);
    bool fits = target != 0 && (target == trace.sure_function || target == trace.last_function);
    bool is_sure = !is_known || trace.count == 0 || fits;
    char entry[PANIC_COLUMN_WIDTH];
    if (is_known) {
        format_buffer(entry, sizeof(entry), "%c%08x %.22s+0x%x", is_sure ? ' ' : '?',
                      (unsigned int)addr, name, (unsigned int)(offset + addr - inside));
    } else {
        format_buffer(entry, sizeof(entry), " %08x", (unsigned int)addr);
    }
    panic_row_add(trace.row, entry);
    trace.last_function = inside - offset;
    trace.sure_function = is_sure ? trace.last_function : trace.sure_function;
    trace.count++;
    if (trace.count % PANIC_COLUMNS == 0) {
        trace_flush();
    }
}

void panic_show_trace(void)
{
    uint32_t start, end;
    panic_stack_bounds(panic_view.esp, &start, &end);
    panic_show("call trace, by scanning the stack (?: may be an old call):%s",
               start == end ? " the stack cannot be read" : "");
    trace.count = 0;
    trace.row[0] = '\0';
    trace.sure_function = 0;
    trace_add(panic_view.eip, panic_view.eip, 0);
    for (uint32_t at = start; at < end && trace.count < TRACE_MAX; at += sizeof(uint32_t)) {
        uint32_t word = *(const uint32_t *)at;
        uint32_t target;
        if (follows_call(word, &target)) {
            trace_add(word, word - 1, target);
        }
    }
    trace_flush();
}
