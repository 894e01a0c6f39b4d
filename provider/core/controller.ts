import type { About } from "./about.ts";
import type { z } from "zod";
import type { OperationContext } from "./operation-context.ts";
import type { Mark } from "./ownership/mark.ts";
import type { CheckResult, Properties } from "./properties.ts";
import type { PropertyChange } from "./property-diff.ts";

export interface CheckRequest {
  /** Inputs of the last update; absent when the resource is new, or is about to be replaced. */
  olds?: Properties;
  /** Inputs as the program gives them. */
  news: Properties;
}

export interface DiffRequest {
  oldInputs: Properties;
  /** Outputs of the last update, where the shell has them. */
  oldOutputs?: Properties;
  newInputs: Properties;
}

export interface DiffResult {
  /** Empty: nothing to do. */
  changes: PropertyChange[];
  /** Delete the old resource before the new one is made: both cannot hold the same name. */
  deleteBeforeReplace: boolean;
  /** Outputs that an update in place leaves as they are. */
  stables: string[];
  /** What a reader of the preview should know beside the changes, one sentence each. */
  notices?: readonly string[];
}

export interface CreateResult {
  id: string;
  outputs: Properties;
}

export interface ReadRequest {
  id: string;
  /** Absent on import: the ID alone must do. */
  inputs?: Properties;
  outputs?: Properties;
}

export interface ReadResult {
  id: string;
  inputs: Properties;
  outputs: Properties;
  /** Of an import: whose it is at the service until now; absent when no Pulumi resource has made it. */
  owner?: Mark;
  /** Why the resource is not what was asked for (yet), for people; absent when it is. The next update goes on with it. */
  unhealthy?: readonly string[];
}

export interface UpdateRequest {
  id: string;
  oldInputs: Properties;
  oldOutputs: Properties;
  newInputs: Properties;
}

export interface DeleteRequest {
  id: string;
  inputs: Properties;
  outputs: Properties;
}

/**
 * The life of one type of resource. It knows neither gRPC nor closures: a shell carries it to the engine.
 *
 * Every method may be called again after it was interrupted, and must then go on from what is there. Errors that leave
 * a resource behind are {@link PartialFailureError}s.
 */
export interface Controller extends About {
  readonly inputs: z.ZodObject;
  /** Outputs beside the inputs, which are all outputs as well. */
  readonly outputs: z.ZodObject;

  /**
   * Validates and completes the inputs. It may read the disk, and never calls the service; around it, `withServiceIdentity`
   * asks there whether the API key is of the namespace that is asked for.
   */
  check(request: CheckRequest, context: OperationContext): Promise<CheckResult>;
  /** Compares inputs with inputs. It touches neither disk nor network: it must be right in a refresh and elsewhere. */
  diff(request: DiffRequest): DiffResult;
  /**
   * Says in a line, before an update, what it will do that its changes do not show. It may read the disk, and asks nobody.
   */
  forecast?(request: DiffRequest, changes: readonly PropertyChange[], cwd: string): Promise<string | undefined>;
  /**
   * What is certain of the outputs before an update is made, as a preview promises it: what is not among them is unknown
   * until then. It touches neither disk nor network.
   */
  promise(request: UpdateRequest): Properties;
  /** In a preview, promises what is certain and does nothing. */
  create(inputs: Properties, context: OperationContext): Promise<CreateResult>;
  /** @returns undefined when the service says that the resource is gone, and for no other reason */
  read(request: ReadRequest, context: OperationContext): Promise<ReadResult | undefined>;
  update(request: UpdateRequest, context: OperationContext): Promise<Properties>;
  /** A resource that is gone already is success. */
  delete(request: DeleteRequest, context: OperationContext): Promise<void>;
}
