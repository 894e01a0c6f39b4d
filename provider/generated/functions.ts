// Made by `npm run generate` from the schemas in provider/core: change those, not this.
import type { ProviderFunction } from "../core/provider-function.ts";
import { getBuild, getTemplate, getTemplates } from "../core/template/functions.ts";
import { getWarmPool } from "../core/warm-pool/functions.ts";
/** What a program can ask the service. */
export const functions: readonly ProviderFunction[] = [getBuild, getTemplate, getTemplates, getWarmPool];
