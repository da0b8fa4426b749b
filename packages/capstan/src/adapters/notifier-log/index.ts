// Tells people by the server's own log: the notifier that is always there and needs no set-up.
// Owns no channel and no memory: notices with one key are written each time. Sends nothing over the network.
// Built by app.ts with the server's logger; called by whoever has something that a person should hear of.
export { createNotifierLog } from './create-notifier-log.ts';
