import { defineConfig, type OxlintConfig, type OxlintOverride } from 'oxlint';
import { importRules, type ImportRule } from './tools/lint/import-rules.ts';
import { ambient, fileRoles } from './tools/lint/layers.ts';

const pure = ['**/packages/capstan/src/kernel/**', '**/packages/capstan/src/**/model.ts'];
const tests = [...fileRoles.tests.map((name) => `**/${name}`), '**/*.test.tsx'];

const chance = [
  { object: 'Math', property: 'random' },
  { object: 'Date', property: 'now' },
].map((name) => ({ ...name, message: 'purity: take it as an argument.' }));

/** The rules without what they leave out, so that tests/lint-fixtures is held to exactly these. */
export const rules: OxlintConfig = {
  plugins: ['eslint', 'typescript', 'import', 'node', 'unicorn', 'oxc', 'promise'],
  categories: { correctness: 'error' },
  rules: {
    eqeqeq: ['error', 'always', { null: 'ignore' }],
    'max-lines': ['error', { max: 400, skipBlankLines: false, skipComments: false }],
    'no-console': 'error',
    // Names and paths that come from outside are refused by control characters on purpose.
    'no-control-regex': 'off',
    'no-var': 'error',
    'prefer-const': 'error',
    'import/no-cycle': 'error',
    'import/no-default-export': 'error',
    'import/no-self-import': 'error',
    'node/no-process-env': 'error',
    'typescript/ban-ts-comment': 'error',
    'typescript/no-explicit-any': 'error',
    'typescript/no-floating-promises': 'error',
    'typescript/no-misused-promises': 'error',
    'typescript/only-throw-error': 'error',
    'typescript/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    // Faces are records of closures: their functions are handed around on purpose and know no `this`.
    'typescript/unbound-method': 'off',
    'unicorn/filename-case': ['error', { case: 'kebabCase' }],
  },
  overrides: [
    ...importRules().map(asOverride),
    {
      files: pure,
      excludeFiles: tests,
      rules: {
        'no-restricted-globals': [
          'error',
          ...ambient.map((name) => ({ name, message: 'purity: take it as an argument.' })),
        ],
        'no-restricted-properties': ['error', ...chance],
      },
    },
    {
      files: ['packages/ui/**'],
      plugins: ['react', 'jsx-a11y'],
      rules: {
        'react/rules-of-hooks': 'error',
        'react/exhaustive-deps': 'error',
        // A region that scrolls must be reachable by keyboard (WCAG 2.1.1; axe checks it).
        'jsx-a11y/no-noninteractive-tabindex': 'off',
        // An SVG drawn in place has no tag of its own that says it is one picture.
        'jsx-a11y/prefer-tag-over-role': 'off',
        // The compiler leaves such a component as it is, which is right: TanStack Virtual asks for nothing more.
        'react/incompatible-library': 'off',
      },
    },
    {
      files: ['**/packages/capstan/src/config.ts', '**/packages/capstan/src/main.ts'],
      rules: { 'node/no-process-env': 'off' },
    },
    {
      // Reads nothing: it tells a library, which has no other way to be told.
      files: ['**/adapters/runtime-onnx/no-telemetry.ts'],
      rules: { 'node/no-process-env': 'off' },
    },
    {
      files: ['tools/**', 'bench/**', 'tests/**', '**/bin/*.mjs', ...tests],
      rules: { 'node/no-process-env': 'off', 'no-console': 'off' },
    },
    { files: ['**/*.config.ts', 'tests/setup/**'], rules: { 'import/no-default-export': 'off' } },
  ],
};

function asOverride({ files, patterns }: ImportRule): OxlintOverride {
  return { files: [...files], rules: { 'no-restricted-imports': ['error', { patterns: [...patterns] }] } };
}

export default defineConfig({
  ...rules,
  options: { typeAware: true },
  ignorePatterns: ['**/dist/**', '**/golden/**', 'tests/lint-fixtures/**', '.runtime/**', 'examples/**'],
});
