import * as v from "valibot";
import { duration } from "../config/duration.ts";

/** A field with what its documentation says. */
export const described = <Schema extends v.GenericSchema>(schema: Schema, description: string) =>
  v.pipe(schema, v.description(description));

const urlExpectation = "an http or https URL without user, password, query or fragment";

const isUrl = (text: string): boolean => {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) return false;
  return [url.username, url.password, url.search, url.hash].every((part) => part === "");
};

export const httpUrl = v.pipe(
  v.string(urlExpectation),
  v.check((text) => isUrl(text), urlExpectation),
);

export const timeout = described(
  v.optional(
    v.pipe(
      duration(),
      v.minValue(1, "a duration of at least 1ms"),
      v.maxValue(300_000, "a duration of at most 5m"),
    ),
    "10s",
  ),
  "For one attempt, from connecting to the end of the answer.",
);
