import type { ActivityIndex } from "../../checkpoint/activity.ts";
import { hashToUnit } from "../../core/hash-to-unit.ts";
import type { StreamKey } from "../../core/names.ts";
import { type Item, numberOf, textOf } from "./item.ts";
import type { Table } from "./table.ts";

/** The table's secondary index; both stacks make it. */
const indexName = "activity";
/** One part of an index takes a thousand writes a second. */
const parts = 16;

/** What makes a record part of the index. It is written with the record, so the two never disagree. */
export const activityAttributes = (stream: StreamKey, activeMs: number): Item => ({
  activityPart: { S: String(Math.floor(hashToUnit(stream) * parts)) },
  activeMs: { N: String(activeMs) },
});

/** The index of a table of checkpoints: records that were quiet for long are not read, so it costs what is active. */
export const dynamodbActivity = (table: Table): ActivityIndex => ({
  activeSince: async (ms) => {
    const found = await Promise.all(
      Array.from({ length: parts }, (_, part) =>
        table.queryIndex({
          index: indexName,
          hash: { name: "activityPart", value: { S: String(part) } },
          above: { name: "activeMs", value: { N: String(ms) } },
        }),
      ),
    );
    return new Map(found.flat().map((item) => [textOf(item, "pk") as StreamKey, numberOf(item, "activeMs")]));
  },
});
