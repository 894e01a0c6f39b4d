import type { Properties } from "../../core/properties.ts";

/** A resource as a preview shows it, before or after. */
export interface PreviewedState {
  /** Absent where it is not made yet. */
  id?: string;
  inputs: Properties;
  outputs: Properties;
  /** Input -> URNs of the resources that its value comes from; absent where the engine does not tell (streamed events). */
  dependencies?: Readonly<Record<string, readonly string[]>>;
}

/** One operation of the engine. */
export interface PreviewStep {
  /** `create`, `update`, `replace`, `delete`, `refresh`, `same`, `import`, … */
  op: string;
  urn: string;
  old?: PreviewedState;
  new?: PreviewedState;
  /** Paths of the changed inputs as the engine prints them. It sees secrets, of which only `[secret]` is printed. */
  changedPaths: readonly string[];
}

/** Something that the preview said. */
export interface Diagnostic {
  severity: "info" | "warning" | "error";
  /** Without colours. */
  message: string;
  /** Resource that it is about, where the engine knows. */
  urn?: string;
}

/** The output of one `pulumi preview --json`. */
export interface Preview {
  steps: readonly PreviewStep[];
  diagnostics: readonly Diagnostic[];
  /** Did it come to an end that is not an error? */
  isWhole: boolean;
  /** Lines that are no JSON, such as what a shell has mixed in from standard error; at most the last 100. */
  otherLines: readonly string[];
  /** Texts that are secret and stand in clear, because somebody has asked Pulumi to show them. */
  shownSecrets: readonly string[];
}
