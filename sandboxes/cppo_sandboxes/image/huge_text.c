/* Puts the interpreter's code on huge pages, for a process that is going to be forked once for each test.
 *
 * A fork leaves out what maps a file, so each child faults the interpreter's 5 MB in again, 64 KiB at a time, and unmaps
 * them page by page when it ends. Of an anonymous huge page it copies one entry. Preloaded (LD_PRELOAD), this replaces
 * the part of the code that fills whole huge pages by such a copy; where that is not possible, nothing is changed.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

enum { HUGE = 2 << 20 };

struct range { uintptr_t inside, start, end; };

/* The read-only segments around `inside`, which lie next to each other. */
static int find(struct dl_phdr_info *object, size_t size, void *data) {
    struct range *range = data;
    uintptr_t start = 0, end = 0;
    (void)size;
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &object->dlpi_phdr[i];
        if (part->p_type != PT_LOAD || part->p_flags & PF_W) continue;
        uintptr_t from = (object->dlpi_addr + part->p_vaddr) & ~(uintptr_t)4095;
        if (from != end) start = from;
        end = (object->dlpi_addr + part->p_vaddr + part->p_memsz + 4095) & ~(uintptr_t)4095;
        if (start <= range->inside && range->inside < end) range->start = start, range->end = end;
    }
    return range->end != 0;
}

static int kernel_has_huge_pages(void) {
    char text[64] = "";
    FILE *file = fopen("/sys/kernel/mm/transparent_hugepage/enabled", "r");
    if (!file) return 0;
    size_t length = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    return length && !strstr(text, "[never]");
}

__attribute__((constructor)) static void move(void) {
    struct range range = {(uintptr_t)dlsym(RTLD_DEFAULT, "PyObject_Call"), 0, 0};
    if (!range.inside || !dl_iterate_phdr(find, &range) || !kernel_has_huge_pages()) return;
    uintptr_t start = (range.start + HUGE - 1) / HUGE * HUGE, end = range.end / HUGE * HUGE;
    if (start >= end) return;
    size_t length = end - start;
    char *room = mmap(NULL, length + HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (room == MAP_FAILED) return;
    char *copy = (char *)(((uintptr_t)room + HUGE - 1) / HUGE * HUGE);
    if (madvise(copy, length, MADV_HUGEPAGE) == 0) {
        memcpy(copy, (void *)start, length);
        if (mprotect(copy, length, PROT_READ | PROT_EXEC) == 0 &&
            mremap(copy, length, length, MREMAP_MAYMOVE | MREMAP_FIXED, start) != MAP_FAILED) {
            munmap(room, copy - room);
            munmap(copy + length, room + HUGE - copy);
            return;
        }
    }
    munmap(room, length + HUGE);
}
