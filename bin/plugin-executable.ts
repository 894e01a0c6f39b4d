// Where the plugin begins when it is one executable (`npm run build:plugin`): it brings its Node along, which is no older than
// it has to be, and is CommonJS, which cannot wait at its top level.
import { serveEngine } from "./serve-engine.ts";

void serveEngine(process.argv.slice(2));
