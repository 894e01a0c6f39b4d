import { like } from "../arguments/index.ts";
import type { Readiness } from "../wire/readiness.ts";
import type { BaseImageAuth, BuildSecret } from "../wire/registry-auth.ts";
import type { Step } from "../wire/step.ts";

/** What a template is built on. */
export type TemplateBase =
  /** On the wire a template stands where an image does. */
  | { readonly kind: "image"; readonly image: string; readonly isTemplate?: boolean }
  | { readonly kind: "dockerfile"; readonly content: string; readonly path?: string };

/** A step, its copy sources being paths on this machine, and the line of the program that added it. */
export interface BuilderStep {
  readonly step: Step;
  /** `file:line:column`. */
  readonly addedAt: string | undefined;
}

/** Where relative copy sources start, and what is left out of it. */
export interface FileContext {
  /** Absolute. */
  readonly root: string;
  /** Read after the folder's `.dockerignore`. */
  readonly ignorePatterns: readonly string[];
}

/** Everything a builder holds. Never changed: each call makes a new one. */
export interface TemplateDefinition {
  readonly base: TemplateBase;
  readonly steps: readonly BuilderStep[];
  readonly buildEnvs: Readonly<Record<string, string>>;
  readonly runtimeEnvs: Readonly<Record<string, string>>;
  readonly startCmd?: string;
  readonly readiness?: Readiness;
  readonly defaultUser?: string;
  readonly defaultWorkdir?: string;
  readonly fileContext?: FileContext;
  readonly baseImageAuth?: BaseImageAuth;
  /** Why credentials for the base make no sense, when they make none. */
  readonly authRefusal?: string;
  readonly buildSecrets: readonly BuildSecret[];
}

/** What the calls that take a definition by itself look for. */
export const DEFINITION = like(
  "the definition of a template builder",
  ({ base, steps }) => typeof base === "object" && Array.isArray(steps),
);
