import type { Writer } from '#database';
import type { Cause } from '#kernel/cause';
import { DomainError, invalid } from '#kernel/errors';
import { hexId } from '#model/experiments';
import { storable } from '#kernel/exact-json';
import type { TracesDeps } from '../deps.ts';
import type { Assessment, AssessmentError, AssessmentKind, AssessmentSource } from '../model.ts';
import { noAssessment, noTrace } from '../refusals.ts';
import { findTrace, type TraceHead } from '../trace.store.ts';
import * as store from './assessment.store.ts';

const LONGEST_NAME = 250;
const LONGEST_ID = 50;
const LONGEST_VALUE = 1_000_000;

export interface NewAssessment {
  /** Made up when absent. */
  readonly id?: string | undefined;
  readonly kind: AssessmentKind;
  readonly name: string;
  readonly value: unknown;
  readonly error?: AssessmentError | undefined;
  readonly rationale?: string | undefined;
  readonly source: { readonly type: AssessmentSource; readonly id: string | null };
  readonly spanId?: string | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  readonly overrides?: string | undefined;
  readonly isValid?: boolean | undefined;
  readonly createdAt?: number | undefined;
  readonly updatedAt?: number | undefined;
}

/** Only what is given changes; metadata is merged. */
export interface AssessmentChange {
  readonly traceId: string;
  readonly id: string;
  readonly name?: string | undefined;
  /** Kind and new value; the kind never changes. */
  readonly value?: {
    readonly kind: AssessmentKind;
    readonly value: unknown;
    readonly error?: AssessmentError | undefined;
  };
  readonly rationale?: string | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  readonly isValid?: boolean | undefined;
  readonly cause: Cause;
}

export interface AssessmentUseCases {
  /** One that overrides another marks that as no longer valid. @throws DomainError NOT_FOUND for the trace, or what is overridden */
  createAssessment(input: {
    readonly traceId: string;
    readonly assessment: NewAssessment;
    readonly cause: Cause;
  }): Promise<Assessment>;
  /** @throws DomainError NOT_FOUND */
  getAssessment(traceId: string, id: string): Promise<Assessment>;
  /** @throws DomainError NOT_FOUND; INVALID_ARGUMENT for a value of the other kind */
  updateAssessment(change: AssessmentChange): Promise<Assessment>;
  /** What it overrode counts again; nothing happens where there is none. @throws DomainError NOT_FOUND for the trace */
  deleteAssessment(input: { readonly traceId: string; readonly id: string; readonly cause: Cause }): Promise<void>;
}

export function assessmentUseCases(deps: TracesDeps): AssessmentUseCases {
  const { database, events, clock } = deps;

  /** Runs a change on a trace that is there. */
  async function change<Result>(
    traceId: string,
    work: (writer: Writer, head: TraceHead) => Promise<Result>,
  ): Promise<Result> {
    return await database.write(async (writer) => {
      const head = await findTrace(writer, traceId);
      if (!head) throw noTrace(traceId);
      return await work(writer, head);
    });
  }

  async function append(
    writer: Writer,
    { id, traceId, kind, name }: Assessment,
    what: 'created' | 'updated' | 'deleted',
    cause: Cause,
  ): Promise<void> {
    const payload = { assessment: id, kind, name, change: what };
    await events.append(writer, cause, { type: 'trace.assessed', subject: `trace:${traceId}`, payload });
  }

  return {
    createAssessment: ({ traceId, assessment, cause }) =>
      change(traceId, async (writer, head) => {
        const created = await putNewAssessment(deps, writer, head, assessment);
        await append(writer, created, 'created', cause);
        return created;
      }),
    async getAssessment(traceId, id) {
      const head = await findTrace(database.read, traceId);
      const found = head && (await store.findAssessment(database.read, head, id));
      if (!head) throw noTrace(traceId);
      if (!found) throw noAssessment(traceId, id);
      return found;
    },
    updateAssessment: ({ traceId, id, name, value, rationale, metadata, isValid, cause }) =>
      change(traceId, async (writer, head) => {
        const known = await store.findAssessment(writer, head, id);
        if (!known) throw noAssessment(traceId, id);
        if (value && value.kind !== known.kind) {
          const [word, owner] = [value.kind, known.kind === 'expectation' ? 'an Expectation' : 'a Feedback'];
          throw invalid(`Cannot update ${word} value on ${owner} assessment.`, { field: value.kind });
        }
        const changed: Assessment = checkedAssessment({
          ...known,
          name: name ?? known.name,
          ...(value && { value: value.value, error: value.error ?? null }),
          rationale: rationale ?? known.rationale,
          metadata: { ...known.metadata, ...metadata },
          isValid: isValid ?? known.isValid,
          updatedAt: clock.now(),
        });
        await store.putAssessment(writer, head.key, changed);
        await append(writer, changed, 'updated', cause);
        return changed;
      }),
    deleteAssessment: ({ traceId, id, cause }) =>
      change(traceId, async (writer, head) => {
        const known = await store.findAssessment(writer, head, id);
        if (!known) return;
        if (known.overrides !== null) await store.setValid(writer, head.key, known.overrides, true);
        await store.deleteAssessment(writer, head.key, id);
        await append(writer, known, 'deleted', cause);
      }),
  };
}

