import { createRootRoute, createRoute, createRouter } from '@tanstack/react-router';
import { Home } from '../screens/home/home.tsx';
import { Audit } from '../screens/audit/audit.tsx';
import { NotFound } from '../screens/not-found.tsx';
import { Shell } from './shell.tsx';

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound });

const children = [
  createRoute({ getParentRoute: () => root, path: '/', component: Home }),
  createRoute({ getParentRoute: () => root, path: '/audit', component: Audit }),
];

export const router = createRouter({ routeTree: root.addChildren(children), defaultPreload: 'intent' });

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
