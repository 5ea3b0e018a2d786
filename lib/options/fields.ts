import * as v from "valibot";
import { duration } from "./duration.ts";

/** Adds the description that the documentation shows to a field. */
export const described = <Schema extends v.GenericSchema>(schema: Schema, description: string) =>
  v.pipe(schema, v.description(description));

/** Trims a trailing line break: editors and secret stores add one. */
const withoutLastBreak = v.transform<string, string>((text) => text.replace(/[\r\n]+$/, ""));

/** Non-empty text, without a trailing line break. */
export const filledText = (expected: string) =>
  v.pipe(v.string(expected), withoutLastBreak, v.nonEmpty(expected));

/** Text for a header: surrounding blanks are trimmed, all but printable ASCII is refused. */
export const headerText = (expected: string) => {
  const whole = `${expected}, in printable ASCII without blanks`;
  return v.pipe(v.string(expected), v.trim(), v.regex(/^[\x21-\x7e]+$/, whole));
};

/** Text for a part of a path, a host or a key. */
export const identifier = (expected: string) => {
  const whole = `${expected}, at most 128 letters, digits, - and _`;
  return v.pipe(v.string(expected), v.trim(), v.regex(/^[\w-]{1,128}$/, whole));
};

/** A whole number within both bounds, inclusive. */
export const wholeNumber = (least: number, most: number) => {
  const expected = `a whole number from ${least} to ${most}`;
  return v.pipe(
    v.number(expected),
    v.integer(expected),
    v.minValue(least, expected),
    v.maxValue(most, expected),
  );
};

const zoneExpectation = "an IANA time zone such as UTC or Asia/Shanghai";
/** Schema of an IANA time zone. */
export const timeZone = v.pipe(v.string(zoneExpectation), v.check(isTimeZone, zoneExpectation));

function isTimeZone(name: string): boolean {
  // The default is accepted without loading time zone data.
  if (name === "UTC") return true;
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

const urlExpectation = "an http or https URL without user, password, query or fragment";
/** Schema of an http or https URL without user, password, query or fragment. */
export const httpUrl = v.pipe(
  v.string(urlExpectation),
  v.trim(),
  v.check((text) => isHttpUrl(text), urlExpectation),
);

function isHttpUrl(text: string): boolean {
  const url = URL.parse(text);
  // URL parsers ignore line breaks and tabs.
  if (url === null || /[\s\p{Cc}]/u.test(text) || !/^https?:$/.test(url.protocol)) return false;
  return [url.username, url.password, url.search, url.hash].every((part) => part === "");
}

/** Time limit of one attempt of a sink. */
export const attemptTimeout = v.pipe(
  duration(),
  v.minValue(1, "a duration of at least 1ms"),
  v.maxValue(300_000, "a duration of at most 5m"),
);

/** Time limit of one attempt of a sink over HTTP. */
export const requestTimeout = (initial: "10s" | "15s") =>
  described(
    v.optional(attemptTimeout, initial),
    "Time limit of one attempt, from connecting to the end of the response.",
  );
