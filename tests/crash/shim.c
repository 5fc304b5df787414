/* SPDX-License-Identifier: EUPL-1.2
 *
 * Loaded before libc (LD_PRELOAD): numbers every call that changes something below the given
 * directories, over all threads and the processes that it forks, and ends them all just before call
 * number N. Nothing else changes: a call that is not the Nth goes straight on to libc.
 *
 *   KNOOPPUNT_CRASH_ROOT   directories, by colon: only calls on what lies in them are numbered
 *   KNOOPPUNT_CRASH_AT     N, from 1; 0 or absent: only number them
 *   KNOOPPUNT_CRASH_NEAR   a regular expression (extended): N then counts only calls whose "call path"
 *                          it matches, so that the moment stays the same however many others come
 *   KNOOPPUNT_CRASH_PAST   with it: so many calls after that one
 *   KNOOPPUNT_CRASH_TORN   1: when call N is a write, do the first half of it before the end
 *   KNOOPPUNT_CRASH_OFF    mount points, by colon: they lose power first (EXT4_IOC_SHUTDOWN; XFS
 *                          knows the same ioctl)
 *   KNOOPPUNT_CRASH_FLUSH  1: the file system had just committed its journal by itself, as it does
 *                          every few seconds: names are on the disk, and data that was not synced
 *                          is not
 *   KNOOPPUNT_CRASH_ALONE  1: only the process that makes call N ends; the others go on
 *   KNOOPPUNT_CRASH_LOG    file to which each numbered call is appended: number, call, path
 *
 * A fork server calls knooppunt_crash_arm() in the child instead of setting the environment.
 *
 * What it does not see: stores into mapped memory (SQLite's -shm, which a restart makes anew) and
 * calls that bypass libc (there are none here; test_crash.py compares with strace).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <regex.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define SHUTDOWN 0x8004587dU /* _IOR('X', 125, __u32) */
#define LOGFLUSH 1U
#define NOLOGFLUSH 2U
#define MOST 8

static char roots[MOST][PATH_MAX];
static int n_roots;
static int off[MOST];
static int n_off;
static long at, past;
static int by_kind; /* N counts calls of one kind */
static regex_t kind;
static int torn, flush, alone;
static int log_fd = -1;
static pid_t first;          /* the process that was armed; others are its children */
static struct {
    atomic_long counted, of_kind, target;
} *shared; /* with them; the target is the number of the last call */

static int split(const char *text, char parts[][PATH_MAX]) {
    int n = 0;
    while (text && *text && n < MOST) {
        size_t len = strcspn(text, ":");
        if (len && len < PATH_MAX) {
            memcpy(parts[n], text, len);
            parts[n++][len] = 0;
        }
        text += len + (text[len] == ':');
    }
    return n;
}

