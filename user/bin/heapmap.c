/*
 * Draws an allocator's memory as lines of 64 characters. Each character stands for as many bytes as
 * are needed to fit everything on a screen.
 *
 *     heapmap [mems|simple|elastic|malloc] [SIZE | -N]...
 *
 * SIZE allocates that many bytes, -N frees the N-th block allocated. Without arguments it plays a
 * small scene. Neighbouring blocks alternate between two characters, so that their border shows.
 */
#include <alloc.h>
#include <ealloc.h>
#include <heapwalk.h>
#include <limits.h>
#include <mems.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS    64
#define LINES_MAX  40
#define BLOCKS_MAX 1024

/* ---- The allocators --------------------------------------------------------------------------- */

struct allocator {
    const char *name;
    void (*start)(void);
    void *(*take)(size_t size);
    void (*give)(void *block);
    void (*walk)(void (*visit)(const struct heap_piece *piece, void *context), void *context);
    const char *const *scene; /* ended by NULL */
    size_t finest;            /* fewest bytes that a character stands for */
};

static void start_simple(void)
{
    (void)init_alloc();
}

static void *take_simple(size_t size)
{
    return alloc_mem((int)size);
}

static void give_simple(void *block)
{
    dealloc_mem(block);
}

static void start_elastic(void)
{
    (void)einit_alloc();
}

static void *take_elastic(size_t size)
{
    return ealloc_mem((int)size);
}

static void give_elastic(void *block)
{
    edealloc_mem(block);
}

static void start_malloc(void)
{
}

static const char *const mems_scene[] = {"1000", "1000", "1000", "1000", "6000",
                                         "500",  "-2",   "700",  "-5",   NULL};
static const char *const simple_scene[] = {"64", "128", "1024", "512", "-2", "64", "-3", NULL};
static const char *const elastic_scene[] = {"256",  "512", "1024", "4096", "2048",
                                            "2560", "-2",  "256",  "-4",   NULL};

static const char *const malloc_scene[] = {"16",  "48",  "48", "48", "64",   "200", "900",
                                           "900", "300", "-3", "-7", "3000", "500", NULL};

static const struct allocator allocators[] = {
    {"mems", mems_init, mems_malloc, mems_free, mems_walk, mems_scene, 64},
    {"simple", start_simple, take_simple, give_simple, alloc_walk, simple_scene, 64},
    {"elastic", start_elastic, take_elastic, give_elastic, ealloc_walk, elastic_scene, 64},
    {"malloc", start_malloc, malloc, free, malloc_walk, malloc_scene, 16},
};

static const struct allocator *find_allocator(const char *name)
{
    for (size_t i = 0; i < sizeof(allocators) / sizeof(allocators[0]); i++) {
        if (strcmp(allocators[i].name, name) == 0) {
            return &allocators[i];
        }
    }
    return NULL;
}

/* ---- The map ---------------------------------------------------------------------------------- */

struct map {
    size_t per_cell;        /* bytes that a character stands for */
    size_t region;          /* the one being drawn; each region starts a line */
    size_t filled;          /* bytes of the cell that are drawn already */
    char cell;              /* its character so far, or 0 */
    size_t column;          /* of the cell */
    char last_used;         /* how the last block was drawn */
    size_t n_used, n_holes; /* bytes */
};

static void end_cell(struct map *map)
{
    putchar(map->cell);
    map->cell = 0;
    map->filled = 0;
    map->column++;
}

static void end_line(struct map *map)
{
    if (map->cell != 0) {
        end_cell(map);
    }
    if (map->column > 0) {
        putchar('\n');
    }
    map->column = 0;
}

static void start_line(const struct heap_piece *piece, size_t offset)
{
    printf("%3lu %08lx ", (unsigned long)piece->region,
           (unsigned long)piece->memory + (unsigned long)offset);
}

/* Returns a piece's character: a dot for a hole, # and = in turn for blocks. */
static char piece_mark(struct map *map, const struct heap_piece *piece)
{
    if (!piece->is_used) {
        map->n_holes += piece->size;
        return '.';
    }
    map->n_used += piece->size;
    map->last_used = map->last_used == '#' ? '=' : '#';
    return map->last_used;
}

