// The same rules as the real tree, held against files that each break one on purpose (see tests/lint).
import { defineConfig } from 'oxlint';
import { rules } from '../../oxlint.config.ts';

export default defineConfig(rules);
