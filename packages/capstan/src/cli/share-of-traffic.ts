import { InvalidArgumentError } from 'commander';

const PERCENT = /^(\d{1,2}(?:\.\d{1,3})?)%$/;

/** `20%` as 0.2. */
export function shareOfTraffic(text: string): number {
  const share = Number(PERCENT.exec(text)?.[1]) / 100;
  if (share > 0) return share;
  throw new InvalidArgumentError('Write a share of the traffic between 0% and 100%, e.g. 20%.');
}
