export {
  parseDockerfile,
  readDockerfile,
  type Instruction,
  type ParsedDockerfile,
  type Refusal,
} from "./parse-dockerfile.ts";
export { readArg, readEnv, readFrom, type Declaration, type StageOpening } from "./declarations.ts";
export type { Directives } from "./directives.ts";
export type { Heredoc } from "./heredoc.ts";
export { expandWord, UNTOLD, type Variables, type WordRules } from "./expand-word.ts";
export { isRemoteSource, sourceWords } from "./copy-step.ts";
export { fetchingAdds, type FetchingAdd } from "./fetching-adds.ts";
export { quoteFlagValue, quoteWord } from "./quote-word.ts";
export { isKnownKeyword, isOwnFrontend } from "./stages.ts";
export { stableImages } from "./stable-images.ts";
export { withNamedImages, type NamedImageProblem } from "./with-named-images.ts";
export { namedImages, type NamedImage } from "./named-images.ts";
export {
  firstLostInstruction,
  type BuildChange,
  type LossReason,
  type LostInstruction,
} from "./first-lost-instruction.ts";
export type { DockerfileBuild } from "./evaluate-build.ts";
