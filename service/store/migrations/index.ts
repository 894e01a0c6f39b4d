import { templates } from "./001-templates.ts";
import { machines } from "./002-machines.ts";
import { warmPools } from "./003-warm-pools.ts";
import { contexts } from "./004-contexts.ts";
import { contextBuilds } from "./005-context-builds.ts";
import { tagMoves } from "./006-tag-moves.ts";
import { engineLosses } from "./007-engine-losses.ts";
import { blobBytes } from "./008-blob-bytes.ts";
import { artifactRuntimes } from "./009-artifact-runtimes.ts";
import { apiKeys } from "./010-api-keys.ts";
import { lists } from "./011-lists.ts";
import { storage } from "./012-storage.ts";
import { order } from "./013-order.ts";
import { followedTags } from "./014-followed-tags.ts";
import { page } from "./015-page.ts";
import { poolSamples } from "./016-pool-samples.ts";
import { traces } from "./017-traces.ts";
import { registryImages } from "./018-registry-images.ts";
import { placements } from "./019-placements.ts";
import { nativeGenerations } from "./020-native-generations.ts";
import { nativeKeys } from "./021-native-keys.ts";
import type { Migration } from "./migration.ts";

export type { Migration } from "./migration.ts";

/** The store's history, oldest first. */
export const MIGRATIONS: readonly Migration[] = [
  templates,
  machines,
  warmPools,
  contexts,
  contextBuilds,
  tagMoves,
  engineLosses,
  blobBytes,
  artifactRuntimes,
  apiKeys,
  lists,
  storage,
  order,
  followedTags,
  page,
  poolSamples,
  traces,
  registryImages,
  placements,
  nativeGenerations,
  nativeKeys,
];
