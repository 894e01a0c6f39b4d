import type { OperationContext } from "../../core/operation-context.ts";
import { DeclaredInputs } from "../../core/ownership/declared-inputs.ts";
import type { ProviderConfig } from "../../core/provider-config.ts";

/** What a controller needs to read something for nobody: no resource has asked, and nothing is said. */
export function readingContext(config: ProviderConfig, signal: AbortSignal): OperationContext {
  return {
    urn: "",
    mark: "",
    declared: new DeclaredInputs(),
    shell: { imports: true, customTimeouts: true, resourceToken: (type) => type },
    secretInputs: [],
    preview: false,
    signal,
    log: () => {},
    config,
    cwd: process.cwd(),
  };
}
