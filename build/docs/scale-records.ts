import { encodeCheckpoint } from "../../lib/checkpoint/codec.ts";
import { begin } from "../../lib/checkpoint/transitions.ts";
import { streamKey, taskId } from "../../lib/core/names.ts";
import { seededRandom } from "../../lib/simulator/random.ts";
import { maxObjectBytes } from "../../lib/stores/bucket/client.ts";
import { maxItemBytes } from "../../lib/stores/dynamodb/item.ts";
import { pack } from "../../lib/stores/packed.ts";
import { markdownTable } from "./table.ts";

const sampled = 10_000;
const startMs = Date.UTC(2026, 0, 1);
const stream = streamKey({ engine: "rabbitmq", region: "cn-north-4", projectId: "p1", instanceId: "i1" });
const names = ["bindInstancePublicIp", "restartInstance", "createTopic", "resizeInstance"];

/** Base64 of a record with so many ended tasks, created within one lookback. */
function packedRecord(tasks: number): string {
  const random = seededRandom(1);
  const hex = (): string => Array.from({ length: 32 }, () => Math.floor(random() * 16).toString(16)).join("");
  const known = Array.from({ length: tasks }, (_, index) => {
    const createdAtMs = startMs + index * 80;
    const task = {
      status: index % 9 === 0 ? "FAILED" : "SUCCESS",
      createdAtMs,
      updatedAtMs: createdAtMs + Math.floor(random() * 600_000),
      name: names[index % names.length] ?? "",
      overdueEmitted: false,
      doubt: null,
      past: [],
      gone: null,
    };
    return [taskId(hex()), task] as const;
  });
  return pack(encodeCheckpoint(stream, { ...begin("all", startMs, 0), known: new Map(known) }));
}

/** Rounded down to two digits: a compressor's next version may save a byte. */
const about = (amount: number): string => {
  const unit = 10 ** (Math.floor(Math.log10(amount)) - 1);
  return (Math.floor(amount / unit) * unit).toLocaleString("en-US");
};

/** How many known tasks a record of each store has room for. */
export function roomTable(): string {
  const base64Bytes = packedRecord(sampled).length / sampled;
  const row = (store: string, limit: string, bytes: number, perTask: number) =>
    [store, limit, about(bytes / perTask), about(bytes / perTask / 15)] as const;
  return markdownTable(
    [
      ["a record in", "may have", "known tasks, about", "tasks a minute at 15m"],
      row("DynamoDB", "400 KB, compressed", maxItemBytes, base64Bytes * 0.75),
      row("a bucket", "4 MiB, compressed, as base64", maxObjectBytes, base64Bytes),
    ],
    (column) => column > 1,
  );
}
