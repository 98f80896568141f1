/* What a fork for each test costs is the pages that parent and child touch afterwards. This module, if the image has it,
 * keeps them few: it is the loop of `worker/program.py` that forks and waits, and puts the interpreter on huge pages.
 */
#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x03090000
#include <Python.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- frames, as in worker/frames.py ---- */

enum { ENDED = 35, FAULT = 36, QUIT = 2, CHANNEL = 3, LAST_DESCRIPTOR = 255 };

struct __attribute__((packed)) command { uint32_t length; uint8_t kind; uint32_t index; uint8_t action; };
struct __attribute__((packed)) usage { uint32_t length; uint8_t kind; uint32_t status; double cpu_s; uint64_t peak; };
struct __attribute__((packed)) fault { uint32_t length; uint8_t kind; char text[200]; };

static double seconds(struct timeval time) { return (double)time.tv_sec + (double)time.tv_usec / 1e6; }

static void send_usage(int channel, int status, const struct rusage *used) {
    struct usage frame = {sizeof frame - 4, ENDED, (uint32_t)status, seconds(used->ru_utime) + seconds(used->ru_stime),
                          (uint64_t)used->ru_maxrss << 10};
    send(channel, &frame, sizeof frame, 0);
}

static void send_fault(int channel, int number) {
    struct fault frame = {.kind = FAULT};
    int length = snprintf(frame.text, sizeof frame.text, "%s", strerror(number));
    frame.length = (uint32_t)length + 1;
    send(channel, &frame, 5 + (size_t)length, 0);
}

/* ---- serve ---- */

struct test { const char *store; int answers; unsigned uid; long cpu_s, processes; };

/* In the new process of a test: no inherited descriptors, limits, another user. */
static void enter(const struct test *test) {
    unsigned first = CHANNEL;
    if (test->answers >= 0) dup2(test->answers, (int)first++);
    if (syscall(SYS_close_range, first, LAST_DESCRIPTOR, 0))
        for (unsigned descriptor = first; descriptor <= LAST_DESCRIPTOR; descriptor++) close((int)descriptor);
    struct rlimit cpu = {(rlim_t)test->cpu_s, (rlim_t)test->cpu_s};
    struct rlimit processes = {(rlim_t)test->processes, (rlim_t)test->processes};
    int failed = setrlimit(RLIMIT_CPU, &cpu);
    if (test->uid) failed |= setrlimit(RLIMIT_NPROC, &processes) | setresuid(test->uid, test->uid, test->uid);
    else setsid();
    if (failed) _exit(70);
}

/* Since Python 3.13 the child must find the import lock held. Before, it need not, and each page that this touches
 * costs. */
#if PY_VERSION_HEX >= 0x030C0000
#define BEFORE_FORK() PyOS_BeforeFork()
#define AFTER_FORK() PyOS_AfterFork_Parent()
#else
#define BEFORE_FORK()
#define AFTER_FORK()
#endif

static pid_t start(const struct test *test, unsigned index) {
    char path[4096];
    snprintf(path, sizeof path, "%s%u", test->store, index);
    int input = open(path, O_RDONLY);
    if (input < 0 || dup2(input, 0) < 0) return -1;
    close(input);
    BEFORE_FORK();
    pid_t pid = fork();
    int number = errno;
    if (pid == 0) PyOS_AfterFork_Child();
    else AFTER_FORK();
    errno = number;
    return pid;
}

static PyObject *serve(PyObject *module, PyObject *args) {
    struct test test;
    int channel;
    unsigned index;
    (void)module;
    if (!PyArg_ParseTuple(args, "iIsiIll", &channel, &index, &test.store, &test.answers, &test.uid, &test.cpu_s,
                          &test.processes))
        return NULL;
    for (;;) {
        struct rusage used;
        struct command command;
        int status;
        pid_t pid = start(&test, index);
        if (pid == 0) {
            enter(&test);
            Py_RETURN_TRUE;
        }
        if (pid < 0) {
            send_fault(channel, errno);
        } else {
            while (wait4(pid, &status, 0, &used) < 0 && errno == EINTR) continue;
            send_usage(channel, status, &used);
        }
        if (recv(channel, &command, sizeof command, MSG_WAITALL) != sizeof command || command.action == QUIT)
            Py_RETURN_FALSE;
        index = command.index;
    }
}

/* ---- use_huge_pages ---- */

enum { HUGE = 2 << 20 };

struct range { uintptr_t inside, start, end; };

/* The read-only segments around `inside`, which lie next to each other. */
static int find(struct dl_phdr_info *object, size_t size, void *data) {
    struct range *range = data;
    uintptr_t start = 0, end = 0, page = (uintptr_t)sysconf(_SC_PAGESIZE) - 1;
    (void)size;
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &object->dlpi_phdr[i];
        if (part->p_type != PT_LOAD || part->p_flags & PF_W) continue;
        uintptr_t from = (object->dlpi_addr + part->p_vaddr) & ~page;
        if (from != end) start = from;
        end = (object->dlpi_addr + part->p_vaddr + part->p_memsz + page) & ~page;
        if (start <= range->inside && range->inside < end) range->start = start, range->end = end;
    }
    return range->end != 0;
}

static int kernel_has_huge_pages(void) {
    char text[64] = "";
    int file = open("/sys/kernel/mm/transparent_hugepage/enabled", O_RDONLY);
    ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    return length > 0 && !strstr(text, "[never]");
}

/* A fork leaves out what maps a file, so each child would fault the interpreter's code in again and unmap it page by
 * page when it ends. Of an anonymous huge page it copies one entry. */
static PyObject *use_huge_pages(PyObject *module, PyObject *args) {
    struct range range = {(uintptr_t)dlsym(RTLD_DEFAULT, "PyObject_Call"), 0, 0};
    (void)module, (void)args;
    if (!kernel_has_huge_pages() || !dl_iterate_phdr(find, &range)) Py_RETURN_FALSE;
    uintptr_t start = (range.start + HUGE - 1) / HUGE * HUGE, end = range.end / HUGE * HUGE;
    if (start >= end) Py_RETURN_FALSE;
    size_t length = end - start;
    char *room = mmap(NULL, length + HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (room == MAP_FAILED) Py_RETURN_FALSE;
    char *copy = (char *)(((uintptr_t)room + HUGE - 1) / HUGE * HUGE);
    int moved = 0;
    if (madvise(copy, length, MADV_HUGEPAGE) == 0) {
        memcpy(copy, (void *)start, length);
        moved = mprotect(copy, length, PROT_READ | PROT_EXEC) == 0 &&
                mremap(copy, length, length, MREMAP_MAYMOVE | MREMAP_FIXED, start) != MAP_FAILED;
    }
    munmap(room, (size_t)(copy - room));
    if (!moved) munmap(copy, length);
    munmap(copy + length, (size_t)(room + HUGE - copy));
    return PyBool_FromLong(moved);
}

static PyMethodDef methods[] = {
    {"serve", serve, METH_VARARGS,
     "serve(channel, index, store, answers, uid, cpu_s, processes): True in the process of each test, False at the end."},
    {"use_huge_pages", use_huge_pages, METH_NOARGS, "Move the interpreter's code; returns whether that was possible."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "cppo_fork", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_cppo_fork(void) { return PyModule_Create(&definition); }
