import fc from "fast-check";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { Template } from "../../lib/template/template.ts";
import { parseExactJson } from "../../lib/text/json.ts";
import { anyCharacter } from "../harness/any-character.ts";
import { sampleEvent } from "../sinks/sample.ts";

const rendered = async (text: string, event = sampleEvent()) => {
  const outcome = await new Template(text).render(event);
  return outcome.kind === "output" ? outcome.text : outcome;
};

describe("a template", () => {
  it.each([
    ["{{ task.name }} on {{ instance.engine }}", "bindInstancePublicIp on rabbitmq"],
    ["{{ kind }}: {{ change.from }} to {{ change.to }}", "succeeded: EXECUTING to SUCCESS"],
    ["{{ event.id | json }}", '"i-0001/t-0001/SUCCESS/1767225600000"'],
    ["{{ task.params | json }}", '{"public_ip":"203.0.113.9"}'],
    ["{{ instance.name | default: instance.instanceId }}", "i-0001"],
    ["{% if task.params.port %}{{ task.params.port }}{% else %}none{% endif %}", "none"],
    ["{{ event.time | date: '%H:%M' }}, {{ event.time | date: '%H:%M', 'Asia/Shanghai' }}", "00:00, 08:00"],
    ["{{ change.durationMs | divided_by: 1000 }} s", "5 s"],
  ])("%s is %s", async (text, expected) => {
    expect(await rendered(text)).toBe(expected);
    expect(await new Template(text).issue()).toBeNull();
  });

  it.each([
    ["{{ task.params.n }}", "9223372036854775807"],
    ["{{ task.params | json }}", '{"n":9223372036854775807,"half":0.50}'],
    ["{% if task.params.n > 5 and 5 < task.params.n %}more{% endif %}", "more"],
    ["{% if task.params.half == 0.5 and task.params.half <= 1 %}half{% endif %}", "half"],
    ["{{ task.params.half | plus: 1 }}", "1.5"],
  ])("%s of numbers that JavaScript would write in another way is %s", async (text, expected) => {
    const params = parseExactJson('{"n":9223372036854775807,"half":0.50}');
    expect(await rendered(text, sampleEvent(1, { params }))).toBe(expected);
  });

  it("sees nothing that an event inherits", async () => {
    expect(
      await rendered("{{ task.constructor | default: 'no' }}{{ task.__proto__ | default: ' none' }}"),
    ).toBe("no none");
  });

  it("makes JSON of any event by the filter json", async () => {
    const template = new Template(
      '{"name": {{ task.name | json }}, "who": {{ task.user.name | json }}, "all": {{ event | json }}}',
      "json",
    );
    expect(await template.issue()).toBeNull();
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: anyCharacter }), fc.json(), async (text, params) => {
        const event = sampleEvent(1, {
          name: text,
          user: { id: null, name: text },
          params: JSON.parse(params),
        });
        const outcome = await template.render(event);
        expect(outcome.kind === "output" && JSON.parse(outcome.text)).toEqual(
          JSON.parse(JSON.stringify({ name: text, who: text, all: event })),
        );
      }),
    );
  });

  const missing = /default or if/;
  it.each<readonly [text: string, found: RegExp, expected: RegExp]>([
    ["a\nb {{ task.name", /^line 2: .* not closed$/, /^a Liquid template$/],
    ["a\n{% if kind %}", /^line 2: tag .* not closed$/, /Liquid/],
    ["{% nope %}", /^line 1: tag "nope" not found$/, /Liquid/],
    ["\n\n{{ task.name | nope }}", /^line 3: undefined filter: nope$/, /Liquid/],
    ["{% include 'x' %}", /^line 1: tag "include" not found$/, /Liquid/],
    ["{% render 'x' %}", /^line 1: tag "render" not found$/, /Liquid/],
    ["{% layout 'x' %}", /^line 1: tag "layout" not found$/, /Liquid/],
    ["a\n{% if tsk.name %}x{% endif %}", /^line 2: tsk$/, /^only the variables event, task, change, /],
    ["a\n{{ task.nme }}", /^line 2: undefined variable: task\.nme, for an event to CREATED$/, missing],
    ["{{ instance.name }}", /undefined variable: instance\.name, for .* without params, user/, missing],
    [
      "{% if kind == 'overdue' %}\n{{ change.nope }}{% endif %}",
      /^line 2: .*change\.nope, for an event to OVERDUE$/,
      missing,
    ],
    ["a\n{{ task }}", /^line 2: an object or a list needs \| json/, missing],
    ["{% for i in (1..9999999) %}{% endfor %}", /^line 1: memory alloc limit exceeded/, missing],
    [
      `{% for i in (1..9000) %}${"x".repeat(200)}{% endfor %}`,
      /^line 1: memory alloc limit exceeded/,
      missing,
    ],
    [
      "{% assign a = kind %}{% for i in (1..40) %}{% capture a %}{{ a }}{{ a }}{% endcapture %}{% endfor %}",
      /^line 1: memory alloc limit exceeded/,
      missing,
    ],
  ])("%j is refused", async (text, found, expected) => {
    const issue = await new Template(text).issue();
    expect(issue?.found).toMatch(found);
    expect(issue?.expected).toMatch(expected);
  });

  it.each([
    ['{"name": {{ task.name }}}', "an event to CREATED"],
    ['{"name": "{{ task.name }}"}', "an event to CREATED with quotes in its texts"],
    ['{"to": "{{ change.to }}"}', "an event to CREATED with quotes in its texts"],
    ['{\n"ip": {{ task.params.ip | default: "" }}\n}', "an event to CREATED"],
  ])("%j is refused where JSON is due", async (text, told) => {
    expect(await new Template(text, "json").issue()).toEqual({
      found: expect.stringMatching(new RegExp(`^the output is no JSON( \\(its line \\d\\))?, for ${told}$`)),
      expected: expect.stringContaining("| json around each value"),
    });
  });

  it("that fails on an event refuses that event for good, and says where", async () => {
    expect(await rendered("\n{{ task.params.port }}")).toEqual({
      kind: "permanent",
      reason: "rejected",
      detail: "the template cannot be filled: line 2: undefined variable: task.params.port",
    });
  });

  it("that makes no JSON says so without showing what it made", async () => {
    const template = new Template('{"name": "{{ task.name }}"}', "json");
    expect(await template.render(sampleEvent(1, { name: 'secret"' }))).toEqual({
      kind: "permanent",
      reason: "rejected",
      detail: expect.stringMatching(
        /^the template cannot be filled: the output is no JSON( \(its line 1\))?$/,
      ),
    });
  });

  it.each([0, 1, 2, 3, 4])(
    "that takes too long at look %d at the clock is no verdict on the event",
    async (looks) => {
      const startedMs = performance.now();
      const time = vi.spyOn(performance, "now");
      onTestFinished(() => time.mockRestore());
      for (let look = 0; look <= looks; look += 1) time.mockReturnValueOnce(startedMs);
      time.mockReturnValue(startedMs + 1_001);
      const text = "{% if kind %}{{ kind }}{% endif %}{{ kind }}";
      expect(await rendered(text)).toEqual({
        kind: "retry",
        reason: "timeout",
        detail: expect.stringMatching(
          /^the template cannot be filled: (line 1: )?template render limit exceeded$/,
        ),
      });
    },
  );

  it("is refused or renders, whatever it is", async () => {
    const piece = fc.constantFrom(
      ..."{{|}}|{%|%}|task|.name|params| | json|if |endif|for i in |'|\"|\n|[0]|default: |raw|(1..9)".split(
        "|",
      ),
      fc.string(),
    );
    const text = fc.array(fc.oneof(piece, fc.string({ maxLength: 3 })), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(text, async (pieces) => {
        const template = new Template(pieces.map(String).join(""));
        if ((await template.issue()) === null) {
          expect(await template.render(sampleEvent())).toMatchObject({ kind: "output" });
        }
      }),
      { numRuns: 300 },
    );
  });
});
