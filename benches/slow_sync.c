/* Preloaded into a process, this makes each call that syncs take 10 ms more, as on a slow disk. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>
#include <time.h>

#define SLOW(name, parameters, arguments)                           \
    int name parameters                                             \
    {                                                               \
        static int (*real) parameters;                              \
        struct timespec delay = {0, 10 * 1000 * 1000};              \
        if (!real)                                                  \
            real = (int (*) parameters) dlsym(RTLD_NEXT, #name);    \
        nanosleep(&delay, NULL);                                    \
        return real arguments;                                      \
    }

SLOW(fsync, (int fd), (fd))
SLOW(fdatasync, (int fd), (fd))
SLOW(msync, (void *start, size_t length, int flags), (start, length, flags))
SLOW(sync_file_range, (int fd, long offset, long length, unsigned flags), (fd, offset, length, flags))
