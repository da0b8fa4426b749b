import type { RawRequest } from '#http';
import { DomainError } from '#kernel/errors';
import { call } from '../wire/call.ts';
import { message, string } from '../wire/fields.ts';
import { required } from '../wire/require.ts';

/**
 * What can be said of users while there are none to be managed: who calls, and what the caller may do. Nobody else is
 * known. Shapes: MLflow's `basic-auth` app.
 */
export function userCalls() {
  return {
    getCurrentUser: call(message({}), async (_, { request }) => ({
      user: { username: request.cause.actor, is_admin: isAdmin(request) },
      is_basic_auth: false,
    })),
    listCurrentUserPermissions: call(message({}), async (_, { request }) => ({
      is_admin: isAdmin(request),
      permissions: [],
    })),
    getUserPermission: call(
      message({ username: string, resource_type: string, resource_id: string }),
      async ({ username, resource_type, resource_id }, { request }) => {
        const user = required('username', username);
        required('resource_type', resource_type);
        required('resource_id', resource_id);
        if (user !== request.cause.actor) throw noUser(user);
        return { allowed: request.grants.has('read'), permission: permissionOf(request) };
      },
    ),
  };
}

function isAdmin({ grants }: RawRequest): boolean {
  return grants.has('admin');
}

/** The nearest of MLflow's words. */
function permissionOf(request: RawRequest): 'MANAGE' | 'EDIT' | 'READ' {
  if (isAdmin(request)) return 'MANAGE';
  return request.grants.has('write') ? 'EDIT' : 'READ';
}

function noUser(name: string): DomainError {
  return new DomainError('NOT_FOUND', `User with username=${name.slice(0, 100)} not found`, {
    field: 'username',
    hint: 'This server has no users of its own: users/current says who calls.',
  });
}
