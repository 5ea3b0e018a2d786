import * as v from "valibot";
import { AwsError } from "../aws/errors.ts";
import { entryResult } from "./aws-results.ts";
import type { DeliveryResult } from "./sink.ts";

const entry = v.object({ ErrorCode: v.nullish(v.string()) });

/** The results of a batch whose answer lists one entry for each event, by position, under `field`. @throws AwsError */
export function indexedResults(
  call: string,
  answer: unknown,
  field: string,
  count: number,
): readonly DeliveryResult[] {
  const parsed = v.safeParse(v.object({ [field]: v.array(entry) }), answer);
  const entries = parsed.success ? parsed.output[field] : undefined;
  if (entries?.length !== count) {
    throw new AwsError("malformed", "NO_ENTRIES", `${call}: the answer does not list what was sent`);
  }
  return entries.map(({ ErrorCode }) => entryResult(call, ErrorCode ? { code: ErrorCode } : null));
}
