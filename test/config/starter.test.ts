import { expect, it } from "vitest";
import { checkConfig } from "../../lib/config/load.ts";
import { starterSink, starterTypes } from "../../lib/config/starter.ts";
import type { SinkType } from "../../lib/sinks/index.ts";
import { deps, variable, written } from "./sample.ts";

it.each(starterTypes as SinkType[])(
  "a starter's sink of the type %s is valid once it is filled in",
  async (type) => {
    const { options, variables } = await starterSink(type);
    const read = {
      name: "c.yaml",
      value: written({ sinks: { it: options } }),
      source: null,
      folder: deps.folder,
    };
    expect(await checkConfig(read, deps)).toEqual(variables.map(({ name }) => name));
  },
);

it("a starter's sink holds what it must have, and says what it is", async () => {
  expect(await starterSink("email")).toMatchObject({
    options: { type: "email", to: [variable("EMAIL_TO")], smtp: { host: variable("EMAIL_SMTP_HOST") } },
    variables: [{ name: "EMAIL_FROM", about: expect.stringContaining("ender") }, {}, {}],
  });
});

it("a starter has the secret that a place may check, as an option to bring in", async () => {
  expect((await starterSink("feishu")).secret).toEqual({
    name: "FEISHU_SECRET",
    about: expect.stringContaining("signature"),
  });
  expect((await starterSink("slack")).secret).toBeNull();
});
