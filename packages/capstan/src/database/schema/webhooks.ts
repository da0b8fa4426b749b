export interface WebhooksTable {
  id: string;
  name: string;
  description: string | null;
  url: string;
  /** JSON: `model_version.created`, … */
  events: string;
  /** Encrypted. */
  secret: string | null;
  status: 'ACTIVE' | 'DISABLED';
  /** Facts up to this one were before its time. */
  since_seq: number;
  created_at: number;
  updated_at: number;
}

/** One message to one webhook; the same fact makes the same message once. */
export interface WebhookDeliveriesTable {
  id: string;
  webhook_id: string;
  event_seq: number;
  event: string;
  body: string;
  state: 'pending' | 'delivered' | 'failed' | 'cancelled';
  tries: number;
  /** What the target answered last. */
  status: number | null;
  error: string | null;
  created_at: number;
  /** Real time. */
  tried_at: number | null;
  /** Real time. */
  next_try_at: number | null;
}

export interface WebhooksSchema {
  webhooks: WebhooksTable;
  webhook_deliveries: WebhookDeliveriesTable;
}
