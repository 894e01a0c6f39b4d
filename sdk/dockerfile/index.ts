export { parseDockerfile, type Instruction } from "./parse-dockerfile.ts";
export { namedImages, type NamedImage } from "./named-images.ts";
export { expandVariables, type VariableValues } from "./expand-variables.ts";
