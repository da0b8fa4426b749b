import type { EventType } from '@capstan/api';
import type { EventJobKind } from '#jobs';

/** Which jobs each type of fact asks for. The rows are written in the transaction of the fact itself. */
export const subscriptions: { readonly [T in EventType]?: readonly EventJobKind[] } = {};
