import type { OciMetadata, Readiness } from "pulumi-nullspace/wire";

/** What an image says of itself and of the machines that it is for. */
export interface ImageDescription {
  /** Id under which builders and drivers know the image. */
  readonly imageId: string;
  /** Labels, ports, volumes and health check, without what this service adds to an image. */
  readonly metadata: OciMetadata;
  /** Names of the variables that it sets. */
  readonly envKeys: readonly string[];
  /** Absent: root. */
  readonly user?: string;
  readonly workdir?: string;
  /** What it starts, as text for `sh -c`; absent when it says nothing. */
  readonly command?: string;
  /** Its health check as a readiness check; absent when it has none that can be one. */
  readonly healthCheck?: Readiness;
}

/** A name of an artifact, and the image behind it. */
export interface NamedImage {
  /** `tmpl_…`. */
  readonly templateId: string;
  readonly imageRef: string;
  readonly imageId: string;
  /** A build of this very service made the image; others may use the same store. */
  readonly isOwn: boolean;
}

/**
 * Where the images of artifacts are kept. An image has one name for each artifact that it is of, and stays as long as it has
 * one of them: names are counted references.
 *
 * Docker Engine is the one store of this service. Another (an OCI registry) has to keep this contract and nothing else.
 * Every method throws `EngineUnavailableError` when the store does not answer.
 */
export interface ArtifactStore {
  /** Name under which the image of an artifact is kept. Always the same for the same id. */
  nameOf(templateId: string): string;
  /**
   * Gives an image the name of an artifact. Repeating it changes nothing.
   *
   * @returns `false` when there is no such image
   */
  keep(imageId: string, templateId: string, signal?: AbortSignal): Promise<boolean>;
  /**
   * Takes a name away, and the image with its last one. A name that is not there is a success.
   *
   * @returns `false` while something still runs on the image
   */
  remove(imageRef: string, signal: AbortSignal): Promise<boolean>;
  /** What an image says, by its id or name. @returns `undefined` when there is no such image */
  describe(image: string, signal?: AbortSignal): Promise<ImageDescription | undefined>;
  /** Gets an image from its registry, by name. @throws the store's error when the registry does not give it */
  fetch(image: string, signal?: AbortSignal): Promise<ImageDescription>;
  /** All names of artifacts. */
  list(signal: AbortSignal): Promise<NamedImage[]>;
  /**
   * Tells from now on when names or images go, whoever takes them, until the store goes away or the signal ends it. Nothing is
   * missed from the moment that `onOpen` is called.
   */
  watch(options: { readonly signal: AbortSignal; readonly onOpen: () => void }): AsyncIterable<void>;
}
