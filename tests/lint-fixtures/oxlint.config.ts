// The same rules as the real tree (which is linted with --disable-nested-config), held against files that each break one on purpose (see tests/lint).
import { defineConfig } from 'oxlint';
import { rules } from '../../oxlint.config.ts';

export default defineConfig(rules);
