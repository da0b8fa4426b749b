import { existsSync } from 'node:fs';
import { findOnPath, installDebianPackages } from './ensure-system.ts';

const INSTEAD = 'Install Chromium or Google Chrome, or set TEST_CHROMIUM to the path of one.';
const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** Path of a Chromium for the tests of the interface, installed where that is possible. @throws Error naming the way out */
export async function ensureChromium(): Promise<string> {
  const given = process.env['TEST_CHROMIUM'];
  if (given !== undefined) {
    if (!existsSync(given)) throw new Error(`TEST_CHROMIUM names ${given}, which does not exist`);
    return given;
  }
  const present = find();
  if (present !== null) return present;
  await installDebianPackages(['chromium'], INSTEAD);
  const installed = find();
  if (installed === null) throw new Error(`Chromium is still not there. ${INSTEAD}`);
  return installed;
}

function find(): string | null {
  return names.map(findOnPath).find((path) => path !== null) ?? null;
}
