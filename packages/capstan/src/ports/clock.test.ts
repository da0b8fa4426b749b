import { describeClock } from './clock.contract.ts';
import { systemClock } from './clock.ts';

describeClock('systemClock', () => systemClock);
