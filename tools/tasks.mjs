// Runs one task of the repository: `node tools/tasks.mjs TASK [arguments]`. Needs Node.js 24 and the installed packages;
// tools/launch.mjs brings both and is what the npm scripts call.
import { runTask } from './tasks/index.ts';

process.exitCode = await runTask(process.argv[2], process.argv.slice(3));