static void draw_piece(const struct heap_piece *piece, void *context)
{
    struct map *map = context;
    char mark = piece_mark(map, piece);

    if (piece->region != map->region) {
        end_line(map);
        map->region = piece->region;
    }
    for (size_t done = 0; done < piece->size;) {
        size_t room = map->per_cell - map->filled, left = piece->size - done;
        size_t part = left < room ? left : room;

        if (map->column == COLUMNS) {
            end_line(map);
        }
        if (map->column == 0 && map->filled == 0) {
            start_line(piece, done);
        }
        map->cell = map->cell == 0 || map->cell == mark ? mark : '+';
        map->filled += part;
        done += part;
        if (map->filled == map->per_cell) {
            end_cell(map);
        }
    }
}

/* Returns how many lines a scale takes. */
struct measure {
    size_t per_line, region, in_line, n_lines;
};

static void measure_piece(const struct heap_piece *piece, void *context)
{
    struct measure *measure = context;

    if (piece->region != measure->region || measure->n_lines == 0) {
        measure->region = piece->region;
        measure->in_line = 0;
        measure->n_lines++;
    }
    measure->in_line += piece->size;
    while (measure->in_line > measure->per_line) {
        measure->in_line -= measure->per_line;
        measure->n_lines++;
    }
}

/* Returns the finest scale at which everything fits; with many regions each takes a line at any
 * scale. */
static size_t choose_scale(const struct allocator *allocator)
{
    for (size_t per_cell = allocator->finest;; per_cell *= 2) {
        struct measure measure = {.per_line = per_cell * COLUMNS};
        allocator->walk(measure_piece, &measure);
        if (measure.n_lines <= LINES_MAX || measure.n_lines == measure.region + 1) {
            return per_cell;
        }
    }
}

static void draw(const struct allocator *allocator)
{
    struct map map = {.per_cell = choose_scale(allocator), .last_used = '='};

    allocator->walk(draw_piece, &map);
    end_line(&map);
    printf("# = blocks in turns   . hole   + several pieces   a character is %lu bytes\n",
           (unsigned long)map.per_cell);
    printf("used %lu, holes %lu bytes\n", (unsigned long)map.n_used, (unsigned long)map.n_holes);
}

/* ---- What is asked for ------------------------------------------------------------------------ */

static void *blocks[BLOCKS_MAX];
static size_t n_blocks;

/* Handles one SIZE or -N. */
static bool play(const struct allocator *allocator, const char *word)
{
    char *end;
    long number = strtol(word, &end, 10);

    if (*end != '\0' || end == word || number == 0 || number == LONG_MIN) {
        (void)fprintf(stderr, "\nheapmap: %s is neither a size nor -N\n", word);
        return false;
    }
    if (number > 0) {
        if (n_blocks == BLOCKS_MAX) {
            (void)fprintf(stderr, "\nheapmap: %d blocks are the most\n", BLOCKS_MAX);
            return false;
        }
        blocks[n_blocks] = allocator->take((size_t)number);
        printf("%s", blocks[n_blocks++] == NULL ? " (refused)" : "");
        return true;
    }
    if (number < -(long)n_blocks) {
        (void)fprintf(stderr, "\nheapmap: there is no block %ld\n", -number);
        return false;
    }
    allocator->give(blocks[-number - 1]);
    return true;
}

int main(int argc, char **argv)
{
    const struct allocator *allocator = find_allocator(argc > 1 ? argv[1] : "mems");
    if (allocator == NULL) {
        (void)fprintf(stderr, "usage: heapmap [mems|simple|elastic|malloc] [SIZE | -N]...\n");
        return 2;
    }
    allocator->start();
    printf("%s:", allocator->name);
    const char *const *words = argc > 2 ? (const char *const *)argv + 2 : allocator->scene;
    for (const char *const *word = words; *word != NULL; word++) {
        printf(" %s", *word);
        if (!play(allocator, *word)) {
            return 2;
        }
    }
    printf("\n");
    draw(allocator);
    return 0;
}
