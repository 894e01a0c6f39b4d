export { parseDockerfile, type Instruction } from "./parse-dockerfile.ts";
export { namedImages, type NamedImage } from "./named-images.ts";
export {
  firstLostInstruction,
  type BuildChange,
  type LossReason,
  type LostInstruction,
} from "./first-lost-instruction.ts";
export type { DockerfileBuild } from "./evaluate-build.ts";
