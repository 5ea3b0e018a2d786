import { eventTypes } from "../../lib/change/asyncapi.ts";
import { fill } from "./markers.ts";
import { markdownTable } from "./table.ts";

/** The page with the table of event types and their examples as the code has them now. */
export const withEvents = (page: string): string =>
  fill(page, { "event types": types, "event examples": examples });

const types = (): string =>
  markdownTable([["type", "when"], ...eventTypes.map(({ type, summary }) => [`\`${type}\``, summary])]);

const examples = (): string =>
  eventTypes
    .map(({ type, example }) =>
      [
        `<details>\n<summary><code>${type}</code></summary>`,
        `\`\`\`json\n${JSON.stringify(example, null, 2)}\n\`\`\``,
        "</details>",
      ].join("\n\n"),
    )
    .join("\n\n");
