import { change, core, read, type MlflowCall } from './call.ts';

const one = `${core}/webhooks/:webhook_id`;

export const webhookCalls = {
  createWebhook: change('POST', `${core}/webhooks`, 'webhook.create', 'MLflow: add a webhook'),
  listWebhooks: read(`${core}/webhooks`, 'MLflow: webhooks, newest first'),
  getWebhook: read(one, 'MLflow: a webhook'),
  updateWebhook: change('PATCH', one, 'webhook.update', 'MLflow: change a webhook'),
  deleteWebhook: change('DELETE', one, 'webhook.remove', 'MLflow: remove a webhook'),
  testWebhook: change('POST', `${one}/test`, 'webhook.test', 'MLflow: send an example to a webhook'),
} as const satisfies Record<string, MlflowCall>;
