import { PassThrough } from "node:stream";
import { expect, it } from "vitest";
import { confirm } from "../../../lib/cli/screen/confirm.ts";
import { fakeScreen } from "../../harness/screen.ts";

function asking({ answer, isTTY = true }: { answer: string | null; isTTY?: boolean }) {
  const { screen, err } = fakeScreen({ isTTY });
  const input = Object.assign(new PassThrough(), { isTTY });
  if (answer === null) input.end();
  else input.write(`${answer}\n`);
  return { context: { screen, input, stop: new AbortController().signal }, err };
}

it.each([
  ["y", true],
  ["Yes", true],
  ["n", false],
  ["", false],
  ["yesterday", false],
  [null, false],
])("takes the answer %j as %s", async (answer, agreed) => {
  const { context, err } = asking({ answer });
  expect(await confirm(context, "This deletes all.", false)).toBe(agreed);
  expect(err()).toContain("This deletes all.");
});

it("does not ask who agreed beforehand", async () => {
  const { context, err } = asking({ answer: null, isTTY: false });
  expect(await confirm(context, "This deletes all.", true)).toBe(true);
  expect(err()).toBe("");
});

it("names --yes where there is no terminal to ask on", async () => {
  const { context } = asking({ answer: "y", isTTY: false });
  await expect(confirm(context, "This deletes all.", false)).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    issues: [{ field: "--yes" }],
  });
});

it("takes a signal for a no", async () => {
  const { screen } = fakeScreen({ isTTY: true });
  const input = Object.assign(new PassThrough(), { isTTY: true });
  const stopping = new AbortController();
  const answer = confirm({ screen, input, stop: stopping.signal }, "This deletes all.", false);
  stopping.abort();
  expect(await answer).toBe(false);
});
