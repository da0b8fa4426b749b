// What is told of a run in a checkout, and how. Pure.
import type { ReportedFact, ReportedFile, ReportedRun, ReportedStage, StageReason } from '@capstan/api';
import { paramTexts } from '#kernel/param-texts';
import type { LockedPath, LockedStage } from '#protocols/dvc';
import { addressOf, whyText, type StageNode, type WhyStage } from '../pipelines/model.ts';
import type { PlannedNode } from '../pipelines/targets.ts';

const LONGEST_TEXT = 4_000;
const LONGEST_WORD = 1_000;
const MOST_FILES = 10_000;
const MOST_REASONS = 200;
const LONGEST_PARAM = 6_000;
const LONGEST_SLUG = 64;

/** An address without user, password, query and fragment; null for a path of this machine, which says nothing elsewhere. */
export function remoteOf(url: string): string | null {
  const parts = /^([a-z][a-z\d+.-]*):\/\/(?:[^/?#]*@)?([^?#]*)/i.exec(url);
  if (parts) return parts[1]?.toLowerCase() === 'file' ? null : `${parts[1]}://${parts[2]}`.slice(0, 2_000);
  const short = /^(?:[^/]*@)?([^/@:]+:(?!\\).*)$/.exec(url);
  return short?.[1] !== undefined && short[1].indexOf(':') > 1 ? short[1].slice(0, 2_000) : null;
}

/** A name that projects may have, from any text. */
export function projectName(text: string): string {
  const name = text
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, LONGEST_SLUG)
    .replace(/-+$/, '');
  return name === '' ? 'checkout' : name;
}

/** The stages of a plan, each after the stages it waits for; data between them is left out. */
export function reportedStages(plan: readonly PlannedNode[]): ReportedStage[] {
  const named = new Map(plan.map((each) => [each.node.name, each]));
  return plan.flatMap(({ node }) => {
    if (node.kind !== 'stage') return [];
    const { stage } = node;
    return [
      {
        name: toldName(node),
        description: stage.description?.slice(0, LONGEST_TEXT) ?? null,
        command: stage.lines.join('\n').slice(0, 64_000),
        after: stagesBefore(node.name, named).map(toldName),
        inputs: [...stage.inputs, ...stage.params].map(({ file }) => file).slice(0, MOST_FILES),
        outputs: stage.outputs.map(({ file }) => file).slice(0, MOST_FILES),
      },
    ];
  });
}

function stagesBefore(name: string, plan: ReadonlyMap<string, PlannedNode>): StageNode[] {
  const found = new Set<StageNode>();
  const seen = new Set(plan.get(name)?.after);
  // A set hands out what is added while it is gone through.
  for (const each of seen) {
    const before = plan.get(each);
    if (before?.node.kind === 'stage') found.add(before.node);
    else for (const behind of before?.after ?? []) seen.add(behind);
  }
  return [...found];
}

/** How a stage is called wherever the command was given. */
export const toldName = (node: StageNode): string => addressOf(node, '').slice(0, LONGEST_WORD);

export function reasonsOf(why: readonly WhyStage[]): StageReason[] {
  return why.slice(0, MOST_REASONS).map((each) => {
    const { kind, subject, before, after } = each;
    return {
      kind,
      ...(subject !== undefined && { subject }),
      ...(before !== undefined && { before: before.slice(0, LONGEST_TEXT) }),
      ...(after !== undefined && { after: after.slice(0, LONGEST_TEXT) }),
      text: whyText(each).slice(0, LONGEST_TEXT),
    };
  });
}

export function filesOf(paths: readonly LockedPath[]): ReportedFile[] {
  return paths.slice(0, MOST_FILES).map(({ path, md5, scheme, etag, checksum, sizeBytes, fileCount }) => {
    const hash =
      md5 !== undefined
        ? `${scheme ?? 'md5'}:${md5}`
        : etag !== undefined
          ? `etag:${etag}`
          : checksum === undefined
            ? undefined
            : `checksum:${checksum}`;
    return {
      path,
      ...(hash !== undefined && { hash: hash.slice(0, 200) }),
      ...(sizeBytes !== undefined && { sizeBytes }),
      ...(fileCount !== undefined && { files: fileCount }),
    };
  });
}

/** The values that a stage depends on, by the names that a run's parameters have. */
export function paramsOf({ params }: Pick<LockedStage, 'params'>): Record<string, string> {
  return Object.fromEntries(
    [...paramTexts(params)].map(([name, value]) => [name.slice(0, LONGEST_WORD), value.slice(0, LONGEST_PARAM)]),
  );
}

export const cutText = (text: string): string => text.slice(0, LONGEST_TEXT);

/** One line of a journal. */
export type JournalLine =
  | { readonly begin: ReportedRun }
  | {
      readonly fact: ReportedFact;
      /** File name of an attempt's log, in the folder of the run. */
      readonly log?: string;
    };

/** The whole lines of a text, and how many bytes they take. One that cannot be read ends them: it was cut by a kill. */
export function readLines(bytes: Buffer): { readonly lines: JournalLine[]; readonly sizeBytes: number } {
  const lines: JournalLine[] = [];
  let sizeBytes = 0;
  for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, sizeBytes)) {
    try {
      lines.push(JSON.parse(bytes.toString('utf8', sizeBytes, end)) as JournalLine);
    } catch {
      break;
    }
    sizeBytes = end + 1;
  }
  return { lines, sizeBytes };
}
