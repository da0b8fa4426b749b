// Webhooks: who outside hears of what happens to registered models and prompts. Messages, headers and signature are those
// of MLflow, so that its receivers work unchanged. Owns the outbox (what is told to whom, and how that went) and the
// secrets, which never leave it. Hears facts of the registry; calls out by ports/outbound-http only.
// Called by its routes and by protocols/mlflow.
export { createWebhooks, type Webhooks } from './service.ts';
export { webhookRoutes } from './routes.ts';
export { webhookJobs } from './jobs.ts';
export type { WebhooksDeps } from './deps.ts';
export { isEvent, type Webhook, type WebhookEvent } from './model.ts';
