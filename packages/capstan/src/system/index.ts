// What every control plane answers about itself: health, readiness, status, simulated time, the feed of facts, metrics,
// the API document. Owns no table but the setting of simulated time. Called by app.ts.
export { systemRoutes } from './routes.ts';
export { openClock, type AppClock } from './app-clock.ts';
export { createMetrics } from './metrics.ts';
