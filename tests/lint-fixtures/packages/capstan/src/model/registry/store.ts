import { sql } from 'kysely';
import { errors } from '#kernel/errors';
import { experiments } from '#model/experiments';

export const query = sql`select ${errors + experiments}`;
