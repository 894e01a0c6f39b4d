/*
 * A disk that says at a sync what it did not say at the write, as thin volumes and network file systems do, as a library
 * to preload: while the file SYNC_FAILS exists, fsync and fdatasync lose what was written and fail with ENOSPC, once for
 * each file, as Linux does; the next one on the same file succeeds. Nothing is lost in truth.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int answer(int fd, long call) {
  const char *flag = getenv("SYNC_FAILS");
  char link[64], path[4096];
  strcpy(link, "/proc/self/fd/");
  char digits[16];
  int at = 15, rest = fd;
  digits[at] = '\0';
  do digits[--at] = (char)('0' + rest % 10);
  while ((rest /= 10) > 0);
  strcat(link, digits + at);
  ssize_t length = readlink(link, path, sizeof path - 1);
  int is_log = length > 4 && strncmp(path + length - 4, "-wal", 4) == 0;
  if (is_log && flag != NULL && access(flag, F_OK) == 0) {
    unlink(flag);
    errno = ENOSPC;
    return -1;
  }
  return (int)syscall(call, fd);
}

int fsync(int fd) { return answer(fd, SYS_fsync); }
int fdatasync(int fd) { return answer(fd, SYS_fdatasync); }
