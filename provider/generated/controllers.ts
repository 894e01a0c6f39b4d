// Made by `npm run generate` from the schemas in provider/core: change those, not this.
import type { Controller } from "../core/controller.ts";
import { templateController } from "../core/template/controller.ts";
import { templateAliasController } from "../core/template-alias/controller.ts";
import { templateTagController } from "../core/template-tag/controller.ts";
import { warmPoolController } from "../core/warm-pool/controller.ts";
/** One for each room. */
export const rooms: readonly Controller[] = [
  templateController,
  templateAliasController,
  templateTagController,
  warmPoolController,
];
