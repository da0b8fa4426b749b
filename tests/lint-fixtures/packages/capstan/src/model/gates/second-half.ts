import { first } from './first-half.ts';

export const second = () => first;
