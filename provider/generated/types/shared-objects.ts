// Made by `npm run generate` from the schemas in provider/core: change those, not this.
import type * as pulumi from "@pulumi/pulumi";
/** The Nullspace service that a resource belongs to. */
export interface ServiceRecordArgs {
  /** Address of the service when the resource was last created or changed. */
  url: pulumi.Input<string>;
  /** Id of the service, whatever its address is; absent if it reports none. */
  id?: pulumi.Input<string>;
  /** Your own namespace there: `name` and `<namespace>/name` are the same template. */
  namespace?: pulumi.Input<string>;
  /** Mark by which the provider recognises what this resource has created there. */
  mark?: pulumi.Input<string>;
}
/** The Nullspace service that a resource belongs to. */
export interface ServiceRecord {
  /** Address of the service when the resource was last created or changed. */
  url: string;
  /** Id of the service, whatever its address is; absent if it reports none. */
  id?: string;
  /** Your own namespace there: `name` and `<namespace>/name` are the same template. */
  namespace?: string;
  /** Mark by which the provider recognises what this resource has created there. */
  mark?: string;
}
