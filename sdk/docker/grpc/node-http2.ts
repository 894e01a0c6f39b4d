import type * as Http2 from "node:http2";

/** Node's HTTP/2, which takes a while to load: only who speaks it waits for that. */
export const http2 = (): typeof Http2 => process.getBuiltinModule("node:http2");
