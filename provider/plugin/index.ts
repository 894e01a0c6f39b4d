export { serve, type Plugin, type ServeOptions } from "./serve.ts";
