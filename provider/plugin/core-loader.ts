/** What the plugin needs once there is a resource: loaded late, so that its start is not paid for by it. */
export { controllerFor } from "../controllers.ts";
export { functionFor } from "../functions.ts";
export { runFunction } from "../core/run-function.ts";
export { otherServiceNotice } from "../core/service-identity/with-service-identity.ts";
export { secretProperties } from "../core/secret-properties.ts";
export { InvalidArgumentsError, PartialFailureError } from "../errors.ts";
