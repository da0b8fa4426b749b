export const load = () => import('fastify');
