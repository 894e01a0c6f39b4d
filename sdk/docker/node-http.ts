/**
 * Node's HTTP/1.1, without what an `import` adds to it: that reads every export of a built-in module, and one of these is a
 * getter that loads all of Node's own `fetch`, which takes longer than the module itself.
 */
export const http = process.getBuiltinModule("node:http");

/** Node's TLS, which the engine of the same machine is not spoken to with. */
export const tls = (): typeof import("node:tls") => process.getBuiltinModule("node:tls");
