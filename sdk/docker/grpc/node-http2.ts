/** Node's HTTP/2, which takes a while to load: only who speaks it waits for that. */
export const http2 = (): typeof import("node:http2") => process.getBuiltinModule("node:http2");
