export { config } from '../../capstan/src/config.ts';
