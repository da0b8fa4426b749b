// What a test of a webhook sends: the examples that MLflow's own server sends.
import type { Message, WebhookEvent } from './model.ts';

const model = 'example_model';
const prompt = 'example_prompt';
const tag = { key: 'example_key', value: 'example_value' };
const tags = { example_key: 'example_value' };
const alias = 'example_alias';
const version = '1';

const examples: Readonly<Record<WebhookEvent, Message['data']>> = {
  'registered_model.created': { name: model, tags, description: 'An example registered model' },
  'model_version.created': {
    name: model,
    version,
    source: 'models:/123',
    run_id: 'abcd1234abcd5678',
    tags,
    description: 'An example model version',
  },
  'model_version_tag.set': { name: model, version, ...tag },
  'model_version_tag.deleted': { name: model, version, key: tag.key },
  'model_version_alias.created': { name: model, alias, version },
  'model_version_alias.deleted': { name: model, alias },
  'prompt.created': { name: prompt, tags, description: 'An example prompt' },
  'prompt_version.created': {
    name: prompt,
    version,
    template: 'Hello {{name}}!',
    tags,
    description: 'An example prompt version',
  },
  'prompt_tag.set': { name: prompt, ...tag },
  'prompt_tag.deleted': { name: prompt, key: tag.key },
  'prompt_version_tag.set': { name: prompt, version, ...tag },
  'prompt_version_tag.deleted': { name: prompt, version, key: tag.key },
  'prompt_alias.created': { name: prompt, alias, version },
  'prompt_alias.deleted': { name: prompt, alias },
  'budget_policy.exceeded': {
    budget_policy_id: 'bp-abc123',
    budget_unit: 'USD',
    budget_amount: 100,
    current_spend: 105.5,
    duration_unit: 'MONTHS',
    duration_value: 1,
    target_scope: 'ENDPOINT',
    workspace: 'default',
    target_value: 'ep-abc123',
    window_start: 1_704_067_200_000,
  },
};

export function exampleOf(event: WebhookEvent): Message {
  return { event, data: examples[event] };
}
