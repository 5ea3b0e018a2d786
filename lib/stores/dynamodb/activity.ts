import type { ActivityIndex } from "../../checkpoint/activity.ts";
import { hashToUnit } from "../../core/hash-to-unit.ts";
import type { StreamKey } from "../../core/names.ts";
import { type Item, numberOf, textOf } from "./item.ts";
import type { IndexPart, Table } from "./table.ts";

/** Name of the table's secondary index; both stacks create it. */
const indexName = "activity";
/**
 * Number of index partitions; each takes 1,000 writes per second.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
 */
const parts = 16;
/** An index of at most this many records is read in one request: sixteen would open as many connections. */
const fewRecords = 1_000;

/** Attributes that include a record in the index. Written with the record, so the two never disagree. */
export const activityAttributes = (stream: StreamKey, activeMs: number): Item => ({
  activityPart: { S: String(Math.floor(hashToUnit(stream) * parts)) },
  activeMs: { N: String(activeMs) },
});

/** Activity index of a checkpoint table. Its cost depends on the active streams; long quiet records are not read. */
export const dynamodbActivity = (table: Table): ActivityIndex => ({
  activeSince: async (ms) => {
    const above = { name: "activeMs", value: { N: String(ms) } };
    const found =
      (await table.scanIndex({ index: indexName, above, most: fewRecords })) ?? (await inParts(table, above));
    return new Map(found.map((item) => [textOf(item, "pk") as StreamKey, numberOf(item, "activeMs")]));
  },
});

const inParts = async (table: Table, above: IndexPart["above"]): Promise<readonly Item[]> => {
  const found = await Promise.all(
    Array.from({ length: parts }, (_, part) =>
      table.queryIndex({
        index: indexName,
        hash: { name: "activityPart", value: { S: String(part) } },
        above,
      }),
    ),
  );
  return found.flat();
};
