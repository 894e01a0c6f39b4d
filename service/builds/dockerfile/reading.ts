/**
 * What the SDK reads of Dockerfiles and of the names of images: text alone, so that nothing else here has to take in the
 * client of an engine.
 */
export {
  expandWord,
  fetchingAdds,
  isKnownKeyword,
  isOwnFrontend,
  needsRegistry,
  parseImageRef,
  quoteFlagValue,
  quoteWord,
  readArg,
  readDockerfile,
  readEnv,
  readFrom,
  registriesOfDockerfile,
  registriesOfImage,
  stableImages,
  type FetchingAdd,
  type Instruction,
  type NamedRegistries,
  type ParsedDockerfile,
} from "pulumi-nullspace/docker";
