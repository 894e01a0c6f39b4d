export { StartupError } from "./errors.ts";
export { startLocalService, type LocalService, type LocalServiceOptions } from "./local-service.ts";
