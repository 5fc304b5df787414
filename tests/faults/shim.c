/* SPDX-License-Identifier: EUPL-1.2
 *
 * Lets chosen calls of a gateway fail: it stands between the program and libc (LD_PRELOAD).
 *
 * KNOOPPUNT_FAULTS holds rules, separated by ';', each CALL,PART,WHAT or CALL,PART,WHAT,TIMES: when a file whose path holds
 * PART is the object of CALL, the call fails with the error number WHAT and does nothing. For
 * write and pwrite a negative WHAT makes it short instead: at most -WHAT bytes. A close does close,
 * and then says that it failed: so does the kernel. The first rule that fits counts; with TIMES only
 * so often in each process.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define RULES 16
static struct { char call[16], part[PATH_MAX]; long what, times; } rules[RULES];
static int n_rules;

__attribute__((constructor)) static void from_environment(void) {
    const char *text = getenv("KNOOPPUNT_FAULTS");
    while (text && *text && n_rules < RULES) {
        rules[n_rules].times = -1;
        if (sscanf(text, "%15[^,],%4095[^,],%ld,%ld", rules[n_rules].call, rules[n_rules].part,
                   &rules[n_rules].what, &rules[n_rules].times) < 3)
            _exit(99); /* a rule that cannot be read must not look like a test that passed */
        n_rules++;
        text = strchr(text, ';');
        text = text ? text + 1 : NULL;
    }
}

static long rule(const char *call, const char *path) {
    for (int i = 0; i < n_rules; i++)
        if (rules[i].times && !strcmp(rules[i].call, call) && strstr(path, rules[i].part)) {
            rules[i].times -= rules[i].times > 0;
            return rules[i].what;
        }
    return 0;
}

static long of_fd(const char *call, int fd) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    path[n > 0 ? n : 0] = 0;
    return rule(call, path);
}

static long of_name(const char *call, int dir, const char *name) {
    char link[64], path[2 * PATH_MAX];
    ssize_t n = 0;
    if (name[0] != '/' && dir != AT_FDCWD) {
        snprintf(link, sizeof link, "/proc/self/fd/%d", dir);
        n = readlink(link, path, PATH_MAX - 1);
        n = n > 0 ? n : 0;
    }
    snprintf(path + n, PATH_MAX, "/%s", name);
    return rule(call, path);
}

#define REAL(name) ((__typeof__(&name))real(#name))
static void *real(const char *name) {
    void *found = dlsym(RTLD_NEXT, name);
    if (!found)
        _exit(98);
    return found;
}

static int fail(long what) {
    errno = (int)what;
    return -1;
}

#define ON_FD(call, fd)                                                                            \
    long what = n_rules ? of_fd(call, fd) : 0;                                                     \
    if (what > 0)                                                                                  \
        return fail(what)

#define OPENAT(name)                                                                               \
    int name(int dir, const char *path, int flags, ...) {                                          \
        va_list more;                                                                              \
        va_start(more, flags);                                                                     \
        mode_t mode = va_arg(more, mode_t);                                                        \
        va_end(more);                                                                              \
        long what = n_rules ? of_name("open", dir, path) : 0;                                      \
        return what > 0 ? fail(what) : REAL(name)(dir, path, flags, mode);                         \
    }
OPENAT(openat)
OPENAT(openat64)

ssize_t read(int fd, void *into, size_t n) {
    ON_FD("read", fd);
    return REAL(read)(fd, into, n);
}
ssize_t write(int fd, const void *from, size_t n) {
    ON_FD("write", fd);
    return REAL(write)(fd, from, what < 0 && n > (size_t)-what ? (size_t)-what : n);
}
ssize_t pwrite(int fd, const void *from, size_t n, off_t where) {
    ON_FD("pwrite", fd);
    return REAL(pwrite)(fd, from, what < 0 && n > (size_t)-what ? (size_t)-what : n, where);
}
ssize_t pwrite64(int fd, const void *from, size_t n, off64_t where) {
    ON_FD("pwrite", fd);
    return REAL(pwrite64)(fd, from, what < 0 && n > (size_t)-what ? (size_t)-what : n, where);
}
int fsync(int fd) {
    ON_FD("fsync", fd);
    return REAL(fsync)(fd);
}
int syncfs(int fd) {
    ON_FD("syncfs", fd);
    return REAL(syncfs)(fd);
}
int close(int fd) {
    long what = n_rules ? of_fd("close", fd) : 0;
    int done = REAL(close)(fd);
    return what > 0 && !done ? fail(what) : done;
}
int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags) {
    long what = n_rules ? of_name("renameat2", to_dir, to) : 0;
    return what > 0 ? fail(what) : REAL(renameat2)(from_dir, from, to_dir, to, flags);
}
int linkat(int from_dir, const char *from, int to_dir, const char *to, int flags) {
    long what = n_rules ? of_name("linkat", to_dir, to) : 0;
    return what > 0 ? fail(what) : REAL(linkat)(from_dir, from, to_dir, to, flags);
}
int unlinkat(int dir, const char *path, int flags) {
    long what = n_rules ? of_name("unlinkat", dir, path) : 0;
    return what > 0 ? fail(what) : REAL(unlinkat)(dir, path, flags);
}
