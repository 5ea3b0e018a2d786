import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { filledText, headerText, httpUrl, identifier } from "../../lib/options/fields.ts";

const read = (schema: v.GenericSchema, text: string): unknown => {
  const { success, output } = v.safeParse(schema, text);
  return success ? output : null;
};

describe("a field", () => {
  it.each([
    ["a password \n", "a password "],
    ["-----BEGIN\nMII\n-----END\r\n\r\n", "-----BEGIN\nMII\n-----END"],
    ["\n", null],
    ["", null],
  ])("of any text reads %j as %j", (text, value) => {
    expect(read(filledText("a text"), text)).toBe(value);
  });

  it.each([
    [" Bearer-x\r\n", "Bearer-x"],
    ["two words", null],
    ["line\nbreak", null],
    ["gr\u00fcn", null],
    ["\u0000", null],
    [" ", null],
  ])("of a header reads %j as %j", (text, value) => {
    expect(read(headerText("a token"), text)).toBe(value);
  });

  it.each([
    ["0123abc_-\n", "0123abc_-"],
    ["a/b", null],
    ["..", null],
    ["x".repeat(129), null],
  ])("of an identifier reads %j as %j", (text, value) => {
    expect(read(identifier("an id"), text)).toBe(value);
  });

  it.each([
    [" https://dms.example.com\n", "https://dms.example.com"],
    ["https://dms.exa\nmple.com", null],
    ["https://dms.example.com/a b", null],
  ])("of a URL reads %j as %j", (text, value) => {
    expect(read(httpUrl, text)).toBe(value);
  });
});
