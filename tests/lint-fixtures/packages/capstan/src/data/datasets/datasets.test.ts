import { dvc } from '#protocols/dvc';
import { wingTest } from '../testing.ts';

wingTest('a test may bring formats and what its wing shares', () => void dvc);
