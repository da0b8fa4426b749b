import { describeIds } from './ids.contract.ts';
import { randomIds } from './ids.ts';

describeIds('randomIds', () => randomIds);
