/**
 * What is done with the files of a machine, as scripts for its `sh`. They run as the machine's user, so they may do what a
 * command of that user may, and no more. A path is an argument and never a part of a script. They make do with the tools of
 * the smallest busybox; `stat -c` and `find` are the same there and in the GNU tools.
 */

/** Exit codes by which the scripts tell what is wrong; all others are the tools' own. */
export const EXIT = {
  missing: 70,
  isFolder: 71,
  notRegular: 72,
  denied: 73,
  notFolder: 74,
  exists: 75,
  isRoot: 76,
  noTool: 77,
} as const;

/**
 * `at` gives the absolute path of `$1`, with `$2` as the folder that a relative one begins in (empty: the user's home) in
 * `$p`; `need` ends the script when a tool is not there.
 */
const COMMON = `at() { p=$1; case $p in /*) ;; *) b=$2; [ -n "$b" ] || b=\${HOME:-/}; case $b in /*) ;; *) b=$PWD/$b ;; esac; p=$b/$p ;; esac; }
need() { for t; do command -v "$t" >/dev/null 2>&1 || { echo "$t" >&2; exit ${EXIT.noTool}; }; done; }
there() { [ -e "$p" ] || [ -L "$p" ] || exit ${EXIT.missing}; }
at "$1" "$2"
`;

/** Fields of one entry. No path holds two slashes in a row, so they mark where an entry begins and ends. */
const FORMAT = "//%f|%a|%s|%Y|%U|%G|%n//";

/** Tells about the entries that follow: their fields, a NUL, and each link with its text, all ended by NULs. */
const LINKS = `sh -c 'for l do printf "%s\\0" "$l"; readlink -n -- "$l"; printf "\\0"; done' sh`;

/** Tells about `$p`: the real path of its folder (of itself, when its name is none), then its entry. */
const TELL = `need stat readlink; there
case \${p##*/} in "" | . | ..) d=$p n=. ;; *) d=\${p%/*} n=\${p##*/} ;; esac
cd -- "\${d:-/}" 2>/dev/null || exit ${EXIT.denied}
pwd -P; printf '\\0'; stat -c '${FORMAT}' -- "./$n" || exit; printf '\\0'; [ ! -L "./$n" ] || ${LINKS} "./$n"`;

/** Written before the content of a file: what comes without it is the engine's word, not the file's. */
export const CONTENT_FOLLOWS = "content\n";

export const INFO = COMMON + TELL;

export const EXISTS = `${COMMON}there`;

export const READ = `${COMMON}need cat; there
[ ! -d "$p" ] || exit ${EXIT.isFolder}; [ -f "$p" ] || exit ${EXIT.notRegular}; [ -r "$p" ] || exit ${EXIT.denied}
printf '%s' '${CONTENT_FOLLOWS}'; exec cat -- "$p"`;

/** Makes the folders on the way, and writes what comes in. What is there is overwritten and keeps its owner and mode. */
export const WRITE = `${COMMON}need cat mkdir
[ ! -d "$p" ] || exit ${EXIT.isFolder}; [ ! -e "$p" ] || [ -f "$p" ] || exit ${EXIT.notRegular}
d=\${p%/*}; [ -d "\${d:-/}" ] || mkdir -p -- "$d" || exit
cat >"$p" || exit
${TELL}`;

/** `$3` is how many folders deep. Entries that go while it looks are left out. */
export const LIST = `${COMMON}need find stat readlink; there; [ -d "$p" ] || exit ${EXIT.notFolder}
cd -- "$p" 2>/dev/null || exit ${EXIT.denied}; [ -r . ] || exit ${EXIT.denied}
pwd -P; printf '\\0'
find . -mindepth 1 -maxdepth "$3" -exec stat -c '${FORMAT}' -- {} + 2>/dev/null; printf '\\0'
find . -mindepth 1 -maxdepth "$3" -type l -exec ${LINKS} {} + 2>/dev/null; true`;

export const MAKE_FOLDER = `${COMMON}need mkdir; [ -d "$p" ] || { [ ! -e "$p" ] || exit ${EXIT.exists}; mkdir -p -- "$p"; }`;

export const REMOVE = `${COMMON}need rm; there
if [ -d "$p" ] && [ ! -L "$p" ]; then d=$(cd -- "$p" 2>/dev/null && pwd -P); [ "$d" != / ] || exit ${EXIT.isRoot}; fi
rm -rf -- "$p"`;

/** `$3` is the new path. A file there is replaced, a folder is not. */
export const RENAME = `${COMMON}need mv mkdir; there; o=$p; at "$3" "$2"; [ ! -d "$p" ] || exit ${EXIT.exists}
d=\${p%/*}; [ -d "\${d:-/}" ] || mkdir -p -- "$d" || exit
mv -f -- "$o" "$p" || exit
${TELL}`;

/** `$3` is the mode, in octal. */
export const SET_MODE = `${COMMON}need chmod; [ -e "$p" ] || exit ${EXIT.missing}; chmod -- "$3" "$p"`;
