import type { Plugin } from 'vite';

/** As the bundler writes imports of Node.js's own modules: a line each. */
const IMPORT = /^import (.+) from ("node:[\w/]+");$/gm;
const CLAUSE = /^([\w$]+)?(?:, )?(?:\* as ([\w$]+))?(?:\{ (.+) \})?$/;

/**
 * Asks for Node.js's own modules by a call instead of an import. An import looks at every member of the module, also at
 * those that are made when somebody looks: streams of files, Web Crypto, standard input. That is a tenth of a start.
 */
export function builtinModules(): Plugin {
  return {
    name: 'capstan-builtin-modules',
    renderChunk(code) {
      const replaced = code.replaceAll(IMPORT, (line: string, clause: string, name: string) => {
        const [, first, all, some] = CLAUSE.exec(clause) ?? [];
        const names = [first, all, some && `{ ${some.replaceAll(' as ', ': ')} }`].filter((each) => each !== undefined);
        if (names.length === 0) this.error(`this import cannot be read: ${line}`);
        return names.map((each) => `const ${each} = globalThis.process.getBuiltinModule(${name});`).join(' ');
      });
      return replaced === code ? null : { code: replaced, map: null };
    },
  };
}
