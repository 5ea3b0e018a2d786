import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import { DatabaseSync } from "node:sqlite";
import { text } from "node:stream/consumers";
import { Webhook, WebhookVerificationError } from "standardwebhooks";
// In a project of your own: import type { CloudEvent } from "dms-task-bridge".
import type { CloudEvent } from "../../lib/index.ts";

export interface ReceiverOptions {
  /** `whsec_…`, the one of the bridge's configuration. */
  readonly secret: string;
  /** Remembers which events were seen. */
  readonly database: DatabaseSync;
  /** Called once an event, inside the transaction that remembers it. When it throws, the event comes again. */
  readonly act: (event: CloudEvent) => void;
}

/** Takes signed deliveries, each event once. */
export function receiver({ secret, database, act }: ReceiverOptions): RequestListener {
  const webhook = new Webhook(secret);
  database.exec("CREATE TABLE IF NOT EXISTS seen (id TEXT PRIMARY KEY, at TEXT DEFAULT CURRENT_TIMESTAMP)");
  const remember = database.prepare("INSERT OR IGNORE INTO seen (id) VALUES (?)");

  const take = (event: CloudEvent): void => {
    database.exec("BEGIN IMMEDIATE");
    try {
      // A repeat changes nothing here, and is answered like the first one.
      if (remember.run(event.id).changes === 1) act(event);
      database.exec("COMMIT");
    } catch (error) {
      database.exec("ROLLBACK");
      throw error;
    }
  };

  return async (request, response) => {
    try {
      take(verified(webhook, request, await text(request)));
      response.writeHead(204).end();
    } catch (error) {
      // 401 makes the bridge wait for its operator; 500 makes it try again.
      response.writeHead(error instanceof WebhookVerificationError ? 401 : 500).end();
    }
  };
}

/** @throws WebhookVerificationError for a body that is not the bridge's, or an old one */
function verified(webhook: Webhook, { headers }: IncomingMessage, body: string): CloudEvent {
  const signed = ["webhook-id", "webhook-timestamp", "webhook-signature"];
  return webhook.verify(
    body,
    Object.fromEntries(signed.map((name) => [name, String(headers[name] ?? "")])),
  ) as CloudEvent;
}

if (import.meta.filename === process.argv[1]) {
  const act = ({ data: { task } }: CloudEvent): void => {
    process.stdout.write(`${task.updatedAt} ${task.name} ${task.status}\n`);
  };
  const options = { secret: process.env["WEBHOOK_SECRET"] ?? "", database: new DatabaseSync("seen.db"), act };
  createServer(receiver(options)).listen(8080);
}