/** Of two of one moment, the later sorts behind, as ids of the port do: the first twelve of its digits tell the order. */
function newId(made: string): string {
  const digits = Array.from(made.slice(made.indexOf('_') + 1).slice(0, 12), (digit) =>
    BigInt(Number.parseInt(digit, 36)),
  );
  const order = digits.reduce((sum, digit) => sum * 36n + digit, 0n);
  return `a-${order.toString(16).padStart(16, '0')}${hexId(made).slice(16)}`;
}

/** Stores an assessment of a trace in the caller's transaction. @throws DomainError NOT_FOUND for one that it overrides */
export async function putNewAssessment(
  { clock, ids }: TracesDeps,
  writer: Writer,
  trace: { readonly key: number; readonly id: string },
  given: NewAssessment,
): Promise<Assessment> {
  const { id, error, rationale, spanId, metadata, overrides, isValid, createdAt, updatedAt, ...rest } = given;
  const assessment = checkedAssessment({
    ...rest,
    id: id ?? newId(ids.next('assessment')),
    traceId: trace.id,
    error: error ?? null,
    rationale: rationale ?? null,
    spanId: spanId ?? null,
    metadata: metadata ?? {},
    overrides: overrides ?? null,
    isValid: isValid ?? true,
    createdAt: createdAt ?? clock.now(),
    updatedAt: updatedAt ?? clock.now(),
  });
  if (overrides !== undefined && !(await store.setValid(writer, trace.key, overrides, false))) {
    throw noAssessment(trace.id, overrides);
  }
  if (!(await store.putAssessment(writer, trace.key, assessment))) {
    throw new DomainError('ALREADY_EXISTS', `Assessment '${assessment.id}' already exists, on another trace`, {
      field: 'assessment_id',
    });
  }
  return assessment;
}

/** As it is kept. @throws DomainError INVALID_ARGUMENT for a name, id or value that none may have */
export function checkedAssessment(assessment: Assessment): Assessment {
  const { id, name, value, rationale, source, spanId, metadata, error } = assessment;
  if (!/^[\w-]{1,50}$/.test(id)) throw invalid(`Invalid assessment ID '${id.slice(0, LONGEST_ID)}'`, { field: 'id' });
  if (name.length > LONGEST_NAME) {
    throw invalid(`'assessment_name' exceeds the maximum length of ${LONGEST_NAME} characters`, {
      field: 'assessment_name',
    });
  }
  if (JSON.stringify(value).length > LONGEST_VALUE) {
    throw invalid(`The value is longer than ${LONGEST_VALUE} characters`, { field: 'value' });
  }
  const text = (given: string | null) => given && storable(given);
  return {
    ...assessment,
    name: storable(name),
    value: typeof value === 'string' ? storable(value) : value,
    rationale: text(rationale),
    source: { type: source.type, id: text(source.id) },
    spanId: text(spanId),
    metadata: Object.fromEntries(Object.entries(metadata).map(([key, entry]) => [storable(key), storable(entry)])),
    error: error && {
      code: text(error.code),
      message: text(error.message),
      stackTrace: text(error.stackTrace),
    },
  };
}
