// An empty Git repository that dvc was set up in, made once for each test file: dvc takes a second to start.
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { doneAsAda } from './run-as-ada.ts';
import { emptyFolder } from './server.ts';

let made: string | undefined;

/** Makes the folder `root` such a repository, on the branch `main`, with one commit. @param program the real dvc */
export function initWithDvc(root: string, program: string): void {
  made ??= make(program);
  cpSync(made, root, { recursive: true });
}

function make(program: string): string {
  const root = join(emptyFolder(), 'repository');
  mkdirSync(root);
  doneAsAda(root, 'git', ['init', '-q', '-b', 'main']);
  doneAsAda(root, program, ['init', '-q']);
  doneAsAda(root, 'git', ['add', '-A']);
  doneAsAda(root, 'git', ['commit', '-qm', 'init']);
  return root;
}
