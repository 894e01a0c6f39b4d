import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import {
  anyText,
  check,
  object,
  options as optionsOf,
  secretText,
  text as someText,
  type Members,
} from "../arguments/index.ts";
import { InvalidSettingError } from "./errors.ts";

/** Where a service listens unless something says otherwise: a local one. */
export const DEFAULT_BASE_URL = "http://localhost:3000";

/** What decides the settings beside the arguments; the process' own unless given. */
export interface SettingsPlaces {
  /** API key; even a blank one ends the search. */
  apiKey?: string | undefined;
  /** Base URL; a blank one counts as none. */
  baseUrl?: string | undefined;
  /** @default `process.env` */
  env?: Readonly<Record<string, string | undefined>> | undefined;
  /**
   * Folder of `.env`.
   *
   * @default the working directory
   */
  cwd?: string | undefined;
  /**
   * Home folder.
   *
   * @default the user's
   */
  home?: string | undefined;
}

/** What {@link SettingsPlaces} must be, member by member. */
export const PLACES_MEMBERS: Members<SettingsPlaces> = {
  apiKey: secretText,
  baseUrl: anyText,
  env: object,
  cwd: someText,
  home: someText,
};
const PLACES = optionsOf<SettingsPlaces>(PLACES_MEMBERS);

/** One value and the place that gave it, such as `NULLSPACE_API_KEY` or `~/.config/nullspace/config.json:api_key`. */
export interface Setting<Value> {
  value: Value;
  source: string;
}

/** What was found, and where was looked. */
export interface Settings {
  /** `value` is undefined when there is no key anywhere. */
  apiKey: Setting<string | undefined>;
  /** Without a slash at the end; a path prefix is kept. */
  baseUrl: Setting<string>;
  /** Every place looked in for the key, in order. */
  apiKeyPlaces: string[];
  /** The file to write a key into. */
  configPath: string;
}

/**
 * Finds key and URL as the Python client does; the first hit wins: argument, environment, `.env` in the working
 * directory, `$XDG_CONFIG_HOME/nullspace/config.json`, `~/.nullspace/config.json`; without any
 * hit the URL is {@link DEFAULT_BASE_URL}. A file that cannot be read counts as absent.
 *
 * @throws InvalidSettingError when the URL cannot be called
 * @example
 * ```ts
 * const { baseUrl, apiKey } = findSettings();
 * console.log(`${baseUrl.value}, as ${baseUrl.source} says; the key is from ${apiKey.source}`);
 * ```
 */
export function findSettings(places: SettingsPlaces = {}): Settings {
  check("findSettings", { places: PLACES }, { places });
  const env = places.env ?? process.env;
  const home = places.home ?? homedir();
  const dotenvPath = join(places.cwd ?? process.cwd(), ".env");
  const xdgPath = join(env.XDG_CONFIG_HOME || join(home, ".config"), "nullspace", "config.json");
  const legacyPath = join(home, ".nullspace", "config.json");
  const files = { dotenv: readDotenv(dotenvPath), xdg: readConfig(xdgPath), legacy: readConfig(legacyPath) };

  const lookUp = (variables: readonly string[], members: readonly string[]): Setting<string | undefined>[] => [
    ...variables.map((name) => ({ source: name, value: env[name] })),
    ...variables.map((name) => ({ source: `${dotenvPath}:${name}`, value: files.dotenv[name] })),
    ...members.flatMap((name) => [
      { source: `${xdgPath}:${name}`, value: text(files.xdg[name]) },
      { source: `${legacyPath}:${name}`, value: text(files.legacy[name]) },
    ]),
  ];
  const keys = lookUp(["NULLSPACE_API_KEY", "NULLSPACE_TOKEN"], ["api_key"]);
  const urls = lookUp(["NULLSPACE_API_URL", "NULLSPACE_BASE_URL"], ["base_url", "api_url"]);
  const apiKey = places.apiKey === undefined ? first(keys) : { source: "apiKey argument", value: blank(places.apiKey) };
  const baseUrl =
    places.baseUrl === undefined ? first(urls) : { source: "baseUrl argument", value: blank(places.baseUrl) };
  return {
    apiKey: apiKey ?? { source: "none", value: undefined },
    baseUrl:
      baseUrl?.value === undefined
        ? { source: "default", value: DEFAULT_BASE_URL }
        : { source: baseUrl.source, value: checkBaseUrl(baseUrl.value, baseUrl.source) },
    apiKeyPlaces: keys.map(({ source }) => source),
    configPath: xdgPath,
  };
}

/** First setting with a value that is not blank, trimmed. */
function first(candidates: readonly Setting<string | undefined>[]): Setting<string> | undefined {
  for (const { source, value } of candidates) {
    const trimmed = blank(value);
    if (trimmed !== undefined) return { source, value: trimmed };
  }
  return undefined;
}

function blank(value: string | undefined): string | undefined {
  return value?.trim() || undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/**
 * The Python client's reading of `.env`: `KEY=VALUE` lines, `#` lines skipped, quotes around the value stripped; no
 * `export`, no interpolation, no comment behind a value. The last of several lines with one name wins.
 */
function readDotenv(path: string): Record<string, string> {
  const values: Record<string, string> = Object.create(null);
  for (const raw of (readText(path) ?? "").split(/\r\n|\r|\n/)) {
    const line = raw.trim();
    const equals = line.indexOf("=");
    if (line.startsWith("#") || equals < 0) continue;
    const name = line.slice(0, equals).trim();
    if (name !== "")
      values[name] = line
        .slice(equals + 1)
        .trim()
        .replace(/^['"]+|['"]+$/g, "");
  }
  return values;
}

function readConfig(path: string): Record<string, unknown> {
  const content = readText(path);
  if (content === undefined) return {};
  try {
    const parsed: unknown = JSON.parse(content);
    return typeof parsed === "object" && parsed !== null ? (parsed as Record<string, unknown>) : {};
  } catch (error) {
    // By contract a file that is not JSON counts as absent: the next place may still answer.
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    // By contract an unreadable file counts as absent, whatever the reason.
    if (error instanceof Error && "code" in error) return undefined;
    throw error;
  }
}

/** The URL itself is never quoted when it holds a password. */
function checkBaseUrl(value: string, source: string): string {
  if (!URL.canParse(value)) {
    throw new InvalidSettingError(
      "baseUrl",
      `The service URL from ${source} is not a URL. Give one like ${DEFAULT_BASE_URL}`,
    );
  }
  const url = new URL(value);
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new InvalidSettingError(
      "baseUrl",
      `The service URL from ${source} begins with ${url.protocol}; use http: or https:, as in ${DEFAULT_BASE_URL}`,
    );
  }
  if (url.username !== "" || url.password !== "") {
    throw new InvalidSettingError(
      "baseUrl",
      `The service URL from ${source} holds a user name or password. The service takes an API key: set NULLSPACE_API_KEY`,
    );
  }
  if (url.search !== "" || url.hash !== "") {
    throw new InvalidSettingError("baseUrl", `The service URL from ${source} must end at its path: remove ? and #`);
  }
  return value.replace(/\/+$/, "");
}
