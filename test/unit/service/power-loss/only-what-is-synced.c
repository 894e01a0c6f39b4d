/*
 * A disk that forgets, as a library to preload: of what a process does below the folder FORGET_ROOT it keeps only what
 * fsync or fdatasync asked for, in FORGET_KEPT, so that whoever ends the process can look at what a loss of power leaves:
 *
 *   file-<inode>    the bytes of a file when it was last synced
 *   folder-<inode>  the names in a folder when that was last synced: lines of `<f|d> <inode> <name>`
 *
 * The strictest reading of POSIX: a file's sync is not one of its name. Nothing is really synced.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int is_below(int fd, char *path) {
  const char *root = getenv("FORGET_ROOT");
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, PATH_MAX - 1);
  if (root == NULL || length < 0) return 0;
  path[length] = '\0';
  size_t size = strlen(root);
  return strncmp(path, root, size) == 0 && (path[size] == '/' || path[size] == '\0');
}

static void keep_names(const char *path, FILE *to) {
  DIR *folder = opendir(path);
  if (folder == NULL) return;
  for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    fprintf(to, "%c %lu %s\n", entry->d_type == DT_DIR ? 'd' : 'f', (unsigned long)entry->d_ino, entry->d_name);
  }
  closedir(folder);
}

/* Through the descriptor where that can read: to close another one of the same file would let go SQLite's locks on it. */
static void keep_bytes(int fd, const char *path, FILE *to) {
  int is_readable = (fcntl(fd, F_GETFL) & O_ACCMODE) != O_WRONLY;
  int from = is_readable ? fd : open(path, O_RDONLY | O_CLOEXEC);
  char buffer[65536];
  off_t at = 0;
  for (ssize_t got; (got = pread(from, buffer, sizeof buffer, at)) > 0; at += got) fwrite(buffer, 1, (size_t)got, to);
  if (!is_readable) close(from);
}

static int keep(int fd) {
  char path[PATH_MAX], kept[PATH_MAX], fresh[PATH_MAX + 32];
  struct stat facts;
  if (!is_below(fd, path) || fstat(fd, &facts) != 0) return 0;
  int is_folder = S_ISDIR(facts.st_mode);
  snprintf(kept, sizeof kept, "%s/%s-%lu", getenv("FORGET_KEPT"), is_folder ? "folder" : "file", (unsigned long)facts.st_ino);
  snprintf(fresh, sizeof fresh, "%s.%d.new", kept, gettid());
  FILE *to = fopen(fresh, "we");
  if (to == NULL) return -1;
  if (is_folder) keep_names(path, to);
  else keep_bytes(fd, path, to);
  fclose(to);
  return rename(fresh, kept);
}

int fsync(int fd) { return keep(fd); }
int fdatasync(int fd) { return keep(fd); }
