/** What the plugin needs once there is a resource: loaded late, so that its start is not paid for by it. */
export { controllerFor } from "../controllers.ts";
export { otherServiceNotice } from "../core/service-identity/with-service-identity.ts";
export { secretProperties } from "../core/secret-properties.ts";
export { PartialFailureError } from "../errors.ts";
