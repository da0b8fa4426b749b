import { invalid } from '#kernel/errors';
import { refuseControl, refuseLong } from './naming.ts';

/** Words for the names of runs that got none. Plain, friendly, easy to tell apart when read aloud. */
const adjectives = (
  'able amber bold brave brisk calm candid clever crisp deft eager early easy fair fleet fond frank gentle glad golden ' +
  'grand handy hardy hearty honest humble jolly keen kind lively loyal lucid mellow merry mild modest neat nimble noble ' +
  'patient placid plucky polite proud quick quiet rapid ready robust serene sharp silent smooth snug steady stout subtle ' +
  'sunny swift tender tidy trusty upbeat vivid warm wise witty'
).split(' ');
const nouns = (
  'anchor bark beacon bight boom bow brig buoy cable cape chart clipper coast compass cove current cutter deck delta dock ' +
  'ferry fjord galley gull harbour haven helm hull inlet island jetty keel ketch knot lagoon lantern lighthouse lugger ' +
  'mast moorings narwhal oar otter pelican pier pilot porpoise puffin quay reef rigging rudder sail schooner seal sextant ' +
  'shoal sloop sound spar squall strait tern tide tiller wave whale wharf winch yawl'
).split(' ');

/** A name such as `swift-harbour-412`, the same for the same id. @param id at least 12 hex digits */
export function runNameFrom(id: string): string {
  const pick = (words: readonly string[], from: number): string =>
    words[Number.parseInt(id.slice(from, from + 4), 16) % words.length] ?? 'plain';
  return `${pick(adjectives, 0)}-${pick(nouns, 4)}-${Number.parseInt(id.slice(8, 12), 16) % 1_000}`;
}

/** A name may be anything people read in one line. */
export function checkRunName(name: string): void {
  refuseLong('run_name', name, 500);
  refuseControl('run_name', name);
  if (!name.isWellFormed()) throw invalid("'run_name' holds half a character", { field: 'run_name' });
}
