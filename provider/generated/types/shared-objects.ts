// Made by `npm run generate` from the schemas in provider/core: change those, not this.
import type * as pulumi from "@pulumi/pulumi";
/** The Nullspace service that a resource is of. */
export interface ServiceRecordArgs {
  /** Address of the service when the resource was last made or changed. */
  url: pulumi.Input<string>;
  /** What the service calls itself, whatever its address; absent where it does not tell. */
  id?: pulumi.Input<string>;
  /** Your own namespace there: `name` and `<namespace>/name` are the same template. */
  namespace?: pulumi.Input<string>;
  /** By what the provider knows there what this resource has made. */
  mark?: pulumi.Input<string>;
}
/** The Nullspace service that a resource is of. */
export interface ServiceRecord {
  /** Address of the service when the resource was last made or changed. */
  url: string;
  /** What the service calls itself, whatever its address; absent where it does not tell. */
  id?: string;
  /** Your own namespace there: `name` and `<namespace>/name` are the same template. */
  namespace?: string;
  /** By what the provider knows there what this resource has made. */
  mark?: string;
}
