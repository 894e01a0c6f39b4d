import { MARK } from "pulumi-nullspace/commands";
import { shellQuote } from "pulumi-nullspace/sdk";
import { SHELL_NAME } from "pulumi-nullspace/wire";

/**
 * A command in a pod has neither variables nor a user, and what it is comes into the server's audit log, as part of a URL.
 * So every command is this script, and what it is to be comes as the first line of its input.
 */
export const LAUNCHER = ["sh", "-c", "N='\n'; IFS= read -r L && eval \"$L\""] as const;

/** A command as {@link LAUNCHER} is to run it. */
export interface Launch {
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly user?: string | undefined;
  /** What comes after the line is its input; else it has none. */
  readonly readsInput: boolean;
  /** By which it is found, to be killed. */
  readonly mark: string;
}

/** The line that comes before the command's own input. */
export function launchLine({ argv, env = {}, user, readsInput, mark }: Launch): string {
  const all = Object.entries({ ...env, [MARK]: mark });
  // A shell cannot set what it cannot name; `env` can.
  const variables = all.filter(([name]) => SHELL_NAME.test(name)).map(([name, value]) => `${name}=${quote(value)}`);
  const odd = all.filter(([name]) => !SHELL_NAME.test(name)).map(([name, value]) => `${name}=${value}`);
  const words = odd.length === 0 ? argv : ["env", ...odd, ...argv];
  const command = user === undefined ? `exec ${words.map(quote).join(" ")}` : asUser(user, words, quote);
  const input = readsInput ? "" : "exec </dev/null; ";
  return `${input}export ${variables.join(" ")}; ${command.replaceAll("\n", " ")}\n`;
}

/**
 * Becomes a user, by name or number and with or without a group, if it is not that already, and then the command. 126: it
 * cannot. By setpriv, chroot or su, whichever the image has: none of them is in every image.
 */
const BECOME = `U= G= H=/ M=; w=\${1%%:*}; k=\${1#"$w"}; k=\${k#:}; shift;
[ ! -r /etc/passwd ] || while IFS=: read -r n x u g c h s; do if [ "$n" = "$w" ] || [ "$u" = "$w" ]; then U=$u G=$g H=$h M=$n; break; fi; done </etc/passwd;
case $w in *[!0-9]*) ;; *) [ -n "$U" ] || U=$w G=0 ;; esac;
[ -n "$U" ] || { echo "The image has no user $w." >&2; exit 126; };
if [ -n "$k" ]; then G=; [ ! -r /etc/group ] || while IFS=: read -r n x g s; do if [ "$n" = "$k" ] || [ "$g" = "$k" ]; then G=$g; break; fi; done </etc/group;
case $k in *[!0-9]*) ;; *) [ -n "$G" ] || G=$k ;; esac; fi;
[ -n "$G" ] || { echo "The image has no group $k." >&2; exit 126; };
HOME=$H; export HOME; m=$(id -u);
if [ "$m" = "$U" ]; then [ -z "$k" ] || [ "$(id -g)" = "$G" ] || [ "$m" = 0 ] || { echo "Only root can change its group." >&2; exit 126; }; [ -n "$k" ] && [ "$(id -g)" != "$G" ] || exec "$@"; fi;
[ "$m" = 0 ] || { echo "The machine does not run as root, so a command in it cannot run as $w." >&2; exit 126; };
if setpriv --reuid "$U" --regid "$G" --clear-groups true 2>/dev/null; then
if [ -n "$M" ] && [ -z "$k" ]; then exec setpriv --reuid "$U" --regid "$G" --init-groups "$@"; fi; exec setpriv --reuid "$U" --regid "$G" --clear-groups "$@"; fi;
if chroot --skip-chdir --userspec="$U:$G" / true 2>/dev/null; then exec chroot --skip-chdir --userspec="$U:$G" / "$@"; fi;
if [ -n "$M" ] && command -v su >/dev/null 2>&1; then exec su -s /bin/sh -c 'if [ "$0" = -- ]; then exec "$@"; else exec "$0" "$@"; fi' "$M" -- "$@"; fi;
echo "The image has neither setpriv, chroot nor su that could run a command as $w." >&2; exit 126`;

/** @param quoteWord how a word is written where the script goes */
export function asUser(
  user: string,
  argv: readonly string[],
  quoteWord: (word: string) => string = (word) => shellQuote(word),
): string {
  return `set -- ${[user, ...argv].map(quoteWord).join(" ")}; ${BECOME}`;
}

/** A word in one line: its line ends are those of the launcher's `$N`. */
function quote(word: string): string {
  return shellQuote(word).replaceAll("\n", "'\"$N\"'");
}