void knooppunt_crash_arm(const char *root, long n, const char *near, long after, int half, int flushed,
                         int only, const char *mounts, const char *log) {
    static char paths[MOST][PATH_MAX];
    int found = split(mounts, paths);
    n_off = 0;
    for (int i = 0; i < found; i++)
        off[n_off++] = open(paths[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (log && *log)
        log_fd = open(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    at = n;
    past = after;
    by_kind = near && *near;
    if (by_kind && regcomp(&kind, near, REG_EXTENDED | REG_NOSUB) != 0)
        syscall(SYS_exit_group, 96);
    torn = half;
    flush = flushed;
    alone = only;
    first = getpid();
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        syscall(SYS_exit_group, 97);
    atomic_store(&shared->target, at && !by_kind ? at : LONG_MAX);
    n_roots = split(root, roots); /* last: from here on calls are numbered */
}

static int is_set(const char *name) {
    const char *value = getenv(name);
    return value && *value == '1';
}

__attribute__((constructor)) static void from_environment(void) {
    const char *root = getenv("KNOOPPUNT_CRASH_ROOT");
    const char *n = getenv("KNOOPPUNT_CRASH_AT");
    const char *after = getenv("KNOOPPUNT_CRASH_PAST");
    if (root && *root)
        knooppunt_crash_arm(root, n ? atol(n) : 0, getenv("KNOOPPUNT_CRASH_NEAR"),
                            after ? atol(after) : 0, is_set("KNOOPPUNT_CRASH_TORN"),
                            is_set("KNOOPPUNT_CRASH_FLUSH"), is_set("KNOOPPUNT_CRASH_ALONE"),
                            getenv("KNOOPPUNT_CRASH_OFF"), getenv("KNOOPPUNT_CRASH_LOG"));
}

static int is_ours(const char *path) {
    for (int i = 0; i < n_roots; i++) {
        size_t len = strlen(roots[i]);
        if (!strncmp(path, roots[i], len) && (path[len] == '/' || !path[len]))
            return 1;
    }
    return 0;
}

static void path_of_fd(int fd, char *into) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, into, PATH_MAX - 1);
    into[n > 0 ? n : 0] = 0;
}

static void path_at(int dir, const char *name, char *into) {
    if (name[0] == '/') {
        snprintf(into, PATH_MAX, "%s", name);
        return;
    }
    if (dir == AT_FDCWD) {
        if (!getcwd(into, PATH_MAX))
            into[0] = 0;
    } else {
        path_of_fd(dir, into);
    }
    size_t len = strlen(into);
    snprintf(into + len, PATH_MAX - len, "/%s", name);
}

static void end(void) {
    unsigned flag = flush ? LOGFLUSH : NOLOGFLUSH;
    for (int i = 0; i < n_off; i++)
        if (ioctl(off[i], SHUTDOWN, &flag) != 0)
            syscall(SYS_exit_group, 99); /* no power loss, so no test */
    if (!alone)
        kill(first, SIGKILL); /* its children ask the kernel to end with it */
    kill(getpid(), SIGKILL);
    for (;;)
        pause();
}

/* A line of the log without its end, as the expression sees it. */
static int is_of_kind(char *line, int len) {
    line[len - 1] = 0;
    int found = !regexec(&kind, line, 0, NULL, 0);
    line[len - 1] = '\n';
    return found;
}

/* 1: this is the last call, a write, and its first half must still be done. */
static int numbered(const char *call, const char *path, int is_write) {
    if (!n_roots || !is_ours(path))
        return 0;
    long n = atomic_fetch_add(&shared->counted, 1) + 1;
    char line[PATH_MAX + 64];
    int len = snprintf(line, sizeof line, "%ld %s %s\n", n, call, path);
    if (by_kind && at && is_of_kind(line, len) && atomic_fetch_add(&shared->of_kind, 1) + 1 == at)
        atomic_store(&shared->target, n + past);
    long target = atomic_load(&shared->target);
    if (log_fd >= 0 && (n <= target || alone))
        syscall(SYS_write, log_fd, line, (size_t)len);
    if (n < target || (n > target && alone))
        return 0;
    if (n > target) /* another thread or process, a moment before the end of all */
        for (;;)
            pause();
    if (torn && is_write)
        return 1;
    end();
    return 0;
}

#define REAL(name) ((__typeof__(&name))real(#name))
static void *real(const char *name) {
    void *found = dlsym(RTLD_NEXT, name);
    if (!found)
        syscall(SYS_exit_group, 98);
    return found;
}

#define ON_FD(call, fd)                                                                            \
    do {                                                                                           \
        if (n_roots) {                                                                             \
            char found[PATH_MAX];                                                                  \
            path_of_fd(fd, found);                                                                 \
            numbered(call, found, 0);                                                              \
        }                                                                                          \
    } while (0)
#define ON_NAME(call, dir, name)                                                                   \
    do {                                                                                           \
        if (n_roots) {                                                                             \
            char found[PATH_MAX];                                                                  \
            path_at(dir, name, found);                                                             \
            numbered(call, found, 0);                                                              \
        }                                                                                          \
    } while (0)

#define OPENAT(name, same)                                                                         \
    int name(int dir, const char *path, int flags, ...) {                                          \
        va_list more;                                                                              \
        va_start(more, flags);                                                                     \
        mode_t mode = va_arg(more, mode_t);                                                        \
        va_end(more);                                                                              \
        if (flags & (O_CREAT | O_TRUNC))                                                           \
            ON_NAME("open", dir, path);                                                            \
        return REAL(same)(dir, path, flags, mode);                                                 \
    }
OPENAT(openat, openat)
OPENAT(openat64, openat64)

#define OPEN(name)                                                                                 \
    int name(const char *path, int flags, ...) {                                                   \
        va_list more;                                                                              \
        va_start(more, flags);                                                                     \
        mode_t mode = va_arg(more, mode_t);                                                        \
        va_end(more);                                                                              \
        if (flags & (O_CREAT | O_TRUNC))                                                           \
            ON_NAME("open", AT_FDCWD, path);                                                       \
        return REAL(name)(path, flags, mode);                                                      \
    }
OPEN(open)
OPEN(open64)

ssize_t write(int fd, const void *from, size_t n) {
    if (n_roots) {
        char found[PATH_MAX];
        path_of_fd(fd, found);
        if (numbered("write", found, 1)) {
            REAL(write)(fd, from, n / 2);
            end();
        }
    }
    return REAL(write)(fd, from, n);
}

#define PWRITE(name, type)                                                                         \
    ssize_t name(int fd, const void *from, size_t n, type where) {                                 \
        if (n_roots) {                                                                             \
            char found[PATH_MAX];                                                                  \
            path_of_fd(fd, found);                                                                 \
            if (numbered("pwrite", found, 1)) {                                                    \
                REAL(name)(fd, from, n / 2, where);                                                \
                end();                                                                             \
            }                                                                                      \
        }                                                                                          \
        return REAL(name)(fd, from, n, where);                                                     \
    }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

#define FD0(name)                                                                                  \
    int name(int fd) {                                                                             \
        ON_FD(#name, fd);                                                                          \
        return REAL(name)(fd);                                                                     \
    }
FD0(fsync)
FD0(fdatasync)
FD0(syncfs)

ssize_t writev(int fd, const struct iovec *parts, int n) {
    ON_FD("writev", fd);
    return REAL(writev)(fd, parts, n);
}
int ftruncate(int fd, off_t length) {
    ON_FD("ftruncate", fd);
    return REAL(ftruncate)(fd, length);
}
int ftruncate64(int fd, off64_t length) {
    ON_FD("ftruncate", fd);
    return REAL(ftruncate64)(fd, length);
}
int fallocate(int fd, int mode, off_t from, off_t length) {
    ON_FD("fallocate", fd);
    return REAL(fallocate)(fd, mode, from, length);
}
int fallocate64(int fd, int mode, off64_t from, off64_t length) {
    ON_FD("fallocate", fd);
    return REAL(fallocate64)(fd, mode, from, length);
}
int posix_fallocate(int fd, off_t from, off_t length) {
    ON_FD("fallocate", fd);
    return REAL(posix_fallocate)(fd, from, length);
}
int posix_fallocate64(int fd, off64_t from, off64_t length) {
    ON_FD("fallocate", fd);
    return REAL(posix_fallocate64)(fd, from, length);
}
ssize_t copy_file_range(int in, off64_t *a, int out, off64_t *b, size_t n, unsigned flags) {
    ON_FD("copy_file_range", out);
    return REAL(copy_file_range)(in, a, out, b, n, flags);
}
int fchmod(int fd, mode_t mode) {
    ON_FD("fchmod", fd);
    return REAL(fchmod)(fd, mode);
}
int chmod(const char *path, mode_t mode) {
    ON_NAME("chmod", AT_FDCWD, path);
    return REAL(chmod)(path, mode);
}
int futimens(int fd, const struct timespec times[2]) {
    ON_FD("futimens", fd);
    return REAL(futimens)(fd, times);
}
int utimensat(int dir, const char *name, const struct timespec times[2], int flags) {
    ON_NAME("utimensat", dir, name);
    return REAL(utimensat)(dir, name, times, flags);
}
int rename(const char *from, const char *to) {
    ON_NAME("rename", AT_FDCWD, to);
    return REAL(rename)(from, to);
}
int renameat(int from_dir, const char *from, int to_dir, const char *to) {
    ON_NAME("renameat", to_dir, to);
    return REAL(renameat)(from_dir, from, to_dir, to);
}
int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags) {
    ON_NAME("renameat2", to_dir, to);
    return REAL(renameat2)(from_dir, from, to_dir, to, flags);
}
int link(const char *from, const char *to) {
    ON_NAME("link", AT_FDCWD, to);
    return REAL(link)(from, to);
}
int linkat(int from_dir, const char *from, int to_dir, const char *to, int flags) {
    ON_NAME("linkat", to_dir, to);
    return REAL(linkat)(from_dir, from, to_dir, to, flags);
}
int unlink(const char *path) {
    ON_NAME("unlink", AT_FDCWD, path);
    return REAL(unlink)(path);
}
int unlinkat(int dir, const char *name, int flags) {
    ON_NAME("unlinkat", dir, name);
    return REAL(unlinkat)(dir, name, flags);
}
int rmdir(const char *path) {
    ON_NAME("rmdir", AT_FDCWD, path);
    return REAL(rmdir)(path);
}
int mkdir(const char *path, mode_t mode) {
    ON_NAME("mkdir", AT_FDCWD, path);
    return REAL(mkdir)(path, mode);
}
int mkdirat(int dir, const char *name, mode_t mode) {
    ON_NAME("mkdirat", dir, name);
    return REAL(mkdirat)(dir, name, mode);
}
