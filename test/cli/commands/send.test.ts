import { expect, it } from "vitest";
import { destinationOf } from "../../../lib/cli/destination.ts";
import { variable } from "../../config/sample.ts";
import { receiving } from "../../harness/api.ts";
import { run } from "../../harness/cli.ts";

const receiver = (status = 204, secret?: string) =>
  receiving({ respond: () => ({ status }), ...(secret && { secret }) });
const path = "T0/B0/a-path-that-is-a-password";

it.each([
  ["https://hooks.slack.com/services/T/B/x", "slack"],
  ["https://hooks.slack-gov.com/services/T/B/x", "slack"],
  ["https://acme.webhook.office.com/webhookb2/x", "teams"],
  ["https://prod-1.westeurope.logic.azure.com:443/workflows/x", "teams"],
  ["https://discord.com/api/webhooks/1/x", "discord"],
  ["https://ptb.discordapp.com/api/webhooks/1/x", "discord"],
  ["https://open.feishu.cn/open-apis/bot/v2/hook/x", "feishu"],
  ["https://open.larksuite.com/open-apis/bot/v2/hook/x", "feishu"],
  ["https://oapi.dingtalk.com/robot/send?access_token=x", "dingtalk"],
  ["https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=x", "wecom"],
  ["https://chat.googleapis.com/v1/spaces/x/messages?key=y&token=z", "googlechat"],
  ["https://hooks.slack.com.evil.example/services/T/B/x", "webhook"],
  ["https://example.com/hooks.slack.com", "webhook"],
])("%s is written to as %s", (to, type) => {
  expect(destinationOf({ environment: {} }, { to })).toMatchObject({ name: type, options: { type } });
});

it("sends one sample to a URL without a configuration, and shows nothing of its path", async () => {
  const { url, deliveries } = await receiver();
  const { code, out, err } = await run(["send", "--to", `${url}/${path}`]);
  expect([code, err]).toEqual([0, ""]);
  expect(out).toMatch(
    /^accepted {2}webhook took sample event sample-instance\/sample-task\/SUCCESS\/\d+ in /,
  );
  expect(deliveries).toMatchObject([{ events: [{ subject: "sample-task" }] }]);
  expect(out).not.toContain(path);
});

it("signs with a secret, and takes both from variables", async () => {
  const secret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
  const { url, deliveries } = await receiver(204, secret);
  const args = ["send", "--to", variable("URL"), "--secret", variable("SECRET"), "--json"];
  const { code, out } = await run(args, { env: { URL: `${url}/${path}`, SECRET: secret } });
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ sink: "webhook", result: { kind: "accepted" } });
  expect(deliveries).toMatchObject([{ verified: true }]);
});

it("ends with 1 and the reason when it is refused, without the path", async () => {
  const { url } = await receiver(401);
  const { code, out, err } = await run(["send", "--to", `${url}/${path}`]);
  expect([code, err]).toEqual([1, ""]);
  expect(out).toMatch(/^blocked {2}webhook: HTTP 401 from http:\/\/127\.0\.0\.1:\d+ \(unauthorized, /);
  expect(out).not.toContain(path);
});

it.each([
  [["--to", `ftp://a.example/${path}`], "--to: expected an http or https URL, found a text of"],
  [["--to", `https://hooks.slack.com/workflows/${path}`], "--to: expected the URL of an incoming webhook"],
  [["--to", variable("NOPE")], "--to: expected the environment variable NOPE, found it unset"],
  [["--to", "https://a.example", "--type", "slck"], "did you mean slack?"],
  [["--to", "https://a.example", "--secret", path], "--secret: expected whsec_"],
  [[], "required option '--to <url>' not specified"],
])("refuses %j with one clear error that shows no URL", async (args, said) => {
  const { code, out, err } = await run(["send", ...args]);
  expect([code, out]).toEqual([2, ""]);
  expect(err).toContain(said);
  expect(err).not.toContain(path);
});

it("plays the demo there, too", async () => {
  const { url, events } = await receiver();
  const { code, out } = await run(["demo", "--once", "--json", "--to", `${url}/${path}`]);
  expect(code).toBe(0);
  const { ok, changes, sent } = JSON.parse(out);
  expect([ok, sent]).toEqual([true, { accepted: changes, pending: 0, problem: null }]);
  expect(new Set(events().map(({ id }) => id)).size).toBe(changes);
});
