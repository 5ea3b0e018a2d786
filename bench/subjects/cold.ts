// Loads the given handler as the platform's runtime does, and lets it handle one timer event.
import { pathToFileURL } from "node:url";

const { handler } = await import(pathToFileURL(process.argv[2] ?? "").href);
const context = {
  functionName: "poll",
  awsRequestId: "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
  getRemainingTimeInMillis: () => 60_000,
};
await handler({ source: "aws.events", "detail-type": "Scheduled Event" }, context);
process.stdout.write("\nhandled\n", () => process.exit());
